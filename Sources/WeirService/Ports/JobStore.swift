package import WeirCore

/// Where queued jobs are kept. Every write returns only after it is durable.
///
/// What may happen to a job is `Job.apply`; the store does it in one transaction with everything
/// that follows from it: the tenant's turn, the result, the event `JobCompleted` or `JobFailed`.
package protocol JobStore: Sendable {
    /// - Parameters:
    ///   - request: what the job asks for; `encoded`, it is what its worker will read.
    ///   - claim: where somebody holds the key nothing is written and the holder comes back. The
    ///     key is held for as long as its job is kept, whatever `expiresAt` says.
    ///   - limit: jobs of the tenant in this queue that haven't ended; one more is refused.
    func enqueue(_ job: Job, request: JobRequest, claim: IdempotencyClaim?, limit: Int)
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

    /// Keeps the answer to one of a job's calls, so that no later claim makes it again. One that
    /// is there already stays as it is.
    /// - Returns: false where the claim isn't the job's any more; nothing was written.
    func keep(_ answer: JobCallAnswer, of job: JobID, epoch: Int64, at now: Timestamp)
        async throws(StoreError) -> Bool

    /// What `keep` has kept, by number; nothing any more once the job is complete.
    func answers(of id: JobID) async throws(StoreError) -> [JobCallAnswer]

    func job(_ id: JobID) async throws(StoreError) -> Job?

    func record(of id: JobID) async throws(StoreError) -> JobRecord?

    /// What the job asks for, as it was encoded.
    func request(of id: JobID) async throws(StoreError) -> [UInt8]?

    func result(of id: JobID) async throws(StoreError) -> [UInt8]?

    /// Its last claims, `JobAttempt.kept` at most, the oldest first.
    func history(of id: JobID) async throws(StoreError) -> [JobAttempt]

    /// Newest first, strictly below the cursor. Nil stands for all of them.
    func jobs(
        tenant: TenantID?, status: Job.Status?, queue: QueueName?, below cursor: Int64?,
        limit: Int
    ) async throws(StoreError) -> [JobRecord]

    /// How long jobs like this take from their last claim to their answer: the median of the last
    /// 32 that were complete; nil where there is none.
    func typicalDuration(queue: QueueName, feature: FeatureSlug)
        async throws(StoreError) -> Duration?

    /// What there is to do, without a write.
    func outlook(of queues: [QueueName]) async throws(StoreError) -> JobOutlook

    /// Every queue that has ever had a job, by name.
    func figures() async throws(StoreError) -> [QueueFigures]

    /// Forgets jobs of a queue that ended at this moment or before, with all that they left.
    /// - Returns: how many; as many as the limit where there may be more.
    func purge(_ queue: QueueName, endedBy moment: Timestamp, limit: Int)
        async throws(StoreError) -> Int

    /// Forgets one job that has ended; false where there is none.
    func forget(_ id: JobID) async throws(StoreError) -> Bool
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
