import WeirCore
import WeirService

extension WriteSession {
    /// The claim first: where somebody holds the key nothing has been written yet.
    func intend(
        _ row: LedgerRow, claim: IdempotencyClaim?
    ) throws(SQLiteError) -> ClaimOutcome {
        guard row.state == .intent, row.kind == .call, row.outcome == nil, row.adjusts == nil else {
            throw .refusal("an intent is a call without an outcome")
        }
        latest = max(latest, row.createdAt)
        if let claim {
            if let holder = try take(claim, for: row) { return .existing(holder) }
        }
        guard try isNew(row) else {
            throw .refusal("attempt \(row.attempt.number) is in the ledger already")
        }
        ledger.insertIntent.bind(intent: row)
        try ledger.insertIntent.run()
        return .claimed
    }

    /// Moves an attempt from the open ones to the log. What isn't open any more is terminal
    /// already, and stays as it is.
    func settle(_ row: LedgerRow, claim: ClaimResolution?) throws(SQLiteError) {
        let outcome = try terminalOutcome(of: row)
        guard row.kind == .call else { throw .refusal("only calls are settled") }
        latest = max(latest, outcome.settledAt)
        guard try closeIntent(row) else {
            if try isTerminal(row.attempt, of: row.tenant) { return }
            throw .refusal("attempt \(row.attempt.number) has no intent that fits its settlement")
        }
        try insert(row, outcome)
        if let claim { try resolve(claim, for: row.request) }
    }

    /// Adds a row that is terminal from the start.
    func record(_ row: LedgerRow, audit: AuditEntry?) throws(SQLiteError) {
        let outcome = try terminalOutcome(of: row)
        guard row.kind != .call else { throw .refusal("a call starts with its intent") }
        if let original = row.adjusts {
            guard try isTerminal(original, of: row.tenant) else {
                throw .refusal("attempt \(original.number) can't be adjusted: it isn't settled")
            }
        }
        latest = max(latest, outcome.settledAt)
        guard try isNew(row) else {
            throw .refusal("attempt \(row.attempt.number) is in the ledger already")
        }
        try insert(row, outcome)
        if let audit { try append(ChainEntry(audit)) }
    }

    /// The claim first, and completed at once: where somebody holds the key nothing is written.
    func adjust(
        _ row: LedgerRow, audit: AuditEntry, claim: IdempotencyClaim?, reply: StoredReply
    ) throws(SQLiteError) -> ClaimOutcome {
        if let claim {
            if let holder = try take(claim, for: row) { return .existing(holder) }
        }
        try record(row, audit: audit)
        if let claim { try resolve(.complete(claim, reply), for: row.request) }
        return .claimed
    }

    /// Writes a terminal row and counts it.
    func insert(_ row: LedgerRow, _ outcome: LedgerRow.Outcome) throws(SQLiteError) {
        ledger.insertTerminal.bind(terminal: row, outcome)
        try ledger.insertTerminal.run()
        try rollups.add(row, outcome)
        settled.add(row, outcome)
    }

    /// - Returns: Whether an intent that fits the row was open; it isn't any more.
    func closeIntent(_ row: LedgerRow) throws(SQLiteError) -> Bool {
        let close = ledger.closeIntent
        close.bind(row.attempt.number)
        close.bind(row.tenant.number)
        close.bind(row.date.period.column)
        close.bind(Int64(row.date.day.number))
        close.bind(row.held.nanos)
        close.bind(row.user.number)
        close.bind(row.feature.description)
        close.bind(row.key.description)
        close.bind(row.request.description)
        close.bind(Int64(row.attemptNumber))
        close.bind(row.provider.description)
        close.bind(row.model.description)
        return try close.run() == 1
    }

    private func terminalOutcome(of row: LedgerRow) throws(SQLiteError) -> LedgerRow.Outcome {
        guard row.state != .intent, let outcome = row.outcome else {
            throw .refusal("attempt \(row.attempt.number) has no outcome")
        }
        return outcome
    }

    /// Whether an attempt is in neither table. Ids rise, so that hardly one has to be looked up.
    private func isNew(_ row: LedgerRow) throws(SQLiteError) -> Bool {
        if row.attempt > highestAttempt {
            highestAttempt = row.attempt
            return true
        }
        let query = try connection.statement(
            """
            SELECT 1 FROM ai_usage_log WHERE attempt_id = ?1
            UNION ALL SELECT 1 FROM open_attempts WHERE attempt_id = ?1
            """)
        query.bind(row.attempt.number)
        return try query.first { _ throws(SQLiteError) in true } == nil
    }

    private func isTerminal(
        _ attempt: AttemptID, of tenant: TenantID
    ) throws(SQLiteError) -> Bool {
        let query = try connection.statement(
            "SELECT 1 FROM ai_usage_log WHERE attempt_id = ? AND tenant_id = ?")
        query.bind(attempt.number)
        query.bind(tenant.number)
        return try query.first { _ throws(SQLiteError) in true } ?? false
    }
}

extension WriteSession {
    /// - Returns: Whether the threshold is announced now for the first time.
    func announce(
        _ crossing: BudgetBook.ThresholdCrossing, audit: AuditEntry
    ) throws(SQLiteError) -> Bool {
        let key = crossing.key
        let insert = try connection.statement(
            """
            INSERT INTO budget_thresholds
                (tenant_id, period, scope, value, percent, settled_nanos, limit_nanos, at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """)
        insert.bind(key.tenant.number)
        insert.bind(key.period.column)
        insert.bind(key.scope.kind)
        insert.bind(key.scope.value)
        insert.bind(Int64(crossing.percent))
        insert.bind(crossing.settled.nanos)
        insert.bind(crossing.limit.nanos)
        insert.bind(audit.at.milliseconds)
        guard try insert.run() == 1 else { return false }
        try publish(
            "BudgetThreshold", payload: crossing.payload, tenant: key.tenant,
            user: key.scope.user, at: audit.at)
        try append(ChainEntry(audit))
        return true
    }
}

extension BudgetScope {
    /// Nil for a scope of more than one user.
    fileprivate var user: UserID? {
        if case .user(let number) = self { UserID(number) } else { nil }
    }
}

extension BudgetBook.ThresholdCrossing {
    /// The event `BudgetThreshold`, as JSON.
    fileprivate var payload: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("tenant_id", key.tenant.number)
        writer.member("period", key.period.description)
        writer.member("scope", key.scope.kind)
        writer.member("value", key.scope.value)
        writer.member("percent", Int64(percent))
        writer.member("settled_usd", JSON(settled))
        writer.member("limit_usd", JSON(limit))
        writer.endObject()
        return writer.bytes
    }
}
