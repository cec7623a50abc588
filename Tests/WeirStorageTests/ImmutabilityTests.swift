import Testing
import WeirCore
import WeirService
import WeirStorage

/// What a second handle on the file may do: not much.
@Suite struct ImmutabilityTests {
    @Test(arguments: [
        "UPDATE ai_usage_log SET cost_nanos = 0",
        "UPDATE ai_usage_log SET state = 'void', cost_nanos = 0 WHERE attempt_id = 1",
        "DELETE FROM ai_usage_log",
        "DELETE FROM ai_usage_log WHERE attempt_id = 1",
        "UPDATE open_attempts SET held_nanos = 0",
        "UPDATE audit_log SET actor = 'me'",
        "DELETE FROM audit_log WHERE seq = 1",
        "INSERT OR REPLACE INTO audit_log SELECT seq, at, 'me', action, tenant_id, subject, "
            + "details, members, hash FROM audit_log",
    ])
    func sqlCannotChangeHistory(sql: String) async throws {
        try await withStore { store, path in
            let row = try Sample.intent(1)
            _ = try await store.intend(row, claim: nil)
            try await store.settle(try row.settled(cost: 598), claim: nil)
            _ = try await store.intend(try Sample.intent(2), claim: nil)
            #expect(throws: RawSQLError.self) { try rawSQL(path, sql) }
            #expect(
                try await store.row(tenant: row.tenant, attempt: row.attempt)
                    == (try row.settled(cost: 598)))
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
        }
    }

    @Test(arguments: [
        ("cost_nanos", "-1"), ("input_tokens", "-1"), ("output_tokens", "-1"),
        ("cache_read_tokens", "-1"), ("cache_read_tokens", "313"), ("reasoning_tokens", "88"),
        ("web_searches", "-1"), ("kind", "'gift'"), ("state", "'intent'"), ("state", "'void'"),
        ("kind", "'replay'"), ("kind", "'adjustment'"), ("adjusts", "1"), ("attempt_no", "0"),
        ("held_nanos", "-1"), ("cost_nanos", "'much'"), ("in_doubt", "2"), ("basis", "'guess'"),
    ])
    func theDatabaseItselfRefusesNonsense(column: String, value: String) async throws {
        try await withStore { store, path in
            let row = try Sample.intent(1)
            _ = try await store.intend(row, claim: nil)
            try await store.settle(try row.settled(cost: 598), claim: nil)
            let columns = """
                request_id, attempt_no, tenant_id, user_id, feature, key_id, provider, model,
                upstream_model, period, day, held_nanos, price_version, created_at,
                prompt_digest, kind, state, status, basis, cost_nanos, input_tokens,
                output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
                reasoning_tokens, web_searches, service_tier, in_doubt, usage_suspect,
                settled_at, answer_digest, adjusts
                """
            func copy(_ values: String) -> String {
                "INSERT INTO ai_usage_log (attempt_id, \(columns)) "
                    + "SELECT 7, \(values) FROM ai_usage_log WHERE attempt_id = 1"
            }
            let changed = columns.replacing(column, with: value)
            #expect(changed != columns)
            #expect(throws: RawSQLError.self) { try rawSQL(path, copy(changed)) }
            // The same without the change goes in, so it is the change that was refused.
            try rawSQL(path, copy(columns))
        }
    }
}
