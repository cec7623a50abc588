import Synchronization
package import WeirCore
package import WeirService

/// Deliveries without a disk, as simple as the port allows.
package final class InMemoryWebhookStore: WebhookStore {
    package struct Entry: Sendable, Equatable {
        package let delivery: WebhookDelivery
        package let attempts: [WebhookAttempt]
        let dueAt: Timestamp
        let createdAt: Timestamp
        /// Of the last try, also where it was to be tried anew since.
        let outcome: String?
    }
    private let state = Mutex<[Int64: Entry]>([:])
    package let eventBell = EventBell()

    package init() {}

    package func add(_ delivery: WebhookDelivery, at now: Timestamp) {
        state.withLock {
            $0[delivery.sequence] = Entry(
                delivery: delivery, attempts: [], dueAt: now, createdAt: now, outcome: nil)
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
            entries[delivery] = Entry(
                delivery: entry.delivery.tried(entry.delivery.attempts + 1),
                attempts: entry.attempts + [attempt], dueAt: attempt.result.moment,
                createdAt: entry.createdAt, outcome: attempt.outcome)
        }
    }

    package func openWebhooks(
        of tenant: TenantID?, in state: WebhookRecord.State?, below cursor: Int64?, limit: Int
    ) async throws(StoreError) -> [WebhookRecord] {
        self.state.withLock { entries in
            entries.values.compactMap(\.record).filter { record in
                (tenant == nil || record.delivery.tenant == tenant)
                    && (state == nil || record.state == state)
                    && record.delivery.sequence < cursor ?? .max
            }.sorted { $0.delivery.sequence > $1.delivery.sequence }.prefix(max(limit, 0)).map(
                \.self)
        }
    }

    package func openWebhook(_ id: String) async throws(StoreError) -> WebhookRecord? {
        state.withLock { $0.values.first { $0.delivery.id == id }?.record }
    }

    package func retryWebhook(
        _ delivery: Int64, at now: Timestamp
    ) async throws(StoreError) -> Bool {
        let isRetried = state.withLock { entries in
            guard let entry = entries[delivery], entry.record?.state == .givenUp else {
                return false
            }
            entries[delivery] = Entry(
                delivery: entry.delivery.tried(0), attempts: [], dueAt: now,
                createdAt: entry.createdAt, outcome: entry.outcome)
            return true
        }
        if isRetried {
            var published = PublishedEvents()
            published.addWebhook()
            eventBell.ring(published)
        }
        return isRetried
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

extension WebhookDelivery {
    fileprivate func tried(_ attempts: Int) -> WebhookDelivery {
        WebhookDelivery(
            sequence: sequence, id: id, tenant: tenant, url: url, body: body, attempts: attempts)
    }
}

extension InMemoryWebhookStore.Entry {
    fileprivate var record: WebhookRecord? {
        let state: WebhookRecord.State
        switch attempts.last?.result {
        case .again, nil: state = .waiting
        case .givenUp: state = .givenUp
        case .delivered: return nil
        }
        return WebhookRecord(
            delivery: delivery, state: state, createdAt: createdAt, moment: dueAt,
            outcome: outcome)
    }

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
