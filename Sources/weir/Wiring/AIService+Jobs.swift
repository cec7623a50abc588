import WeirCore
import WeirHTTP
import WeirService
import WeirStorage
import WeirUpstream

extension AIService {
    /// Nil where jobs are kept in front of this process, by its gateway.
    static func jobDesk(
        _ configuration: Configuration, _ role: Role, _ store: SQLiteStore,
        _ directory: Directory, _ batches: BatchRoutes, _ time: any TimeSource
    ) -> JobDesk? {
        guard role == .all else { return nil }
        return JobDesk(
            store: store, audit: store, queues: configuration.queues,
            admission: JobAdmission(
                directory: directory, catalogue: configuration.catalogue, batches: batches),
            webhooks: configuration.webhooks.rules, bell: JobBell(), time: time)
    }

    /// Runs a desk's jobs by this process's own service, also those of queues that are no longer
    /// configured; nil where there is no desk.
    static func jobRunner(
        _ configuration: Configuration, _ role: Role, _ desk: JobDesk?,
        _ useCases: inout UseCases, _ health: HealthMonitor, _ store: SQLiteStore,
        _ directory: Directory, _ time: any TimeSource
    ) async throws(StoreError) -> JobRunner? {
        guard let desk else { return nil }
        let left = try await store.figures().filter { $0.waiting + $0.processing > 0 }
        let standard = Dictionary(
            left.map { ($0.queue, QueueRules()) }, uniquingKeysWith: { $1 })
        var parts = JobParts(
            store: store,
            performer: LocalJobPerformer(useCases, settings: configuration.serverSettings(role)),
            queues: { standard.merging(desk.queues.rules) { $1 } }, bell: desk.bell, time: time,
            newRequest: useCases.newRequest)
        parts.claimedElsewhere = [.batchQueue]
        let calendar = BillingCalendar()
        parts.budgetReset = { tenant, now in
            directory.snapshot.tenants[tenant].map { tenant in
                let period = calendar.date(of: now, in: tenant.timeZone).period
                return calendar.end(of: period, in: tenant.timeZone)
            }
        }
        let runner = JobRunner(parts)
        useCases.show(runner, of: store, on: health, time)
        return runner
    }
}

extension UseCases {
    /// Lets the queues' figures be seen.
    mutating func show(
        _ runner: JobRunner, of store: SQLiteStore, on health: HealthMonitor,
        _ time: any TimeSource
    ) {
        queues = JobFigures(store: store, time: time) { runner.counts }
        health.watchQueues { runner.lagMilliseconds }
    }
}

extension JobRunner {
    /// When the time to drain is over: the calls were cut off, so that their jobs end at once or
    /// are left to their leases.
    func end() async {
        // Cut short, it is the same a little earlier.
        try? await Task.sleep(for: .seconds(1))
        abandon()
    }
}
