import WeirCore
import WeirHTTP
import WeirService
import WeirStorage

/// Everything of jobs in one process: where they are handed in, what runs them, and what tells of
/// them.
struct JobKeeping: Sendable {
    let desk: JobDesk
    let runner: JobRunner
    let reports: ReportDesk
    private let events: EventFeed
    private let webhooks: (loops: [Loop], stop: @Sendable () async -> Void)

    /// - Parameter performer: makes the jobs' calls.
    init(
        _ configuration: Configuration, _ store: SQLiteStore, _ directory: Directory,
        admission: JobAdmission, performer: any JobPerformer, time: any TimeSource
    ) throws {
        let desk = JobDesk(
            store: store, audit: store, queues: configuration.queues, admission: admission,
            webhooks: configuration.webhooks.rules, bell: JobBell(), time: time)
        self.desk = desk
        runner = JobRunner(
            JobParts(
                store: store, performer: performer, queues: { desk.queues.rules },
                bell: desk.bell, time: time, newRequest: TimeOrderedText(time: time).requestID))
        events = EventFeed(
            store: store, directory: directory, settings: configuration.events, time: time)
        reports = ReportDesk(templates: configuration.templatesInForce, jobs: desk)
        webhooks = try configuration.webhookParts(store, time: time)
    }

    func add(to useCases: inout UseCases) {
        useCases.jobs = desk
        useCases.reports = reports
        useCases.events = events
    }

    func add(to parts: inout ProcessParts) {
        parts.loops += [Loop(events.run)] + webhooks.loops + [Work(runner.run)]
        let (drain, cut, stop) = (parts.drain, parts.cut, parts.stop)
        parts.drain = { [runner] in
            drain()
            runner.stop()
        }
        parts.cut = { [runner] in
            await cut()
            await runner.end()
        }
        parts.stop = { [webhooks] in
            await webhooks.stop()
            await stop()
        }
    }
}

extension JobQueues {
    /// What the runner goes by.
    var rules: [QueueName: QueueRules] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, self[$0]?.rules ?? QueueRules()) })
    }
}
