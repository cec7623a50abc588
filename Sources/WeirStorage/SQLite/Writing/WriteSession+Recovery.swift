import WeirCore
import WeirService

extension WriteSession {
    /// Charges what an earlier process left open at its worst case (rule E: time never frees
    /// money), and ends its claims; calls of a batch are asked after at their provider, and stay
    /// open. Does nothing the second time.
    func recover(now: Timestamp) throws(SQLiteError) -> RecoverySummary {
        guard !hasRecovered else { return RecoverySummary(inDoubt: 0, charged: .zero) }
        let open = try openAttempts(upTo: lastAttemptBefore)
        var charged = Money.zero
        var crashed = Set<String>()
        for intent in open {
            let row = intent.crashed(at: now)
            guard try closeIntent(row), let outcome = row.outcome else {
                throw .corrupt("attempt \(row.attempt.number) can't be recovered")
            }
            try insert(row, outcome)
            guard let sum = charged.adding(outcome.cost) else {
                throw .corrupt("the open attempts' holds leave 64 bits")
            }
            charged = sum
            crashed.insert("\(row.tenant) \(row.request)")
        }
        let claims = try endClaims(of: crashed)
        if !open.isEmpty || claims > 0 {
            try append(ChainEntry(recovered: open.count, charged: charged, claims, at: now))
        }
        hasRecovered = true
        return RecoverySummary(inDoubt: open.count, charged: charged)
    }

    private func openAttempts(upTo last: AttemptID) throws(SQLiteError) -> [LedgerRow] {
        let query = try connection.statement(
            """
            SELECT \(LedgerColumns.intent), \(LedgerColumns.openOutcome) FROM open_attempts
            WHERE attempt_id <= ? AND attempt_id NOT IN (SELECT attempt_id FROM batch_calls)
            ORDER BY attempt_id
            """)
        query.bind(last.number)
        var rows: [LedgerRow] = []
        try query.each { row throws(SQLiteError) in rows.append(try LedgerRow(row)) }
        return rows
    }

    /// A key whose call was interrupted gets the final error; a key that no call stands behind is
    /// free again.
    /// - Returns: How many claims were in flight.
    private func endClaims(of crashed: Set<String>) throws(SQLiteError) -> Int {
        let query = try connection.statement(
            """
            SELECT tenant_id, key, request_id, EXISTS (
                SELECT 1 FROM ai_usage_log AS log
                WHERE log.attempt_id = idempotency.attempt_id AND log.basis <> 'none')
            FROM idempotency
            WHERE status IS NULL AND attempt_id <= ? ORDER BY id
            """)
        query.bind(lastAttemptBefore.number)
        var claims: [(tenant: Int64, key: String, request: String, isCharged: Bool)] = []
        try query.each { row throws(SQLiteError) in
            claims.append((row.int64(0), row.text(1), row.text(2), row.bool(3)))
        }
        let complete = try connection.statement(
            """
            UPDATE idempotency SET status = 502, body = ?, content_type = NULL
            WHERE tenant_id = ? AND key = ? AND request_id = ? AND status IS NULL
            """)
        for claim in claims {
            // A call can also end between two attempts, of which the first was charged.
            let isExecuted =
                claim.isCharged || crashed.contains("\(claim.tenant) \(claim.request)")
            guard isExecuted else {
                try freeClaim(tenant: claim.tenant, key: claim.key, request: claim.request)
                continue
            }
            complete.bind(blob: interruptedBody(request: claim.request))
            complete.bind(claim.tenant)
            complete.bind(claim.key)
            complete.bind(claim.request)
            try complete.run()
        }
        return claims.count
    }
}

extension LedgerRow {
    /// An open attempt as recovery ends it: at W, in doubt.
    fileprivate func crashed(at now: Timestamp) -> LedgerRow {
        var row = self
        row.state = .settled
        row.outcome = Outcome(
            status: .crashed, cost: held, basis: .worstCase, usage: .zero, isInDoubt: true,
            settledAt: now)
        return row
    }
}

extension ChainEntry {
    fileprivate init(recovered rows: Int, charged: Money, _ claims: Int, at now: Timestamp) {
        var details = JSONWriter()
        details.beginObject()
        details.member("in_doubt", Int64(rows))
        details.member("charged_usd", JSON(charged))
        details.member("claims", Int64(claims))
        details.endObject()
        self.init(
            at: now.milliseconds, actor: "weir", action: "ledger.recovery", tenant: nil,
            subject: "ai_usage_log", details: details.bytes)
    }
}

/// The answer that an interrupted call's key replays from then on.
private func interruptedBody(request: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("error", WeirError.Code.providerError.rawValue)
    writer.member(
        "message",
        "The call was interrupted and its outcome is unknown; it was charged at its worst case")
    writer.member("request_id", request)
    writer.endObject()
    return writer.bytes
}
