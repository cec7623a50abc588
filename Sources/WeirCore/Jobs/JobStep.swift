/// What can happen to a job. The epoch is that of the claim which speaks.
package enum JobStep: Sendable, Equatable {
    /// A worker takes it, for as long as the queue's lease.
    case claim(at: Timestamp, QueueRules)
    /// Its worker lives.
    case beat(epoch: Int64, at: Timestamp, QueueRules)
    case complete(epoch: Int64, at: Timestamp)
    /// Its worker's attempt gave no answer.
    case fail(epoch: Int64, JobEnding, at: Timestamp, QueueRules, dice: UInt64)
    /// Its worker stops before anything was sent. The claim doesn't count.
    case handBack(epoch: Int64, at: Timestamp)
    /// Nobody has heard of its worker for as long as the lease.
    case takeBack(at: Timestamp, QueueRules, dice: UInt64)
    /// Its deadline has passed while it waited.
    case expire(at: Timestamp)
    case cancel(at: Timestamp)
    /// What it waits for may be there: the budget was changed, the service is back.
    case wake(Job.Wait, at: Timestamp)
    /// A dead letter is queued anew, with all its attempts.
    case replay(at: Timestamp, deadline: Timestamp)
}

/// An attempt that gave no answer, in what matters to its job.
package struct JobEnding: Sendable, Equatable {
    package let failure: JobFailure
    /// Seconds, from the provider or from Weir itself.
    package let retryAfter: Int?
    /// Proved: no provider was asked.
    package let wasHeldBack: Bool
    /// When the budget that refused begins anew.
    package let budgetReset: Timestamp?

    package init(
        _ failure: JobFailure, retryAfter: Int? = nil, wasHeldBack: Bool = false,
        budgetReset: Timestamp? = nil
    ) {
        self.failure = failure
        self.retryAfter = retryAfter
        self.wasHeldBack = wasHeldBack
        self.budgetReset = budgetReset
    }
}
