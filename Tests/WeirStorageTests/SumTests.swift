import Testing
import WeirCore
import WeirService
import WeirStorage

/// The sums that budgets start from, against the rows that they are sums of.
@Suite struct SumTests {
    /// An id of the month that the sample rows belong to.
    private static func attempt(_ number: Int64) -> Int64 {
        AttemptID.lowest(at: Sample.now).number + number
    }

    /// Two tenants' calls, a correction, a replay, a void attempt and an open one.
    private func fill(_ store: SQLiteStore) async throws {
        for number in 1...6 as ClosedRange<Int64> {
            let row = try Sample.intent(
                SumTests.attempt(number), tenant: number % 2 + 42, user: number % 3)
            _ = try await store.intend(row, claim: nil)
            if number == 6 { continue }
            try await store.settle(
                number == 5 ? row.voided() : try row.settled(cost: 500 * number), claim: nil)
            if number == 2 {
                let settled = try row.settled(cost: 1_000)
                try await store.record(
                    settled.adjusted(SumTests.attempt(20), by: -300), audit: Sample.audit())
                try await store.record(settled.replayed(SumTests.attempt(21)), audit: nil)
            }
        }
    }

    /// A stopped store's file after a change behind its back.
    private func changed(_ sql: String) async throws -> StoreFolder {
        let folder = try StoreFolder()
        let store = try await SQLiteStore.open(path: folder.path)
        try await fill(store)
        await store.close()
        if !sql.isEmpty { try rawSQL(folder.path, "PRAGMA ignore_check_constraints = ON;\(sql)") }
        return folder
    }

