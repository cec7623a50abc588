/// A queued call, `job_…`.
package typealias JobID = Slug
/// A queue's name, the key under `queues:`.
package typealias QueueName = Slug

/// A call that is answered later. What it asks for is kept beside it; this is its life.
///
/// `queued → processing → complete | failed | cancelled`; a retry goes back to `queued`. Who has
/// claimed a job holds its epoch, and only the newest epoch can end it: a worker that was given up
/// and answers after all changes nothing. What its call cost is in the ledger either way.
package struct Job: Sendable, Equatable {
    package let id: JobID
    package let tenant: TenantID
    package let user: UserID
    package let queue: QueueName
    /// Higher runs earlier, among the jobs of one tenant.
    package let priority: Int
    package let acceptedAt: Timestamp
    /// No attempt begins at this moment or later.
    package internal(set) var deadline: Timestamp
    /// Whether a refusal for want of budget is waited out.
    package let waitsForBudget: Bool
    package internal(set) var state: State
    /// Claims so far that count.
    package internal(set) var attempts: Int
    /// Claims so far, all of them.
    package internal(set) var epoch: Int64

    package enum State: Sendable, Equatable {
        /// Left by a claim, once it is due; by cancelling; by the deadline.
        case queued(dueAt: Timestamp, because: Wait)
        /// Left by its worker's end, by the lease running out, by cancelling.
        case processing(until: Timestamp)
        case complete(at: Timestamp)
        /// A dead letter. Left by a replay.
        case failed(JobFailure, at: Timestamp)
        case cancelled(at: Timestamp)
    }

    /// What a queued job waits for.
    package enum Wait: String, Sendable, CaseIterable {
        case turn, retry, budget, service
    }

    /// - Parameter runAt: the first attempt is no earlier.
    package init(
        id: JobID, tenant: TenantID, user: UserID, queue: QueueName, priority: Int = 0,
        acceptedAt: Timestamp, runAt: Timestamp? = nil, deadline: Timestamp,
        waitsForBudget: Bool = false
    ) {
        self.id = id
        self.tenant = tenant
        self.user = user
        self.queue = queue
        self.priority = priority
        self.acceptedAt = acceptedAt
        self.deadline = deadline
        self.waitsForBudget = waitsForBudget
        state = .queued(dueAt: max(runAt ?? acceptedAt, acceptedAt), because: .turn)
        attempts = 0
        epoch = 0
    }

    /// A job as a store has kept it.
    package init(_ job: Job, state: State, attempts: Int, epoch: Int64) {
        self = job
        self.state = state
        self.attempts = attempts
        self.epoch = epoch
    }

    /// When it ended; nil while it goes on.
    package var endedAt: Timestamp? {
        switch state {
        case .queued, .processing: nil
        case .complete(let at), .failed(_, let at), .cancelled(let at): at
        }
    }
}

/// Why a job failed, as its owner reads it.
package struct JobFailure: Sendable, Equatable {
    package let code: WeirError.Code
    /// For a person; never holds a secret, a provider's host or an internal path.
    package let message: String

    package init(code: WeirError.Code, message: String) {
        self.code = code
        self.message = message
    }
}
