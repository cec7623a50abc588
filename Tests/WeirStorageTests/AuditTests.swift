import Testing
import WeirCore
import WeirService
import WeirStorage

@Suite struct AuditTests {
    private static let guards = """
        DROP TRIGGER ai_usage_log_is_final; DROP TRIGGER ai_usage_log_keeps;
        DROP TRIGGER audit_log_is_final; DROP TRIGGER audit_log_keeps;
        DROP TRIGGER audit_log_once;
        """

    /// Six entries by hand, then one for each of three settled rows.
    private func fill(_ store: SQLiteStore) async throws {
        for number in 1...6 {
            try await store.append(
                AuditEntry(
                    at: Sample.now, actor: "key_1", action: "key.create",
                    tenant: number == 3 ? nil : try Sample.tenant(), subject: "key_\(number)",
                    details: ["number": JSON(number)]))
        }
        for number in 1...3 as ClosedRange<Int64> {
            let row = try Sample.intent(number)
            _ = try await store.intend(row, claim: nil)
            try await store.settle(try row.settled(cost: 500), claim: nil)
        }
    }

    @Test func entriesAreReadBackNewestFirst() async throws {
        try await withStore { store, _ in
            try await fill(store)
            let all = try await store.auditEntries(below: nil, limit: 100)
            #expect(all.map(\.sequence) == [9, 8, 7, 6, 5, 4, 3, 2, 1])
            let page = try await store.auditEntries(below: 5, limit: 2)
            #expect(page == Array(all[5...6]))
            #expect(page[1].entry.tenant == nil)
            #expect(page[1].entry.details == ["number": 3])
            #expect(page[1].hash.count == 32)
            #expect(try await store.auditEntries(below: 1, limit: 5).isEmpty)
            #expect(try await store.auditEntries(below: nil, limit: 0).isEmpty)
        }
    }

    @Test func anEmptyChainIsSound() async throws {
        try await withStore { store, _ in
            let verdict = try await store.verifyAudit(checkpoint: nil)
            #expect(verdict == .sound(entries: 0, head: nil))
        }
    }

    @Test func aSoundChainFitsItsCheckpoints() async throws {
        try await withStore { store, _ in
            try await fill(store)
            let entries = try await store.auditEntries(below: nil, limit: 100)
            for entry in entries {
                let checkpoint = AuditCheckpoint(sequence: entry.sequence, hash: entry.hash)
                let verdict = try await store.verifyAudit(checkpoint: checkpoint)
                let head = AuditCheckpoint(sequence: 9, hash: entries[0].hash)
                #expect(verdict == .sound(entries: 9, head: head))
            }
        }
    }

    /// What is done to the file, and the entry at which it has to be found.
    private static let forgeries: [(String, Int64)] = [
        ("UPDATE audit_log SET actor = 'somebody' WHERE seq = 2", 2),
        ("UPDATE audit_log SET at = at + 1 WHERE seq = 2", 2),
        ("UPDATE audit_log SET tenant_id = NULL WHERE seq = 2", 2),
        ("UPDATE audit_log SET details = '{}' WHERE seq = 4", 4),
        ("UPDATE audit_log SET actor = 'key_1k', action = 'ey.create' WHERE seq = 2", 2),
        ("UPDATE audit_log SET hash = zeroblob(32) WHERE seq = 6", 6),
        ("UPDATE audit_log SET members = x'' WHERE seq = 8", 8),
        ("DELETE FROM audit_log WHERE seq = 3", 3),
        ("DELETE FROM audit_log WHERE seq = 1", 1),
        (swapped, 3),
        ("DELETE FROM audit_log WHERE seq = 5; UPDATE audit_log SET seq = 5 WHERE seq = 6", 5),
        (inserted, 5),
        ("UPDATE ai_usage_log SET cost_nanos = 499 WHERE attempt_id = 2", 8),
        ("UPDATE ai_usage_log SET tenant_id = 7 WHERE attempt_id = 2", 8),
        ("UPDATE ai_usage_log SET held_nanos = 1 WHERE attempt_id = 2", 8),
        ("UPDATE ai_usage_log SET prompt_digest = zeroblob(32) WHERE attempt_id = 2", 8),
        ("UPDATE ai_usage_log SET feature = 'not a slug' WHERE attempt_id = 2", 8),
        ("UPDATE ai_usage_log SET settled_at = settled_at + 1 WHERE attempt_id = 3", 9),
        ("DELETE FROM ai_usage_log WHERE attempt_id = 1", 7),
        ("UPDATE ai_usage_log SET attempt_id = 4 WHERE attempt_id = 3", 9),
    ]

