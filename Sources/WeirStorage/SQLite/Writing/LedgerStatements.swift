/// The statements of the hot path, prepared once.
final class LedgerStatements {
    let begin: Statement
    let commit: Statement
    let rollBack: Statement
    let savepoint: Statement
    let rollBackToSavepoint: Statement
    let release: Statement
    let insertIntent: Statement
    let closeIntent: Statement
    let insertTerminal: Statement
    let addRollup: Statement
    let appendAudit: Statement
    let claim: Statement
    let completeClaim: Statement
    let freeClaim: Statement

    init(_ connection: Connection) throws(SQLiteError) {
        begin = try connection.prepare("BEGIN IMMEDIATE")
        commit = try connection.prepare("COMMIT")
        rollBack = try connection.prepare("ROLLBACK")
        savepoint = try connection.prepare("SAVEPOINT operation")
        rollBackToSavepoint = try connection.prepare("ROLLBACK TO operation")
        release = try connection.prepare("RELEASE operation")
        insertIntent = try connection.prepare(LedgerColumns.insertIntent)
        closeIntent = try connection.prepare(LedgerStatements.closeIntentText)
        insertTerminal = try connection.prepare(LedgerColumns.insertTerminal)
        addRollup = try connection.prepare(LedgerStatements.addRollupText)
        appendAudit = try connection.prepare(
            """
            INSERT INTO audit_log
                (seq, at, actor, action, tenant_id, subject, details, members, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        claim = try connection.prepare(LedgerStatements.claimText)
        completeClaim = try connection.prepare(
            """
            UPDATE idempotency SET status = ?, body = ?, content_type = ?, expires_at = ?
            WHERE tenant_id = ? AND key = ? AND request_id = ? AND status IS NULL
            """)
        freeClaim = try connection.prepare(
            """
            DELETE FROM idempotency
            WHERE tenant_id = ? AND key = ? AND request_id = ? AND status IS NULL
            """)
    }

    /// Everything that roll-ups and budgets count by has to be what the intent said.
    private static let closeIntentText = """
        DELETE FROM open_attempts
        WHERE attempt_id = ? AND tenant_id = ? AND period = ? AND day = ? AND held_nanos = ?
            AND user_id = ? AND feature = ? AND key_id = ? AND request_id = ? AND attempt_no = ?
            AND provider = ? AND model = ?
        """

    private static let addRollupText = """
        INSERT INTO usage_rollup
            (tenant_id, period, dimension, value, calls, input_tokens, output_tokens, cost_nanos)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET
            calls = calls + excluded.calls,
            input_tokens = input_tokens + excluded.input_tokens,
            output_tokens = output_tokens + excluded.output_tokens,
            cost_nanos = cost_nanos + excluded.cost_nanos
        """

    /// Takes a key that is free or whose answer has expired, and again for the request that has
    /// it. A key in flight never expires: only evidence frees it.
    private static let claimText = """
        INSERT INTO idempotency
            (tenant_id, key, fingerprint, request_id, attempt_id, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (tenant_id, key) DO UPDATE SET
            fingerprint = excluded.fingerprint, request_id = excluded.request_id,
            attempt_id = excluded.attempt_id, expires_at = excluded.expires_at,
            status = NULL, body = NULL
        WHERE (status IS NOT NULL AND expires_at <= ?7)
            OR (status IS NULL AND request_id = excluded.request_id
                AND fingerprint = excluded.fingerprint)
        """
}
