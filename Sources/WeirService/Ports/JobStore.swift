package import WeirCore

/// Where queued jobs are kept. Every write returns only after it is durable.
///
/// What may happen to a job is `Job.apply`; the store does it in one transaction with everything
/// that follows from it: the tenant's turn, the result, the event `JobCompleted` or `JobFailed`.
package protocol JobStore: Sendable {
    /// - Parameters:
    ///   - request: what the job asks for, as its worker will read it.
    ///   - claim: where somebody holds the key nothing is written and the holder comes back. The
    ///     key is held for as long as its job is kept, whatever `expiresAt` says.
    ///   - limit: jobs of the tenant in this queue that haven't ended; one more is refused.
    func enqueue(_ job: Job, request: [UInt8], claim: IdempotencyClaim?, limit: Int)
        async throws(StoreError) -> JobAcceptance

    /// The next job of a queue, tenant by tenant in turn, the highest priority first within a
    /// tenant, then the oldest. Independent of how many jobs wait.
    func claim(from queue: QueueName, _ rules: QueueRules, at now: Timestamp)
        async throws(StoreError) -> ClaimedJob?

    /// Lets a step happen to a job.
    /// - Parameter result: what a step that completes the job leaves; kept as long as the job.
    /// - Returns: the job after it; nil where there is no such job or it couldn't happen, and
    ///   nothing was written.
    func apply(_ step: JobStep, to job: JobID, result: [UInt8]?) async throws(StoreError) -> Job?

    /// Takes jobs back whose lease has run out, the longest ago first.
    /// - Parameter dice: one for each job that may be taken back.
    func takeBack(
        from queue: QueueName, _ rules: QueueRules, at now: Timestamp, dice: [UInt64]
    ) async throws(StoreError) -> [Job]

    /// Fails jobs that waited until their deadline.
    func expire(at now: Timestamp, limit: Int) async throws(StoreError) -> [Job]

    /// Lets jobs run that waited for this, of one tenant or of all, tenant by tenant, the
    /// oldest first.
    func wake(_ wait: Job.Wait, tenant: TenantID?, at now: Timestamp, limit: Int)
        async throws(StoreError) -> [Job]

    func job(_ id: JobID) async throws(StoreError) -> Job?

    func result(of id: JobID) async throws(StoreError) -> [UInt8]?

    /// Newest first, strictly below the cursor.
    /// - Parameter tenant: nil for every tenant's.
    func jobs(tenant: TenantID?, status: Job.Status?, below cursor: Int64?, limit: Int)
        async throws(StoreError) -> [RecordedJob]

    /// Forgets jobs of a queue that ended at this moment or before, with all that they left.
    /// - Returns: how many; as many as the limit where there may be more.
    func purge(_ queue: QueueName, endedBy moment: Timestamp, limit: Int)
        async throws(StoreError) -> Int
}

package enum JobAcceptance: Sendable, Equatable {
    case accepted
    /// Somebody holds the idempotency key, with this fingerprint.
    case existing(Job, fingerprint: [UInt8])
    case full
}

package struct ClaimedJob: Sendable, Equatable {
    package let job: Job
    package let request: [UInt8]

    package init(job: Job, request: [UInt8]) {
        self.job = job
        self.request = request
    }
}

/// A job and its place in the order of acceptance, the cursor of lists.
package struct RecordedJob: Sendable, Equatable {
    package let sequence: Int64
    package let job: Job

    package init(sequence: Int64, job: Job) {
        self.sequence = sequence
        self.job = job
    }
}