    private static let swapped = """
        UPDATE audit_log SET seq = -1 WHERE seq = 3;
        UPDATE audit_log SET seq = 3 WHERE seq = 4;
        UPDATE audit_log SET seq = 4 WHERE seq = -1
        """

    private static let inserted = """
        UPDATE audit_log SET seq = seq + 100 WHERE seq > 4;
        UPDATE audit_log SET seq = seq - 99 WHERE seq > 100;
        INSERT INTO audit_log SELECT 5, at, actor, action, tenant_id, subject, details, members,
            hash FROM audit_log WHERE seq = 4
        """

    @Test(arguments: AuditTests.forgeries)
    func whoeverWritesAroundTheStoreIsFound(sql: String, at sequence: Int64) async throws {
        try await withStore { store, path in
            try await fill(store)
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
            try rawSQL(path, AuditTests.guards + sql)
            guard case .broken(let found, _) = try await store.verifyAudit(checkpoint: nil) else {
                Issue.record("not found: \(sql)")
                return
            }
            #expect(found == sequence)
        }
    }

    @Test func aRowThatNoBatchVouchesForIsFound() async throws {
        try await withStore { store, path in
            try await fill(store)
            try rawSQL(
                path,
                """
                CREATE TEMP TABLE copy AS SELECT * FROM ai_usage_log WHERE attempt_id = 1;
                UPDATE copy SET attempt_id = 9;
                INSERT INTO ai_usage_log SELECT * FROM copy
                """)
            #expect(try await !store.verifyAudit(checkpoint: nil).isSound)
        }
    }

    @Test func aReplacedRowIsFound() async throws {
        try await withStore { store, path in
            try await fill(store)
            try rawSQL(
                path,
                """
                CREATE TEMP TABLE copy AS SELECT * FROM ai_usage_log WHERE attempt_id = 1;
                UPDATE copy SET cost_nanos = 1;
                INSERT OR REPLACE INTO ai_usage_log SELECT * FROM copy
                """)
            #expect(try await !store.verifyAudit(checkpoint: nil).isSound)
        }
    }

    @Test func aCutTailIsFoundByItsCheckpoint() async throws {
        try await withStore { store, path in
            try await fill(store)
            let head = try #require(try await store.auditEntries(below: nil, limit: 1).first)
            let checkpoint = AuditCheckpoint(sequence: head.sequence, hash: head.hash)
            // The last batch with its row, and the sums with them: what is left is sound.
            try rawSQL(
                path,
                AuditTests.guards
                    + "DELETE FROM audit_log WHERE seq = 9; DELETE FROM ai_usage_log "
                    + "WHERE attempt_id = 3; UPDATE usage_rollup SET calls = 2, "
                    + "input_tokens = 624, output_tokens = 174, cost_nanos = 1000")
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
            #expect(try await !store.verifyAudit(checkpoint: checkpoint).isSound)
            var wrong = head.hash
            wrong[0] ^= 1
            let other = AuditCheckpoint(sequence: 8, hash: wrong)
            #expect(try await !store.verifyAudit(checkpoint: other).isSound)
            let zero = AuditCheckpoint(sequence: 0, hash: wrong)
            #expect(try await !store.verifyAudit(checkpoint: zero).isSound)
        }
    }

    @Test func theChainGoesOnAfterReopening() async throws {
        let folder = try StoreFolder()
        for round in 0..<3 as Range<Int64> {
            let store = try await SQLiteStore.open(path: folder.path)
            try await store.append(Sample.audit())
            let row = try Sample.intent(round + 1)
            _ = try await store.intend(row, claim: nil)
            try await store.settle(try row.settled(cost: 1), claim: nil)
            let verdict = try await store.verifyAudit(checkpoint: nil)
            guard case .sound(let entries, _) = verdict else {
                Issue.record("\(verdict)")
                return
            }
            #expect(entries == (round + 1) * 2)
            await store.close()
        }
    }
}