    private func withChanged(
        _ sql: String, _ body: (SQLiteStore, String) async throws -> Void
    ) async throws {
        let folder = try await changed(sql)
        let store = try await SQLiteStore.open(path: folder.path)
        do {
            try await body(store, folder.path)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    private static let changes = [
        "UPDATE usage_rollup SET cost_nanos = 0",
        "UPDATE usage_rollup SET cost_nanos = cost_nanos - 1 WHERE dimension = 'total'",
        "UPDATE usage_rollup SET calls = calls + 1 WHERE dimension = 'user' AND value = '1'",
        "UPDATE usage_rollup SET input_tokens = 0 WHERE dimension = 'day'",
        "UPDATE usage_rollup SET output_tokens = 1 WHERE dimension = 'model'",
        "UPDATE usage_rollup SET value = 'sales' WHERE dimension = 'feature'",
        "UPDATE usage_rollup SET value = 'key_2' WHERE dimension = 'key'",
        "UPDATE usage_rollup SET dimension = 'vendor' WHERE dimension = 'provider'",
        "UPDATE usage_rollup SET tenant_id = 7 WHERE tenant_id = 42 AND dimension = 'total'",
        "UPDATE usage_rollup SET period = 202605 WHERE dimension = 'total'",
        "DELETE FROM usage_rollup",
        "DELETE FROM usage_rollup WHERE dimension = 'key' AND tenant_id = 42",
        // A credit planted for a month to come, and a name that only Swift holds for the same.
        """
        INSERT INTO usage_rollup VALUES (42, 202612, 'total', '', 0, 0, 0, -1000000000000)
        """,
        "UPDATE usage_rollup SET value = 'sales-summar\u{FF59}' WHERE dimension = 'feature'",
        "UPDATE usage_rollup SET value = CAST(x'6B65795FFF' AS TEXT) WHERE dimension = 'key'",
    ]

    @Test func soundSumsAreSound() async throws {
        try await withChanged("") { store, _ in
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
            // The void one and the open one are no settled rows.
            let verdict = try await store.checkSums(
                from: Sample.period(), waitingAtMost: .seconds(60))
            #expect(verdict == .sound(rows: 6))
            #expect(try await store.recover(now: Sample.now).inDoubt == 1)
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
        }
    }

    @Test(arguments: SumTests.changes)
    func aChangedSumIsFound(sql: String) async throws {
        try await withChanged(sql) { store, _ in
            guard case .broken(_, let reason) = try await store.verifyAudit(checkpoint: nil) else {
                Issue.record("not found by the verification: \(sql)")
                return
            }
            #expect(reason.contains("tenant") && reason.contains("2026"))
            let verdict = try await store.checkSums(
                from: Sample.period(), waitingAtMost: .seconds(60))
            guard case .differing(let first, _) = verdict else {
                Issue.record("not found at the start: \(sql)")
                return
            }
            #expect(reason.hasPrefix(first))
            #expect(store.failure == nil)
        }
    }

    @Test func aDifferenceNamesWhoseSumItIs() async throws {
        let sql = """
            UPDATE usage_rollup SET cost_nanos = 0
            WHERE tenant_id = 43 AND dimension = 'user' AND value = '1'
            """
        try await withChanged(sql) { store, _ in
            let verdict = try await store.checkSums(
                from: Sample.period(), waitingAtMost: .seconds(60))
            #expect(
                verdict
                    == .differing(
                        "tenant 43, 2026-04, user 1: the stored sum is 1 calls, 312 + 87 tokens, "
                            + "0 USD, its rows make 1 calls, 312 + 87 tokens, 0.0000005 USD",
                        count: 1))
        }
    }

    @Test func anEarlierMonthIsTheVerificationsAlone() async throws {
        try await withChanged("UPDATE usage_rollup SET cost_nanos = 0") { store, _ in
            let verdict = try await store.checkSums(
                from: Sample.period("2026-05"), waitingAtMost: .seconds(60))
            #expect(verdict == .sound(rows: 0))
            #expect(try await !store.verifyAudit(checkpoint: nil).isSound)
        }
    }

    @Test func whatIsFoundTooLateEndsAllWriting() async throws {
        let folder = try await changed("UPDATE usage_rollup SET calls = 0 WHERE dimension = 'day'")
        let store = try await SQLiteStore.open(path: folder.path)
        let verdict = try await store.checkSums(from: Sample.period(), waitingAtMost: .zero)
        // A check of six rows may well be through before it is asked for.
        if verdict == .pending {
            let start = ContinuousClock.now
            while store.failure == nil, start.duration(to: .now) < .seconds(30) {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(store.failure?.contains("day 2026-04-23") == true)
            await #expect(throws: StoreError.self) { try await store.append(Sample.audit()) }
        }
        await store.close()
        // The next start waits to the end; after a repair none has to.
        let next = try await SQLiteStore.open(path: folder.path)
        guard
            case .differing = try await next.checkSums(
                from: Sample.period(), waitingAtMost: verdict == .pending ? .zero : .seconds(60))
        else {
            Issue.record("the second start didn't wait")
            return
        }
        guard case .repaired = try await next.rebuildSums(now: Sample.now) else {
            Issue.record("not repaired")
            return
        }
        await next.close()
        #expect(try rawIntegers(folder.path, "PRAGMA application_id") == [[0]])
    }

    @Test func rowsThatSettleMeanwhileAreNoDifference() async throws {
        try await withChanged("") { store, _ in
            async let verdict = store.checkSums(from: Sample.period(), waitingAtMost: .zero)
            for number in 30..<130 as Range<Int64> {
                let row = try Sample.intent(SumTests.attempt(number))
                _ = try await store.intend(row, claim: nil)
                try await store.settle(try row.settled(cost: 7), claim: nil)
            }
            _ = try await verdict
            _ = try await store.recover(now: Sample.now)
            #expect(store.failure == nil)
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
        }
    }

    @Test(arguments: SumTests.changes)
    func sumsAreRebuiltFromTheirRows(sql: String) async throws {
        try await withChanged(sql) { store, path in
            guard case .repaired(let differences) = try await store.rebuildSums(now: Sample.now)
            else {
                Issue.record("not repaired: \(sql)")
                return
            }
            #expect(!differences.isEmpty)
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
            let entry = try #require(try await store.auditEntries(below: nil, limit: 1).first)
            #expect(entry.entry.action == "ledger.rebuild_sums")
            #expect(entry.entry.details["sums"] == JSON(differences.count))
            #expect(try await store.rebuildSums(now: Sample.now) == .unneeded)
            let usage = try await store.usage(
                tenant: Sample.tenant(42), period: Sample.period(), by: .user)
            #expect(usage.totals.parts == [3, 2_700, 624])
        }
    }

    @Test func sumsOfForgedRowsAreNotRebuilt() async throws {
        let sql = """
            DROP TRIGGER ai_usage_log_is_final;
            UPDATE ai_usage_log SET cost_nanos = 0 WHERE cost_nanos = 1500
            """
        try await withChanged(sql) { store, _ in
            guard case .refused(let reason) = try await store.rebuildSums(now: Sample.now) else {
                Issue.record("forged rows were summed up")
                return
            }
            #expect(reason.contains("audit chain"))
        }
    }
}
