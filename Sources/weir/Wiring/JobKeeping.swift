import WeirCore
import WeirHTTP
import WeirService
import WeirStorage

/// Everything of jobs in one process, whatever its role: where they are handed in, and what runs
/// them.
struct JobKeeping: Sendable {
    private let desk: JobDesk
    private let runner: JobRunner
    private let reports: ReportDesk
    private let figures: JobFigures
    private let deliveries: WebhookDesk

    /// - Parameters:
    ///   - performer: makes the jobs' calls.
    ///   - budgetRecheck: nil where nobody raises a budget without telling the desk.
    init(
        _ desk: JobDesk, _ reports: ReportDesk, _ configuration: Configuration,
        _ store: SQLiteStore,
        performer: any JobPerformer, budgetRecheck: Duration? = nil, time: any TimeSource
    ) async throws(StoreError) {
        self.desk = desk
        self.reports = reports
        // What queues hold that are no longer configured runs, too.
        let known = try await store.figures()
        let standard = Dictionary(
            known.map { ($0.queue, QueueRules()) }, uniquingKeysWith: { $1 })
        var parts = JobParts(
            store: store, performer: performer,
            queues: { standard.merging(desk.queues.rules) { $1 } }, bell: desk.bell, time: time,
            newRequest: TimeOrderedText(time: time).requestID)
        parts.budgetRecheck = budgetRecheck
        let runner = JobRunner(parts)
        self.runner = runner
        deliveries = WebhookDesk(store: store, audit: store, time: time)
        figures = JobFigures(store: store, time: time) { runner.counts }
    }

    func add(to parts: inout ProcessParts, _ health: HealthMonitor) {
        parts.useCases.jobs = desk
        parts.useCases.reports = reports
        parts.useCases.queues = figures
        parts.useCases.webhooks = deliveries
        health.watchQueues { [runner] in runner.lagMilliseconds }
        parts.loops.append(Work(runner.run))
        let (drain, cut) = (parts.drain, parts.cut)
        parts.drain = { [runner] in
            drain()
            runner.stop()
        }
        parts.cut = { [runner] in
            await cut()
            await runner.end()
        }
    }
}

extension JobDesk {
    /// Of one store.
    convenience init(
        _ configuration: Configuration, _ store: SQLiteStore, _ admission: JobAdmission,
        time: any TimeSource
    ) {
        self.init(
            store: store, audit: store, queues: configuration.queues, admission: admission,
            webhooks: configuration.webhooks.rules, bell: JobBell(), time: time)
    }
}

extension JobQueues {
    /// What the runner goes by.
    fileprivate var rules: [QueueName: QueueRules] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, self[$0]?.rules ?? QueueRules()) })
    }
}

extension JobRunner {
    /// When the time to drain is over: the calls were cut off, so that their jobs end at once or
    /// are left to their leases.
    fileprivate func end() async {
        // Cut short, it is the same a little earlier.
        try? await Task.sleep(for: .seconds(1))
        abandon()
    }
}
