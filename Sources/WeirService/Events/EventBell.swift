import Synchronization
package import WeirCore

/// Tells listeners of a store that something is there for them, after it has become durable.
package final class EventBell: Sendable {
    package typealias Listener = @Sendable (PublishedEvents) -> Void
    private let listeners = Mutex<[Listener]>([])

    package init() {}

    /// - Parameter listener: is called on the thread that writes, so it must not wait.
    package func listen(_ listener: @escaping Listener) {
        listeners.withLock { $0.append(listener) }
    }

    package func ring(_ published: PublishedEvents) {
        guard !published.isEmpty else { return }
        for listener in listeners.withLock({ $0 }) { listener(published) }
    }
}

/// For whom something became durable.
package struct PublishedEvents: Sendable, Equatable {
    package private(set) var tenants: Set<TenantID> = []
    /// Events that are no tenant's.
    package private(set) var hasOperators = false
    /// Deliveries to webhooks.
    package private(set) var hasWebhooks = false

    package init() {}

    package mutating func add(tenant: TenantID?) {
        if let tenant { tenants.insert(tenant) } else { hasOperators = true }
    }

    package mutating func addWebhook() { hasWebhooks = true }

    package var isEmpty: Bool { tenants.isEmpty && !hasOperators && !hasWebhooks }
}

extension EventAudience {
    /// Whether something of it may be for this audience.
    package func isConcerned(by published: PublishedEvents) -> Bool {
        switch self {
        case .everybody: published.hasOperators || !published.tenants.isEmpty
        case .tenant(let tenant, _): published.tenants.contains(tenant)
        }
    }
}
