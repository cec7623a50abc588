import Testing
import WeirCore
import WeirService
import WeirStorage

@Suite struct LedgerTests {
    @Test func anAttemptIsReadBackAsItWasWritten() async throws {
        try await withStore { store, _ in
            let intent = try Sample.intent(10)
            #expect(try await store.intend(intent, claim: nil) == .claimed)
            #expect(try await store.row(tenant: intent.tenant, attempt: intent.attempt) == intent)
            var settled = try intent.settled(cost: 598_000)
            settled.outcome?.usage = try #require(
                TokenUsage(
                    input: 900, output: 87, cacheRead: 500, cacheWrite5m: 100, cacheWrite1h: 50,
                    reasoning: 40, webSearches: 2, serviceTier: .priority))
            settled.outcome?.isUsageSuspect = true
            try await store.settle(settled, claim: nil)
            #expect(try await store.row(tenant: intent.tenant, attempt: intent.attempt) == settled)
            #expect(try await store.row(tenant: Sample.tenant(7), attempt: intent.attempt) == nil)
            #expect(try await store.highestAttempt() == intent.attempt)
        }
    }

    @Test func settlingTwiceChangesNothing() async throws {
        try await withStore { store, _ in
            let intent = try Sample.intent(10)
            _ = try await store.intend(intent, claim: nil)
            let first = try intent.settled(cost: 598_000)
            try await store.settle(first, claim: nil)
            try await store.settle(try intent.settled(cost: 999_000), claim: nil)
            try await store.settle(intent.voided(), claim: nil)
            #expect(try await store.row(tenant: intent.tenant, attempt: intent.attempt) == first)
            let usage = try await store.usage(
                tenant: intent.tenant, period: Sample.period(), by: .user)
            #expect(usage.totals.cost == Money(nanos: 598_000))
            #expect(usage.totals.calls == 1)
        }
    }

    @Test func whatHasNoFittingIntentIsRefused() async throws {
        try await withStore { store, _ in
            let intent = try Sample.intent(10)
            await #expect(throws: StoreError.self) {
                try await store.settle(try intent.settled(cost: 1), claim: nil)
            }
            _ = try await store.intend(intent, claim: nil)
            var other = try intent.settled(cost: 1)
            other.user = try #require(UserID(5))
            await #expect(throws: StoreError.self) { try await store.settle(other, claim: nil) }
            await #expect(throws: StoreError.self) { try await store.settle(intent, claim: nil) }
            await #expect(throws: StoreError.self) {
                try await store.intend(try intent.settled(cost: 1), claim: nil)
            }
            let open = try await store.row(tenant: intent.tenant, attempt: intent.attempt)
            #expect(open == intent)
            #expect(store.failure == nil)
        }
    }

    @Test func anAttemptExistsOnce() async throws {
        try await withStore { store, _ in
            let intent = try Sample.intent(10)
            _ = try await store.intend(intent, claim: nil)
            await #expect(throws: StoreError.self) { try await store.intend(intent, claim: nil) }
            await #expect(throws: StoreError.self) {
                try await store.intend(try Sample.intent(11, request: "req_10"), claim: nil)
            }
            await #expect(throws: StoreError.self) {
                try await store.record(intent.replayed(10), audit: nil)
            }
            try await store.settle(try intent.settled(cost: 5), claim: nil)
            await #expect(throws: StoreError.self) { try await store.intend(intent, claim: nil) }
            await #expect(throws: StoreError.self) {
                try await store.intend(try Sample.intent(10, tenant: 7), claim: nil)
            }
            await #expect(throws: StoreError.self) {
                try await store.record(intent.replayed(10), audit: nil)
            }
        }
    }

    @Test func rollUpsCountEachKindAsItShould() async throws {
        try await withStore { store, _ in
            let rows = try (1...4).map { try Sample.intent($0) }
            for row in rows { _ = try await store.intend(row, claim: nil) }
            try await store.settle(try rows[0].settled(cost: 598_000), claim: nil)
            try await store.settle(rows[1].voided(), claim: nil)
            try await store.settle(
                try rows[2].settled(
                    cost: 0, input: 0, output: 0, status: .providerRejected, basis: .none),
                claim: nil)
            try await store.record(rows[0].replayed(5), audit: nil)
            try await store.record(rows[0].adjusted(6, by: -98_000), audit: Sample.audit())
            let usage = try await store.usage(
                tenant: Sample.tenant(), period: Sample.period(), by: .feature)
            let expected = UsageTotals(
                calls: 3, inputTokens: 312, outputTokens: 87, cost: Money(nanos: 500_000))
            #expect(usage.totals == expected)
            #expect(usage.lines == [.init(name: "sales-summary", totals: expected)])
            let sum = try await store.adjustments(
                tenant: Sample.tenant(), of: AttemptID(number: 1))
            #expect(sum == Money(nanos: -98_000))
            #expect(
                try await store.tenantTotals(period: Sample.period()) == [
                    Sample.tenant(): expected
                ])
        }
    }

    @Test func adjustmentsNeedASettledRowOfTheTenant() async throws {
        try await withStore { store, _ in
            let intent = try Sample.intent(1)
            await #expect(throws: StoreError.self) {
                try await store.record(intent.adjusted(2, by: 5), audit: nil)
            }
            _ = try await store.intend(intent, claim: nil)
            await #expect(throws: StoreError.self) {
                try await store.record(intent.adjusted(2, by: 5), audit: nil)
            }
            try await store.settle(try intent.settled(cost: 9), claim: nil)
            var foreign = intent.adjusted(2, by: 5)
            foreign.tenant = try Sample.tenant(7)
            await #expect(throws: StoreError.self) {
                try await store.record(foreign, audit: nil)
            }
            try await store.record(intent.adjusted(2, by: 5), audit: nil)
        }
    }

    @Test(arguments: UsageGrouping.allCases)
    func usageIsGroupedAndSorted(by grouping: UsageGrouping) async throws {
        try await withStore { store, _ in
            for (attempt, cost) in [(1, 5), (2, 9), (3, 5), (4, 1)] as [(Int64, Int64)] {
                let row = try Sample.intent(
                    attempt, user: attempt, feature: "feature-\(attempt)",
                    model: "model-\(attempt)", provider: "provider-\(attempt)",
                    day: 20_260_400 + Int32(attempt))
                _ = try await store.intend(row, claim: nil)
                try await store.settle(try row.settled(cost: cost), claim: nil)
            }
            let usage = try await store.usage(
                tenant: Sample.tenant(), period: Sample.period(), by: grouping)
            #expect(usage.totals.cost == Money(nanos: 20))
            #expect(usage.totals.calls == 4)
            let names = usage.lines.map(\.name)
            switch grouping {
            case .user: #expect(names == ["2", "1", "3", "4"])
            case .day:
                #expect(names == ["2026-04-02", "2026-04-01", "2026-04-03", "2026-04-04"])
            case .key: #expect(names == ["key_1"])
            case .feature, .model, .provider:
                #expect(names == [2, 1, 3, 4].map { "\(grouping.rawValue)-\($0)" })
            }
        }
    }

    @Test func rowsArePagedNewestFirstWithinAPeriod() async throws {
        try await withStore { store, _ in
            for attempt in 1...9 as ClosedRange<Int64> {
                let row = try Sample.intent(
                    attempt, tenant: attempt == 5 ? 7 : 42,
                    period: attempt == 3 ? "2026-05" : "2026-04")
                _ = try await store.intend(row, claim: nil)
                if attempt % 2 == 0 { try await store.settle(try row.settled(cost: 1), claim: nil) }
            }
            var seen: [Int64] = []
            var cursor: AttemptID?
            while true {
                let page = try await store.rows(
                    tenant: Sample.tenant(), period: Sample.period(), below: cursor, limit: 3)
                guard let last = page.last else { break }
                seen += page.map(\.attempt.number)
                cursor = last.attempt
            }
            #expect(seen == [9, 8, 7, 6, 4, 2, 1])
            let none = try await store.rows(
                tenant: Sample.tenant(), period: Sample.period(), below: nil, limit: 0)
            #expect(none.isEmpty)
        }
    }

    @Test func countersAndThresholds() async throws {
        try await withStore { store, path in
            let row = try Sample.intent(1)
            _ = try await store.intend(row, claim: nil)
            try await store.settle(try row.settled(cost: 850), claim: nil)
            let scopes: [BudgetScope] = [
                .tenant, .user(101), .feature("sales-summary"), .key("key_1"), .user(5),
            ]
            let keys = try scopes.map {
                BudgetBook.CounterKey(
                    tenant: try Sample.tenant(), period: try Sample.period(), scope: $0)
            }
            let crossing = try crossing(of: keys[0], settled: 850, limit: 1_000)
            #expect(try await store.announce(crossing, audit: Sample.audit("budget.threshold")))
            #expect(
                try await !store.announce(crossing, audit: Sample.audit("budget.threshold")))
            let counters = try await store.counters(keys)
            #expect(counters.map(\.settled.nanos) == [850, 850, 850, 850, 0])
            #expect(counters.map(\.announced) == [[80], [], [], [], []])
            #expect(try rawIntegers(path, "SELECT count(*) FROM events") == [[1]])
            let audited = try await store.auditEntries(below: nil, limit: 10)
            #expect(audited.map(\.entry.action) == ["budget.threshold", "ledger.batch"])
        }
    }

    private func crossing(
        of key: BudgetBook.CounterKey, settled: Int64, limit: Int64
    ) throws -> BudgetBook.ThresholdCrossing {
        var book = BudgetBook()
        book.open(key, settled: .zero, readAt: book.generation)
        let attempt = AttemptID(number: 1)
        let admission = book.hold(
            attempt, amount: Money(nanos: settled), tenant: key.tenant, period: key.period,
            limits: [ScopeLimit(scope: key.scope, limit: .capped(Money(nanos: limit)))])
        #expect(admission == .held)
        book.settle(attempt, cost: Money(nanos: settled))
        return try #require(book.takeCrossings().first)
    }
}
