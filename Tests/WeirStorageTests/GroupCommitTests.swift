import Testing
import WeirCore
import WeirService
import WeirStorage

@Suite struct GroupCommitTests {
    @Test func concurrentCallsAreAllThereAndSumUp() async throws {
        try await withStore { store, path in
            let count: Int64 = 2_000
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...count {
                    group.addTask {
                        let row = try Sample.intent(
                            number, tenant: number % 7 + 1, user: number % 13,
                            feature: "feature-\(number % 3)")
                        let claim = try Sample.claim("key-\(number)", tenant: number % 7 + 1)
                        #expect(try await store.intend(row, claim: claim) == .claimed)
                        try await store.settle(
                            try row.settled(cost: number, input: number, output: 1),
                            claim: .complete(claim, StoredReply(status: 200, body: [65])))
                    }
                }
                try await group.waitForAll()
            }
            // Summed here, row by row, without anything that the roll-ups come from.
            var sums: [[Int64]: [Int64]] = [:]
            let rows = try rawIntegers(
                path, "SELECT tenant_id, user_id, cost_nanos, input_tokens FROM ai_usage_log")
            #expect(rows.count == Int(count))
            for row in rows {
                for key in [[row[0]], [row[0], row[1]]] {
                    let old = sums[key] ?? [0, 0, 0]
                    sums[key] = [old[0] + 1, old[1] + row[2], old[2] + row[3]]
                }
            }
            for tenant in 1...7 as ClosedRange<Int64> {
                let usage = try await store.usage(
                    tenant: Sample.tenant(tenant), period: Sample.period(), by: .user)
                #expect(usage.totals.parts == sums[[tenant]])
                for line in usage.lines {
                    let user = try #require(Int64(line.name))
                    #expect(line.totals.parts == sums[[tenant, user]])
                }
            }
            #expect(try rawIntegers(path, "SELECT count(*) FROM open_attempts") == [[0]])
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
        }
    }

    @Test func callsShareTransactions() async throws {
        try await withStore { store, path in
            let rows = try (1...400).map { try Sample.intent($0) }
            try await concurrently(rows) { _ = try await store.intend($0, claim: nil) }
            try await concurrently(rows) {
                try await store.settle(try $0.settled(cost: 1), claim: nil)
            }
            // One entry for each transaction that settled something.
            let batches = try rawIntegers(path, "SELECT count(*) FROM audit_log")[0][0]
            #expect(batches < 200, "400 settlements took \(batches) transactions")
        }
    }

    @Test func aRefusedRowTakesNobodyWithIt() async throws {
        try await withStore { store, path in
            let rows = try (1...300).map { try Sample.intent($0) }
            try await concurrently(rows) { _ = try await store.intend($0, claim: nil) }
            try await concurrently(rows) { row in
                // Every tenth is void and costs something: the database refuses it after its
                // intent was closed, which has to be undone.
                var end = try row.settled(cost: 7)
                let isPoisoned = row.attempt.number % 10 == 0
                if isPoisoned { end.state = .void }
                do {
                    try await store.settle(end, claim: nil)
                    #expect(!isPoisoned)
                } catch StoreError.refused {
                    #expect(isPoisoned)
                }
            }
            let totals = try await store.tenantTotals(period: Sample.period())
            #expect(totals[try Sample.tenant()]?.parts == [270, 270 * 7, 270 * 312])
            #expect(try rawIntegers(path, "SELECT count(*) FROM open_attempts") == [[30]])
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
            #expect(store.failure == nil)
        }
    }

    @Test func theChainStaysWholeAroundRefusedRows() async throws {
        try await withStore { store, _ in
            let rows = try (1...300).map { try Sample.intent($0) }
            try await concurrently(rows) { _ = try await store.intend($0, claim: nil) }
            try await concurrently(rows) { row in
                if row.attempt.number % 3 > 0 {
                    return try await store.append(Sample.audit())
                }
                var end = try row.settled(cost: 7)
                end.state = .void
                await #expect(throws: StoreError.self) {
                    try await store.settle(end, claim: nil)
                }
            }
            let verdict = try await store.verifyAudit(checkpoint: nil)
            guard case .sound(let entries, _) = verdict else {
                Issue.record("\(verdict)")
                return
            }
            #expect(entries == 200)
        }
    }

    @Test func aSumThatLeaves64BitsIsRefusedAlone() async throws {
        try await withStore { store, _ in
            let rows = try (1...40).map { try Sample.intent($0) }
            try await concurrently(rows) { _ = try await store.intend($0, claim: nil) }
            try await concurrently(rows) {
                try await store.settle(try $0.settled(cost: 1), claim: nil)
            }
            let huge = rows.map { $0.adjusted($0.attempt.number + 1_000, by: Int64.max / 3) }
            let small = rows.map { $0.adjusted($0.attempt.number + 2_000, by: 1) }
            let accepted = Counter()
            try await concurrently(huge + small) { row in
                do {
                    try await store.record(row, audit: nil)
                    accepted.add(row.outcome?.cost.nanos ?? 0)
                } catch StoreError.refused {
                    #expect(row.outcome?.cost.nanos != 1)
                }
            }
            let totals = try await store.tenantTotals(period: Sample.period())
            #expect(totals[try Sample.tenant()]?.cost.nanos == accepted.value + 40)
            #expect(accepted.value > Int64.max / 3)
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
        }
    }

    @Test func moreThanMayWaitIsRefusedAsOverloaded() async throws {
        var options = SQLiteStore.Options()
        options.writesWaiting = 4
        options.batch = 2
        try await withStore(options) { store, path in
            let rows = try (1...500).map { try Sample.intent($0) }
            let accepted = Counter()
            try await concurrently(rows) { row in
                do {
                    _ = try await store.intend(row, claim: nil)
                    accepted.add(1)
                } catch StoreError.overloaded {}
            }
            #expect(accepted.value < 500)
            #expect(
                try rawIntegers(path, "SELECT count(*) FROM open_attempts") == [[accepted.value]])
        }
    }

    @Test func theLogStaysShortUnderReaders() async throws {
        var options = SQLiteStore.Options()
        options.pagesBeforeCheckpoint = 50
        options.pagesBeforeCut = 200
        try await withStore(options) { store, path in
            let tenant = try Sample.tenant()
            let period = try Sample.period()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<4 as Range<Int64> {
                    group.addTask {
                        for step in 0..<300 as Range<Int64> {
                            let row = try Sample.intent(step * 4 + lane + 1)
                            _ = try await store.intend(row, claim: nil)
                            try await store.settle(try row.settled(cost: 1), claim: nil)
                        }
                    }
                    group.addTask {
                        for _ in 0..<300 {
                            _ = try await store.rows(
                                tenant: tenant, period: period, below: nil, limit: 500)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let size = try fileSize(path + "-wal")
            #expect(size < 8 << 20, "the log has grown to \(size) bytes")
            let totals = try await store.tenantTotals(period: period)
            #expect(totals[tenant]?.calls == 1_200)
        }
    }
}
