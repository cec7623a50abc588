import Testing
import WeirCore
import WeirService
import WeirStorage
import WeirTesting

@Suite struct BatchStoreTests {
    private static let price = #"""
        {"version":"2026-01","prices":[{"provider":"anthropic","model":"claude-haiku-4-5",
        "context_window":200000,"hidden_thoughts":"on_request","input":"0.4","output":"2",
        "cache_read":"0.04","cache_write_5m":"0.4","cache_write_1h":"0.4"}]}
        """#

    private func batch(
        _ name: String, _ attempts: ClosedRange<Int64>, tenant: Int64 = 42
    ) throws -> OpenBatch {
        OpenBatch(
            id: try #require(BatchID(name)), tenant: try Sample.tenant(tenant),
            provider: try #require(ProviderName("anthropic")),
            price: try #require(ModelPrice(document: Self.price)), changedAt: Sample.now,
            calls: try attempts.map {
                OpenBatch.Call(
                    row: try Sample.intent($0, held: 100), job: try Sample.jobID(Int($0)),
                    epoch: $0, number: Int($0 % 3), input: 10 * $0, output: 20 * $0)
            })
    }

    private func run(_ body: (any BatchStore & LedgerStore) async throws -> Void) async throws {
        try await body(InMemoryLedgerStore())
        try await withStore { store, _ in try await body(store) }
    }

    @Test func `what was opened is there again, in the state that it came to`() async throws {
        try await run { store in
            let (first, second) = (try batch("batch_1", 1...3), try batch("batch_2", 4...4))
            try await store.open(first)
            try await store.open(second)
            #expect(try await store.openBatches() == [first, second])
            let id = try #require(Slug("msgbatch_9"))
            let later = Sample.now.advanced(seconds: 9)
            try await store.mark(first.id, .submitting, at: later)
            try await store.mark(second.id, .submitted(id), at: later)
            let open = try await store.openBatches()
            #expect(open.map(\.state) == [.submitting, .submitted(id)])
            #expect(open.map(\.changedAt) == [later, later])
            #expect(open.map(\.calls) == [first.calls, second.calls])
        }
    }

    @Test func `recovery leaves a batch's calls open, and nothing else`() async throws {
        let folder = try StoreFolder()
        let first = try await SQLiteStore.open(path: folder.path)
        let batch = try batch("batch_1", 1...3)
        try await first.open(batch)
        _ = try await first.intend(try Sample.intent(9, held: 7), claim: nil)
        await first.close()
        let store = try await SQLiteStore.open(path: folder.path)
        let summary = try await store.recover(now: Sample.now)
        #expect(summary == RecoverySummary(inDoubt: 1, charged: Money(nanos: 7)))
        #expect(try await store.openBatches() == [batch])
        await store.close()
    }

    @Test func `a batch is closed once its calls are settled, not before`() async throws {
        try await run { store in
            let batch = try batch("batch_1", 1...2)
            try await store.open(batch)
            let settled = try batch.calls[0].row.settled(cost: 3)
            try await store.settle(settled, claim: nil)
            await #expect(throws: StoreError.self) { try await store.close(batch.id) }
            // The settled one comes with its terminal row.
            let open = try #require(try await store.openBatches().first)
            #expect(open.calls.map(\.row) == [settled, batch.calls[1].row])
            try await store.settle(batch.calls[1].row.voided(), claim: nil)
            try await store.close(batch.id)
            #expect(try await store.openBatches().isEmpty)
        }
    }

    @Test func `a batch that can't be opened whole leaves nothing`() async throws {
        try await withStore { store, _ in
            try await store.open(try batch("batch_1", 3...3))
            // The third attempt is there already.
            await #expect(throws: StoreError.self) {
                try await store.open(try batch("batch_2", 1...3))
            }
            // Another tenant's calls.
            await #expect(throws: StoreError.self) {
                try await store.open(try batch("batch_3", 5...6, tenant: 7))
            }
            #expect(try await store.openBatches().map(\.id.description) == ["batch_1"])
            let row = try await store.row(
                tenant: try Sample.tenant(), attempt: AttemptID(number: 1))
            #expect(row == nil)
            await #expect(throws: StoreError.self) {
                try await store.mark(
                    try #require(BatchID("batch_2")), .submitting, at: Sample.now)
            }
        }
    }
}
