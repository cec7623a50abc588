import WeirHTTP
import WeirService
import WeirStorage

/// What tells of events in one process: streams, and webhooks.
struct EventKeeping: Sendable {
    private let feed: EventFeed
    /// Nil where nobody may be told.
    private let webhooks: WebhookParts?

    init(
        _ configuration: Configuration, _ store: SQLiteStore, _ directory: Directory,
        _ webhooks: WebhookParts?, time: any TimeSource
    ) {
        feed = EventFeed(
            store: store, directory: directory, settings: configuration.events, time: time)
        self.webhooks = webhooks
    }

    func add(to parts: inout ProcessParts) {
        parts.useCases.events = feed
        parts.loops.append(Loop(feed.run))
        guard let webhooks else { return }
        parts.loops.append(webhooks.loop)
        let stop = parts.stop
        parts.stop = {
            await webhooks.stop()
            await stop()
        }
    }
}
