package import WeirCore
package import WeirService

extension SQLiteStore {
    package func recover(now: Timestamp) async throws(StoreError) -> RecoverySummary {
        try await writer.write { session throws(SQLiteError) in try session.recover(now: now) }
    }

    package func intend(
        _ row: LedgerRow, claim: IdempotencyClaim?
    ) async throws(StoreError) -> ClaimOutcome {
        try await writer.write { session throws(SQLiteError) in
            try session.intend(row, claim: claim)
        }
    }

    package func settle(_ row: LedgerRow, claim: ClaimResolution?) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in
            try session.settle(row, claim: claim)
        }
    }

    package func resolve(
        _ claim: ClaimResolution, request: RequestID
    ) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in
            try session.resolve(claim, for: request)
        }
    }

    package func record(_ row: LedgerRow, audit: AuditEntry?) async throws(StoreError) {
        try await writer.write { session throws(SQLiteError) in
            try session.record(row, audit: audit)
        }
    }

    package func adjust(
        _ row: LedgerRow, audit: AuditEntry, claim: IdempotencyClaim?, reply: StoredReply
    ) async throws(StoreError) -> ClaimOutcome {
        try await writer.write { session throws(SQLiteError) in
            try session.adjust(row, audit: audit, claim: claim, reply: reply)
        }
    }

    package func announce(
        _ crossing: BudgetBook.ThresholdCrossing, audit: AuditEntry
    ) async throws(StoreError) -> Bool {
        try await writer.write { session throws(SQLiteError) in
            try session.announce(crossing, audit: audit)
        }
    }

    package func claim(
        tenant: TenantID, key: String, now: Timestamp
    ) async throws(StoreError) -> IdempotencyRecord? {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                IdempotencyRecord.query + " AND (status IS NULL OR expires_at > ?)")
            query.bind(tenant.number)
            query.bind(key)
            query.bind(now.milliseconds)
            return try query.first(IdempotencyRecord.init)
        }
    }

    package func rows(
        tenant: TenantID, period: Period, below cursor: AttemptID?, limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        guard limit > 0 else { return [] }
        return try await readers.read { connection throws(SQLiteError) in
            // Both tables in one statement, so that a row that moves is seen exactly once.
            let query = try connection.statement(
                """
                SELECT \(LedgerColumns.intent), \(LedgerColumns.outcome) FROM ai_usage_log
                WHERE tenant_id = ?1 AND period = ?2 AND attempt_id < ?3
                UNION ALL
                SELECT \(LedgerColumns.intent), \(LedgerColumns.openOutcome) FROM open_attempts
                WHERE tenant_id = ?1 AND period = ?2 AND attempt_id < ?3
                ORDER BY attempt_id DESC LIMIT ?4
                """)
            query.bind(tenant.number)
            query.bind(period.column)
            query.bind(cursor?.number ?? .max)
            query.bind(Int64(limit))
            var rows: [LedgerRow] = []
            try query.each { row throws(SQLiteError) in rows.append(try LedgerRow(row)) }
            return rows
        }
    }

    package func row(
        tenant: TenantID, attempt: AttemptID
    ) async throws(StoreError) -> LedgerRow? {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT \(LedgerColumns.intent), \(LedgerColumns.outcome) FROM ai_usage_log
                WHERE attempt_id = ?1 AND tenant_id = ?2
                UNION ALL
                SELECT \(LedgerColumns.intent), \(LedgerColumns.openOutcome) FROM open_attempts
                WHERE attempt_id = ?1 AND tenant_id = ?2
                """)
            query.bind(attempt.number)
            query.bind(tenant.number)
            return try query.first { row throws(SQLiteError) in try LedgerRow(row) }
        }
    }

    package func adjustments(
        tenant: TenantID, of attempt: AttemptID
    ) async throws(StoreError) -> Money {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                "SELECT cost_nanos FROM ai_usage_log WHERE adjusts = ? AND tenant_id = ?")
            query.bind(attempt.number)
            query.bind(tenant.number)
            var sum = Money.zero
            // Not SQLite's sum(): that fails where the total leaves 64 bits on the way.
            try query.each { row throws(SQLiteError) in
                guard let next = sum.adding(Money(nanos: row.int64(0))) else {
                    throw .corrupt("the adjustments of \(attempt.number) leave 64 bits")
                }
                sum = next
            }
            return sum
        }
    }

    package func highestAttempt() async throws(StoreError) -> AttemptID {
        try await readers.read { connection throws(SQLiteError) in
            try connection.highestAttempt()
        }
    }
}
