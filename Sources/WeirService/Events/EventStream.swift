package import WeirCore

/// A subscriber's own way through the outbox. Read by one task; whoever lets go of it leaves.
package struct EventStream: Sendable {
    /// The event that it begins behind.
    package private(set) var start: Int64
    /// Whether what the subscriber has can't be joined to what comes: some of it is forgotten, or
    /// was never here.
    package private(set) var isReset: Bool
    private let feed: EventFeed
    private let place: Place
    private var cursor: Int64
    /// Whether the last page was full, so that there may be more.
    private var hasMore = false

    /// Gives the subscriber's place back.
    private final class Place: Sendable {
        let feed: EventFeed
        let subscription: EventSubscription

        init(_ feed: EventFeed, _ subscription: EventSubscription) {
            self.feed = feed
            self.subscription = subscription
        }

        deinit { feed.leave(subscription) }
    }

    init(
        _ feed: EventFeed, _ subscription: EventSubscription, start: Int64, isReset: Bool
    ) {
        self.feed = feed
        self.start = start
        self.isReset = isReset
        cursor = start
        place = Place(feed, subscription)
    }

    /// What a subscriber is told.
    package enum Notice: Sendable, Equatable {
        /// Oldest first, at least one.
        case events([Event])
        /// Nothing happened; the stream lives.
        case quiet
        /// Nothing comes behind it.
        case end(EventStreamEnd)
    }

    /// The next notice, whenever it comes. Being asked says that the last one was taken.
    package mutating func next() async -> Notice {
        let subscription = place.subscription
        subscription.take()
        while true {
            if !hasMore { await subscription.wait() }
            if let end = subscription.ending { return .end(end) }
            guard let notice = await look() else { continue }
            subscription.hand(at: feed.time.now())
            return notice
        }
    }

    /// Begins anew, behind the last event that the subscriber has. Before anything was asked for.
    package mutating func move(after last: Int64) async throws(WeirError) {
        (start, isReset) = try await feed.beginning(after: last)
        cursor = start
    }

    /// What is there now; nil where nothing is, and nothing has to be said.
    private mutating func look() async -> Notice? {
        let subscription = place.subscription
        do {
            let page = try await feed.store.events(
                after: cursor, for: subscription.audience, limit: EventSettings.page)
            hasMore = page.events.count == EventSettings.page
            cursor = page.next
            if !page.events.isEmpty { return .events(page.events) }
            return subscription.isSilent(at: feed.time.now(), feed.settings) ? .quiet : nil
        } catch {
            subscription.end(.failed)
            return .end(.failed)
        }
    }

    /// - Parameter cut: is called at most once, from any thread, where the subscriber doesn't take
    ///   what it was given.
    package func onCut(_ cut: @escaping @Sendable () -> Void) {
        place.subscription.onCut(cut)
    }

    /// Ends the stream from outside, where its subscriber has gone; gives its place back at once.
    package var leave: @Sendable () -> Void {
        { [feed, subscription = place.subscription] in
            subscription.end(.left)
            feed.leave(subscription)
        }
    }
}
