import Testing
import WeirCore
import WeirService
import WeirStorage

@Suite struct RecoveryTests {
    private let later = Sample.now.advanced(seconds: 60)

    @Test func everyAcknowledgedWriteIsInACrashImage() async throws {
        try await withStore { store, path in
            let rows = try (1...50).map { try Sample.intent($0, held: 100 + $0) }
            try await concurrently(rows) { _ = try await store.intend($0, claim: nil) }
            try await concurrently(Array(rows.prefix(20))) {
                try await store.settle(try $0.settled(cost: 3), claim: nil)
            }
            let image = try crashImage(of: path)
            let survivor = try await SQLiteStore.open(path: image.path)
            let summary = try await survivor.recover(now: later)
            let held = (21...50).reduce(Int64(0)) { $0 + 100 + $1 }
            #expect(summary == RecoverySummary(inDoubt: 30, charged: Money(nanos: held)))
            let totals = try await survivor.tenantTotals(period: Sample.period())
            #expect(totals[try Sample.tenant()]?.parts == [50, 60 + held, 20 * 312])
            #expect(try await survivor.verifyAudit(checkpoint: nil).isSound)
            await survivor.close()
        }
    }

    @Test func openAttemptsAreChargedAtTheirWorstCase() async throws {
        let folder = try StoreFolder()
        let intent = try Sample.intent(10, held: 4_000)
        let first = try await SQLiteStore.open(path: folder.path)
        _ = try await first.intend(intent, claim: nil)
        await first.close()
        let store = try await SQLiteStore.open(path: folder.path)
        #expect(try await store.row(tenant: intent.tenant, attempt: intent.attempt) == intent)
        let summary = try await store.recover(now: later)
        #expect(summary == RecoverySummary(inDoubt: 1, charged: Money(nanos: 4_000)))
        var expected = intent
        expected.state = .settled
        expected.outcome = LedgerRow.Outcome(
            status: .crashed, cost: Money(nanos: 4_000), basis: .worstCase, usage: .zero,
            isInDoubt: true, settledAt: later)
        #expect(try await store.row(tenant: intent.tenant, attempt: intent.attempt) == expected)
        // The answer that arrives late changes nothing any more.
        try await store.settle(try intent.settled(cost: 1), claim: nil)
        #expect(try await store.row(tenant: intent.tenant, attempt: intent.attempt) == expected)
        let key = BudgetBook.CounterKey(
            tenant: intent.tenant, period: intent.date.period, scope: .user(101))
        #expect(try await store.counters([key]).map(\.settled.nanos) == [4_000])
        let actions = try await store.auditEntries(below: nil, limit: 10).map(\.entry.action)
        #expect(actions == ["ledger.batch", "ledger.recovery"])
        await store.close()
    }

    @Test func recoveringTwiceOrWithNothingOpenDoesNothing() async throws {
        try await withStore { store, _ in
            let nothing = RecoverySummary(inDoubt: 0, charged: .zero)
            #expect(try await store.recover(now: later) == nothing)
            #expect(try await store.auditEntries(below: nil, limit: 1).isEmpty)
            let claim = try Sample.claim("k")
            _ = try await store.intend(try Sample.intent(10), claim: claim)
            #expect(try await store.recover(now: later) == nothing)
            let record = try await store.claim(
                tenant: claim.tenant, key: "k", now: Sample.now)
            #expect(record != nil && record?.reply == nil)
        }
    }

    @Test func whatThisProcessStartedIsNotRecovered() async throws {
        try await withStore { store, _ in
            let claim = try Sample.claim("k")
            let intent = try Sample.intent(10)
            _ = try await store.intend(intent, claim: claim)
            let summary = try await store.recover(now: later)
            #expect(summary == RecoverySummary(inDoubt: 0, charged: .zero))
            try await store.settle(
                try intent.settled(cost: 1),
                claim: .complete(claim, StoredReply(status: 200, body: [65])))
            let record = try await store.claim(tenant: claim.tenant, key: "k", now: Sample.now)
            #expect(record?.reply == StoredReply(status: 200, body: [65]))
        }
    }

    @Test func claimsOfInterruptedCallsEndWithTheirError() async throws {
        let folder = try StoreFolder()
        let first = try await SQLiteStore.open(path: folder.path)
        let open = try Sample.claim("open")
        let orphan = try Sample.claim("orphan")
        let done = try Sample.claim("done")
        let between = try Sample.claim("between")
        _ = try await first.intend(try Sample.intent(1), claim: open)
        let claims: [(Int64, IdempotencyClaim)] = [(2, orphan), (3, done), (4, between)]
        for (number, claim) in claims {
            let row = try Sample.intent(number)
            _ = try await first.intend(row, claim: claim)
            let reply = StoredReply(status: 200, body: [65])
            var settled = try row.settled(cost: number == 2 ? 0 : 1)
            // The orphan's attempt was refused for nothing, the other's was charged, and in both
            // calls another attempt was to follow.
            if number == 2 { settled.outcome?.basis = .none }
            try await first.settle(
                settled, claim: number == 3 ? .complete(claim, reply) : nil)
        }
        await first.close()
        let store = try await SQLiteStore.open(path: folder.path)
        _ = try await store.recover(now: later)
        let ended = try await store.claim(tenant: open.tenant, key: "open", now: later)
        #expect(ended?.reply?.status == 502)
        let body =
            #"{"error":"provider_error","message":"The call was interrupted and its outcome is "#
            + #"unknown; it was charged at its worst case","request_id":"req_1"}"#
        #expect(ended?.reply.map { String(decoding: $0.body, as: UTF8.self) } == body)
        let freed = try await store.claim(tenant: open.tenant, key: "orphan", now: later)
        #expect(freed == nil)
        let charged = try await store.claim(tenant: open.tenant, key: "between", now: later)
        #expect(charged?.reply?.status == 502, "never a second execution of what was charged")
        let kept = try await store.claim(tenant: open.tenant, key: "done", now: later)
        #expect(kept?.reply == StoredReply(status: 200, body: [65]))
        await store.close()
    }
}
