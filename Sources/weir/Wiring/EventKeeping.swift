import WeirHTTP
import WeirService
import WeirStorage

/// What tells of events in one process: streams, and webhooks.
struct EventKeeping: Sendable {
    private let feed: EventFeed
    private let webhooks: (loops: [Loop], stop: @Sendable () async -> Void)

    init(
        _ configuration: Configuration, _ store: SQLiteStore, _ directory: Directory,
        time: any TimeSource
    ) throws {
        feed = EventFeed(
            store: store, directory: directory, settings: configuration.events, time: time)
        webhooks = try configuration.webhookParts(store, time: time)
    }

    func add(to parts: inout ProcessParts) {
        parts.useCases.events = feed
        parts.loops += [Loop(feed.run)] + webhooks.loops
        let stop = parts.stop
        parts.stop = { [webhooks] in
            await webhooks.stop()
            await stop()
        }
    }
}
