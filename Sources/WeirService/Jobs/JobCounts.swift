/// What has become of a queue's jobs in this process, since it started.
package struct JobCounts: Sendable, Equatable {
    package var claimed: Int64 = 0
    package var complete: Int64 = 0
    package var failed: Int64 = 0
    /// Attempts that failed and are followed by another.
    package var retried: Int64 = 0
    /// Claims that don't count: the service, a provider or the budget wasn't there.
    package var heldBack: Int64 = 0
    package var handedBack: Int64 = 0
    /// Answers that came too late: somebody else has the job, or its owner has cancelled it.
    package var dropped: Int64 = 0
    /// Claims whose worker was not heard of any more.
    package var lost: Int64 = 0
    /// Jobs whose deadline passed while they waited.
    package var expired: Int64 = 0

    package init() {}
}
