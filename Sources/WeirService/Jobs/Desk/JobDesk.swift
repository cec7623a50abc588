import Logging
import Synchronization
package import WeirCore

/// Where jobs are handed in, asked after and called off. Nobody learns anything of a job whose
/// tenant isn't in their reach: it is as if it weren't there.
package final class JobDesk: Sendable {
    let store: any JobStore
    let audit: any DirectoryStore
    package let time: any TimeSource
    /// Rung where a job may have become due.
    package let bell: JobBell
    let logger = Logger(label: "weir.jobs")
    private let current: Mutex<JobQueues>
    private let admission: JobAdmission
    private let webhooks: any WebhookRule
    private let identifiers: TimeOrderedText

    /// Seconds after which a tenant with a full queue may try again.
    private static let waitForRoom = 30

    /// - Parameter webhooks: which addresses may be told of a job's end.
    package init(
        store: any JobStore, audit: any DirectoryStore, queues: JobQueues,
        admission: JobAdmission, webhooks: any WebhookRule = PlainWebhookRule(), bell: JobBell,
        time: any TimeSource, random: @escaping RandomBytes = systemRandomBytes
    ) {
        self.store = store
        self.audit = audit
        current = Mutex(queues)
        self.admission = admission
        self.webhooks = webhooks
        self.bell = bell
        self.time = time
        identifiers = TimeOrderedText(time: time, random: random)
    }

    package var queues: JobQueues { current.withLock { $0 } }

    /// What is accepted from now on is accepted by these.
    package func apply(_ queues: JobQueues) { current.withLock { $0 = queues } }

    /// Accepts a job: it is durable when this returns. What the service would refuse at once is
    /// refused here; a full queue is `rate_limited`.
    ///
    /// - Parameter idempotency: where its key was used for an equal request, that one's job comes
    ///   back; for another one, `idempotency_mismatch`.
    package func accept(
        _ order: JobOrder, by caller: Caller, idempotency: IdempotencyKey? = nil
    ) async throws(WeirError) -> AcceptedJob {
        let now = time.now()
        try admission.check(order, by: caller, at: now)
        if let url = order.request.webhook { try webhooks.check(url) }
        let name = try order.queueName
        guard let queue = queues[name] else {
            throw WeirError(.invalidRequest, "There is no queue \(name)", param: "queue")
        }
        let job = try order.job(identifiers.jobID(), in: name, queue, at: now)
        try order.requireSize()
        let claim = idempotency.map {
            IdempotencyClaim(
                tenant: job.tenant, key: $0.key, fingerprint: $0.fingerprint,
                expiresAt: job.deadline.advanced(by: queue.rules.retention))
        }
        let acceptance: JobAcceptance
        do {
            acceptance = try await store.enqueue(
                job, request: order.request, claim: claim, limit: queue.mostWaiting)
        } catch {
            throw WeirError(error)
        }
        switch acceptance {
        case .accepted:
            bell.ring(name)
            return AcceptedJob(job: job, isReplay: false)
        case .existing(let holder, let fingerprint):
            guard fingerprint == claim?.fingerprint else {
                throw WeirError(
                    .idempotencyMismatch, "This Idempotency-Key was used for another request",
                    param: "Idempotency-Key")
            }
            return AcceptedJob(job: holder, isReplay: true)
        case .full:
            throw WeirError(
                .rateLimited,
                "Tenant \(job.tenant) has \(queue.mostWaiting) jobs waiting in queue \(name)",
                retryAfter: JobDesk.waitForRoom)
        }
    }

    /// Calls a job off, also while it runs: what its call costs is billed, its result is dropped.
    /// One that was called off before stays so; one that has ended otherwise is a `conflict`.
    package func cancel(_ id: JobID, by caller: Caller) async throws(WeirError) -> JobRecord {
        _ = try await find(id, for: caller)
        do {
            _ = try await store.apply(.cancel(at: time.now()), to: id, result: nil)
        } catch {
            throw WeirError(error)
        }
        let record = try await find(id, for: caller)
        guard record.job.status == .cancelled else {
            throw WeirError(.conflict, "The job has ended already: it is \(record.job.status)")
        }
        return record
    }

    /// Lets a tenant's jobs run that wait for its budget, which was changed.
    package func budgetChanged(of tenant: TenantID) async {
        var awake: [Job] = []
        do {
            repeat {
                awake = try await store.wake(
                    .budget, tenant: tenant, at: time.now(), limit: JobDesk.wakeStep)
                for queue in Set(awake.map(\.queue)) { bell.ring(queue) }
            } while awake.count == JobDesk.wakeStep
        } catch {
            // They wake by themselves when the budget's period ends, and are looked at before.
            logger.error(
                "jobs that wait for a budget weren't woken",
                metadata: ["tenant": "\(tenant)", "error": "\(error)"])
        }
    }

    private static let wakeStep = 500
}
