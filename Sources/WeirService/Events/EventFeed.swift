package import Logging
import Synchronization
package import WeirCore

/// Who hears what happens. A subscriber reads the outbox by a cursor of its own and is woken when
/// something is there for it, so that nothing is lost, nothing doubled, and nobody waits for
/// anybody.
package final class EventFeed: Sendable {
    let store: any EventStore
    let settings: EventSettings
    let time: any TimeSource
    private let directory: Directory
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var subscriptions: [Int64: EventSubscription] = [:]
        var counts: [TenantID: Int] = [:]
        var last: Int64 = 0
        var isDraining = false
    }

    package init(
        store: any EventStore, directory: Directory, settings: EventSettings,
        time: any TimeSource, logger: Logger = Logger(label: "weir.events")
    ) {
        self.store = store
        self.directory = directory
        self.settings = settings
        self.time = time
        self.logger = logger
        store.eventBell.listen { [weak self] published in self?.ring(published) }
    }

    /// Begins a stream: behind the last event that the subscriber has, or now.
    ///
    /// - Parameters:
    ///   - tenant: nil for the caller's only one; an administrator's nil is everybody.
    ///   - last: the number of the last event that the subscriber has.
    package func subscribe(
        to tenant: TenantID?, user: UserID?, after last: Int64?, by caller: Caller
    ) async throws(WeirError) -> EventStream {
        let audience = try audience(tenant, user, caller)
        let subscription = try join(audience, caller)
        do throws(WeirError) {
            let (start, isReset) = try await beginning(after: last)
            return EventStream(self, subscription, start: start, isReset: isReset)
        } catch {
            leave(subscription)
            throw error
        }
    }

    /// Behind which event a stream begins, and whether what its subscriber has can't be joined to
    /// what comes.
    func beginning(after last: Int64?) async throws(WeirError) -> (start: Int64, isReset: Bool) {
        do {
            let span = try await store.eventSpan()
            guard let last else { return (span.newest, false) }
            let isKnown = (span.forgotten...span.newest).contains(last)
            return isKnown ? (last, false) : (span.forgotten, true)
        } catch {
            throw WeirError(error)
        }
    }

    /// Ends every stream, and refuses new ones from now on.
    package func drain() {
        let all = state.withLock { state in
            state.isDraining = true
            return Array(state.subscriptions.values)
        }
        for subscription in all { subscription.end(.draining) }
    }

    /// Watches the streams, and forgets what is too old, until the task is cancelled.
    package func run() async {
        var seconds = 0
        while !Task.isCancelled {
            tick()
            if seconds % 60 == 0 { await forget() }
            seconds += 1
            await time.pause(.seconds(1))
        }
    }

    /// Looks at each stream: whether its key still holds, its subscriber still takes what it is
    /// given, and something has been said on it of late.
    package func tick() {
        let all = state.withLock { Array($0.subscriptions.values) }
        guard !all.isEmpty else { return }
        let now = time.now()
        let valid = directory.snapshot.validKeys(at: now)
        for subscription in all {
            if subscription.hasKey, !valid.contains(subscription.caller.key) {
                subscription.end(.revoked)
            }
            subscription.tick(now, settings)
        }
    }

    /// Forgets what is past the retention, some of it at a time.
    func forget() async {
        let moment = time.now().advanced(by: .zero - settings.retention)
        do {
            for _ in 0..<64 where !Task.isCancelled {
                let count = try await store.forgetEvents(
                    publishedBy: moment, limit: EventSettings.forgottenAtOnce)
                guard count == EventSettings.forgottenAtOnce else { return }
            }
        } catch {
            logger.error("old events can't be forgotten", metadata: ["error": "\(error)"])
        }
    }

    private func ring(_ published: PublishedEvents) {
        let concerned = state.withLock { state in
            state.subscriptions.values.filter { $0.audience.isConcerned(by: published) }
        }
        for subscription in concerned { subscription.ring() }
    }
}

extension EventFeed {
    func leave(_ subscription: EventSubscription) {
        state.withLock { state in
            guard state.subscriptions.removeValue(forKey: subscription.number) != nil,
                case .tenant(let tenant, _) = subscription.audience
            else { return }
            let rest = (state.counts[tenant] ?? 1) - 1
            state.counts[tenant] = rest > 0 ? rest : nil
        }
    }

    /// How many streams there are.
    package var count: Int { state.withLock { $0.subscriptions.count } }

    private func audience(
        _ tenant: TenantID?, _ user: UserID?, _ caller: Caller
    ) throws(WeirError) -> EventAudience {
        if let tenant = tenant ?? caller.onlyTenant {
            try caller.require(tenant)
            return .tenant(tenant, user: user)
        }
        guard caller.role == .admin, caller.reach == .all, user == nil else {
            throw WeirError(.invalidRequest, "tenant_id is missing", param: "tenant_id")
        }
        return .everybody
    }

    private func join(
        _ audience: EventAudience, _ caller: Caller
    ) throws(WeirError) -> EventSubscription {
        let now = time.now()
        // A caller that a gateway vouches for has a key that only the gateway knows.
        let hasKey = directory.snapshot.validKeys(at: now).contains(caller.key)
        return try state.withLock { state throws(WeirError) in
            guard !state.isDraining else {
                throw WeirError(.serviceUnavailable, "This instance is ending", retryAfter: 1)
            }
            guard state.subscriptions.count < settings.inAll else {
                throw WeirError(.overloaded, "Too many event streams are open")
            }
            if case .tenant(let tenant, _) = audience {
                let count = state.counts[tenant] ?? 0
                guard count < settings.perTenant else {
                    throw WeirError(.rateLimited, "This tenant has too many event streams open")
                }
                state.counts[tenant] = count + 1
            }
            state.last += 1
            let subscription = EventSubscription(
                number: state.last, audience: audience, caller: caller, hasKey: hasKey, at: now)
            state.subscriptions[state.last] = subscription
            return subscription
        }
    }
}

extension Directory.Snapshot {
    /// The ids of all keys that open anything now.
    fileprivate func validKeys(at now: Timestamp) -> Set<KeyID> {
        Set(keys.values.lazy.filter { $0.isValid(at: now) }.map(\.id))
    }
}
