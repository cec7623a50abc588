package import WeirCore

/// Deliveries that have reached nobody: what an operator sees of them and does with them.
package struct WebhookDesk: Sendable {
    private let store: any WebhookStore
    private let audit: any DirectoryStore
    private let time: any TimeSource

    package init(store: any WebhookStore, audit: any DirectoryStore, time: any TimeSource) {
        self.store = store
        self.audit = audit
        self.time = time
    }

    /// Some of the deliveries, newest first.
    package struct Page: Sendable, Equatable {
        package let deliveries: [WebhookRecord]
        /// Where the next page begins; nil on the last one.
        package let next: Int64?
    }

    /// - Parameters:
    ///   - tenant: nil: every tenant's.
    ///   - state: nil: those that wait, and those that were given up.
    package func page(
        of tenant: TenantID?, in state: WebhookRecord.State?, below cursor: Int64?, limit: Int,
        by caller: Caller
    ) async throws(WeirError) -> Page {
        try caller.requireAdmin()
        let limit = min(max(limit, 1), JobDesk.pageLimit)
        do {
            let found = try await store.openWebhooks(
                of: tenant, in: state, below: cursor, limit: limit + 1)
            let page = Array(found.prefix(limit))
            let hasMore = found.count > limit
            return Page(deliveries: page, next: hasMore ? page.last?.delivery.sequence : nil)
        } catch {
            throw WeirError(error)
        }
    }

    /// Sends one that was given up anew, under the same id and with all its tries.
    package func retry(
        _ id: String, by caller: Caller
    ) async throws(WeirError) -> WebhookRecord {
        try caller.requireAdmin()
        let record = try await find(id)
        guard record.state == .givenUp else { throw WebhookDesk.conflict }
        let now = time.now()
        let isRetried: Bool
        do {
            try await audit.append(
                AuditEntry(
                    at: now, actor: caller.key.description, action: "webhook.retry",
                    tenant: record.delivery.tenant, subject: record.delivery.id,
                    details: ["last_outcome": record.outcome.map { .string($0) } ?? .null]))
            isRetried = try await store.retryWebhook(record.delivery.sequence, at: now)
        } catch {
            throw WeirError(error)
        }
        guard isRetried else { throw WebhookDesk.conflict }
        return WebhookRecord(
            delivery: WebhookDelivery(
                sequence: record.delivery.sequence, id: record.delivery.id,
                tenant: record.delivery.tenant, url: record.delivery.url,
                body: record.delivery.body, attempts: 0),
            state: .waiting, createdAt: record.createdAt, moment: now, outcome: record.outcome)
    }

    private func find(_ id: String) async throws(WeirError) -> WebhookRecord {
        let record: WebhookRecord?
        do {
            record = try await store.openWebhook(id)
        } catch {
            throw WeirError(error)
        }
        guard let record else {
            throw WeirError(.notFound, "No delivery that waits or was given up has this id")
        }
        return record
    }

    private static let conflict = WeirError(.conflict, "The delivery isn't given up: it waits")
}

extension WebhookDelivery {
    /// The job whose end it tells: its id stands before the event's number.
    package var job: String {
        let bytes = Array(id.utf8)
        let end = bytes.lastIndex(of: UInt8(ascii: "-")) ?? bytes.endIndex
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    /// Where it goes, without the path, which may hold what only its receiver should know.
    package var host: String {
        let rest = url.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 3)
        return rest.count > 1 ? String(decoding: rest[1], as: UTF8.self) : ""
    }
}
