/// One claim of a job, and what came of it.
package struct JobAttempt: Sendable, Equatable {
    package let epoch: Int64
    /// Which of the job's attempts it was, from 1; those that don't count share theirs with the
    /// next one, and a replay begins anew.
    package let number: Int
    package let claimedAt: Timestamp
    package private(set) var endedAt: Timestamp?
    package private(set) var outcome: Outcome?
    /// Why it failed, or was held back.
    package private(set) var code: WeirError.Code?

    /// How many of a job are kept.
    package static let kept = 20

    package enum Outcome: String, Sendable, CaseIterable {
        case complete, failed, cancelled
        /// No provider was asked, or the budget refused; it doesn't count.
        case heldBack = "held_back"
        /// Its worker stopped in good order; it doesn't count.
        case handedBack = "handed_back"
        /// Nobody heard of its worker any more.
        case lost
    }

    package init(
        epoch: Int64, number: Int, claimedAt: Timestamp, endedAt: Timestamp? = nil,
        outcome: Outcome? = nil, code: WeirError.Code? = nil
    ) {
        self.epoch = epoch
        self.number = number
        self.claimedAt = claimedAt
        self.endedAt = endedAt
        self.outcome = outcome
        self.code = code
    }

    /// The claim that a step has just made.
    /// - Parameter job: after the step.
    package init?(_ step: JobStep, of job: Job) {
        guard case .claim(let now, _) = step else { return nil }
        self.init(epoch: job.epoch, number: job.attempts, claimedAt: now)
    }

    /// The step has happened to its job; false where that doesn't end it.
    package mutating func end(by step: JobStep, from before: Job, to after: Job) -> Bool {
        guard before.status == .processing, after.status != .processing else { return false }
        switch step {
        case .complete: outcome = .complete
        case .fail(_, let ending, _, _, _):
            outcome = after.attempts < before.attempts ? .heldBack : .failed
            code = ending.failure.code
        case .handBack: outcome = .handedBack
        case .takeBack: outcome = .lost
        case .cancel: outcome = .cancelled
        case .claim, .beat, .expire, .wake, .replay: return false
        }
        endedAt = step.moment
        return true
    }
}
