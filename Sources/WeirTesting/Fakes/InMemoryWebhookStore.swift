import Synchronization
package import WeirCore
package import WeirService

/// Deliveries without a disk, as simple as the port allows.
package final class InMemoryWebhookStore: WebhookStore {
    package struct Entry: Sendable, Equatable {
        package let delivery: WebhookDelivery
        package let attempts: [WebhookAttempt]
        let dueAt: Timestamp
    }
    private let state = Mutex<[Int64: Entry]>([:])
    package let eventBell = EventBell()

    package init() {}

    package func add(_ delivery: WebhookDelivery, at now: Timestamp) {
        state.withLock {
            $0[delivery.sequence] = Entry(delivery: delivery, attempts: [], dueAt: now)
        }
        var published = PublishedEvents()
        published.addWebhook()
        eventBell.ring(published)
    }

    /// How each try of a delivery ended, oldest first.
    package func attempts(of sequence: Int64) -> [WebhookAttempt] {
        state.withLock { $0[sequence]?.attempts ?? [] }
    }

    package func dueWebhooks(
        at now: Timestamp, passing tenants: Set<TenantID>, limit: Int
    ) async throws(StoreError) -> [WebhookDelivery] {
        state.withLock { entries in
            entries.values.filter {
                $0.isWaiting && $0.dueAt <= now && !tenants.contains($0.delivery.tenant)
            }.sorted {
                ($0.dueAt, $0.delivery.sequence) < ($1.dueAt, $1.delivery.sequence)
            }.prefix(max(limit, 0)).map(\.delivery)
        }
    }

    package func record(
        _ attempt: WebhookAttempt, of delivery: Int64
    ) async throws(StoreError) {
        state.withLock { entries in
            guard let entry = entries[delivery], entry.isWaiting else { return }
            let old = entry.delivery
            entries[delivery] = Entry(
                delivery: WebhookDelivery(
                    sequence: old.sequence, id: old.id, tenant: old.tenant, url: old.url,
                    body: old.body, attempts: old.attempts + 1),
                attempts: entry.attempts + [attempt], dueAt: attempt.result.moment)
        }
    }

    package func forgetWebhooks(
        endedBy moment: Timestamp, limit: Int
    ) async throws(StoreError) -> Int {
        state.withLock { entries in
            let ended = entries.filter { !$0.value.isWaiting && $0.value.dueAt <= moment }
                .sorted { ($0.value.dueAt, $0.key) < ($1.value.dueAt, $1.key) }
                .prefix(max(limit, 0))
            for (sequence, _) in ended { entries[sequence] = nil }
            return ended.count
        }
    }
}

extension InMemoryWebhookStore.Entry {
    fileprivate var isWaiting: Bool {
        switch attempts.last?.result {
        case .again, nil: true
        case .delivered, .givenUp: false
        }
    }
}

extension WebhookAttempt.Result {
    fileprivate var moment: Timestamp {
        switch self {
        case .delivered(let at), .again(let at), .givenUp(let at): at
        }
    }
}
