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
