package import WeirCore
package import WeirService

extension SQLiteStore: WebhookStore {
    package func dueWebhooks(
        at now: Timestamp, passing tenants: Set<TenantID>, limit: Int
    ) async throws(StoreError) -> [WebhookDelivery] {
        guard limit > 0 else { return [] }
        return try await readers.read { connection throws(SQLiteError) in
            let places = Array(repeating: "?", count: tenants.count).joined(separator: ", ")
            let query = try connection.statement(
                """
                SELECT seq, delivery_id, tenant_id, url, body, attempts
                FROM webhook_deliveries INDEXED BY webhooks_due
                WHERE state = 'waiting' AND moment <= ? AND tenant_id NOT IN (\(places))
                ORDER BY moment, seq LIMIT ?
                """)
            query.bind(now.milliseconds)
            for tenant in tenants { query.bind(tenant.number) }
            query.bind(Int64(limit))
            var found: [WebhookDelivery] = []
            try query.each { row throws(SQLiteError) in
                guard let tenant = TenantID(row.int64(2)) else { return }
                found.append(
                    WebhookDelivery(
                        sequence: row.int64(0), id: row.text(1), tenant: tenant,
                        url: row.text(3), body: row.bytes(4),
                        attempts: Int(clamping: row.int64(5))))
            }
            return found
        }
    }

    package func record(
        _ attempt: WebhookAttempt, of delivery: Int64
    ) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in
            let update = try session.connection.statement(
                """
                UPDATE webhook_deliveries SET state = ?, moment = ?, outcome = ?,
                    attempts = attempts + 1 WHERE seq = ? AND state = 'waiting'
                """)
            let (state, moment) = attempt.result.columns
            update.bind(state)
            update.bind(moment.milliseconds)
            update.bind(attempt.outcome)
            update.bind(delivery)
            try update.run()
        }
    }

    package func openWebhooks(
        of tenant: TenantID?, in state: WebhookRecord.State?, below cursor: Int64?, limit: Int
    ) async throws(StoreError) -> [WebhookRecord] {
        guard limit > 0 else { return [] }
        return try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT \(WebhookRecord.columns) FROM webhook_deliveries INDEXED BY webhooks_open
                WHERE state <> 'delivered' AND seq < ?
                    \(tenant == nil ? "" : "AND tenant_id = ?")
                    \(state == nil ? "" : "AND state = ?") ORDER BY seq DESC LIMIT ?
                """)
            query.bind(cursor ?? .max)
            if let tenant { query.bind(tenant.number) }
            if let state { query.bind(state.rawValue) }
            query.bind(Int64(limit))
            var found: [WebhookRecord] = []
            try query.each { row throws(SQLiteError) in
                if let record = WebhookRecord(row) { found.append(record) }
            }
            return found
        }
    }

    package func openWebhook(_ id: String) async throws(StoreError) -> WebhookRecord? {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                "SELECT \(WebhookRecord.columns) FROM webhook_deliveries WHERE delivery_id = ?")
            query.bind(id)
            var found: WebhookRecord?
            try query.each { row throws(SQLiteError) in found = WebhookRecord(row) }
            return found
        }
    }

    package func retryWebhook(
        _ delivery: Int64, at now: Timestamp
    ) async throws(StoreError) -> Bool {
        try await writer.write { session throws(SQLiteError) in
            let update = try session.connection.statement(
                """
                UPDATE webhook_deliveries SET state = 'waiting', moment = ?, attempts = 0
                WHERE seq = ? AND state = 'given_up'
                """)
            update.bind(now.milliseconds)
            update.bind(delivery)
            guard try update.run() == 1 else { return false }
            session.published.addWebhook()
            return true
        }
    }

    package func forgetWebhooks(
        endedBy moment: Timestamp, limit: Int
    ) async throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        return try await writer.write { session throws(SQLiteError) in
            let delete = try session.connection.statement(
                """
                DELETE FROM webhook_deliveries WHERE seq IN (
                    SELECT seq FROM webhook_deliveries INDEXED BY webhooks_ended
                    WHERE state <> 'waiting' AND moment <= ? ORDER BY moment LIMIT ?)
                """)
            delete.bind(moment.milliseconds)
            delete.bind(Int64(limit))
            return try delete.run()
        }
    }
}

extension WebhookRecord {
    fileprivate static let columns = """
        seq, delivery_id, tenant_id, url, body, attempts, state, created_at, moment, outcome
        """

    /// Nil where it was delivered.
    fileprivate init?(_ row: borrowing Row) {
        guard let tenant = TenantID(row.int64(2)), let state = State(rawValue: row.text(6)) else {
            return nil
        }
        self.init(
            delivery: WebhookDelivery(
                sequence: row.int64(0), id: row.text(1), tenant: tenant, url: row.text(3),
                body: row.bytes(4), attempts: Int(clamping: row.int64(5))),
            state: state, createdAt: Timestamp(milliseconds: row.int64(7)),
            moment: Timestamp(milliseconds: row.int64(8)), outcome: row.optionalText(9))
    }
}

extension WebhookAttempt.Result {
    fileprivate var columns: (state: String, moment: Timestamp) {
        switch self {
        case .delivered(let at): ("delivered", at)
        case .again(let at): ("waiting", at)
        case .givenUp(let at): ("given_up", at)
        }
    }
}

extension WriteSession {
    /// Lets a job's webhook be told of an event, where it has one.
    func tellWebhook(
        of row: JobRow, _ event: JobEvent, number: Int64, at now: Timestamp
    ) throws(SQLiteError) {
        let insert = try connection.statement(
            """
            INSERT INTO webhook_deliveries
                (delivery_id, tenant_id, url, body, created_at, state, moment, attempts)
            SELECT ?, tenant_id, webhook, ?, ?, 'waiting', ?, 0 FROM jobs
            WHERE seq = ? AND webhook IS NOT NULL
            """)
        let id = "\(row.job.id)-\(number)"
        let body: JSON = [
            "id": .string(id), "event": .string(event.type), "at": .string(now.rfc3339),
            "data": event.payload,
        ]
        insert.bind(id)
        insert.bind(text: body.encoded)
        insert.bind(now.milliseconds)
        insert.bind(now.milliseconds)
        insert.bind(row.sequence)
        if try insert.run() == 1 { published.addWebhook() }
    }
}
