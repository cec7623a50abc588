import Testing
import WeirCore
import WeirService
import WeirTesting

@Suite struct UsageQueryTests {
    @Test func `a month is the tenant's own`() async throws {
        let west = Tenant(
            id: try tenantNumber(1), name: "West", isActive: true, timeZone: "America/Los_Angeles")
        let east = Tenant(
            id: try tenantNumber(2), name: "East", isActive: true, timeZone: "Asia/Tokyo")
        let stage = try AdminStage(tenants: [west, east])
        // 2026-04-30 20:00 UTC: April in Los Angeles, May in Tokyo.
        stage.time.set(Timestamp(milliseconds: 1_777_579_200_000))
        let queries = stage.usage()
        let april = try await queries.usage(
            of: west.id, in: nil, by: .user, for: stage.admin)
        let may = try await queries.usage(of: east.id, in: nil, by: .user, for: stage.admin)
        #expect(april.period.description == "2026-04")
        #expect(may.period.description == "2026-05")
        stage.ledger.plant(try .settled(1, tenant: 1, nanos: 5, month: 4))
        stage.ledger.plant(try .settled(2, tenant: 1, nanos: 100, month: 5))
        stage.ledger.plant(try .settled(3, tenant: 2, nanos: 7, month: 5))
        let overview = try await queries.tenants(in: nil, for: stage.admin)
        #expect(overview.map(\.spent.nanos) == [5, 7])
        let report = try await queries.budgets(of: east.id, for: stage.admin)
        #expect(report.resetsAt.rfc3339 == "2026-05-31T15:00:00Z")
    }

    private static let shares: [(Int64, Int64, Int64)] = [
        (0, 10, 0), (1, 3, 333), (2, 3, 667), (5, 10_000, 1), (4, 10_000, 0), (10, 10, 1_000),
        (15, 10, 1_500), (0, 0, 0), (1, 0, 1_000), (1 << 59, 1 << 59, 1_000),
        (.max, 1, .max), (.max, 1_000_000_000_000_000_000, 9_223),
    ]

    @Test(arguments: shares)
    func `what is used is rounded half up`(spent: Int64, limit: Int64, mille: Int64) {
        let budget = BudgetLimit.capped(Money(nanos: limit))
        #expect(budget.usedPerMille(Money(nanos: spent)) == mille)
        #expect(BudgetLimit.unlimited.usedPerMille(Money(nanos: spent)) == nil)
    }

    @Test func `held money is shown, and a cap by name or by star`() async throws {
        let caps = ScopeCaps(
            users: ["*": Money(nanos: 50), "7": Money(nanos: 20)],
            features: ["sales": Money(nanos: 70)])
        let customer = Tenant(
            id: try tenantNumber(42), name: "T", isActive: true, budget: .capped(Money(nanos: 100)),
            caps: caps)
        let stage = try AdminStage(tenants: [customer])
        stage.ledger.plant(try .settled(1, nanos: 30))
        let period = try #require(Period(year: 2026, month: 4))
        let user = try #require(UserID(101))
        try await stage.budget.hold(
            AttemptID(number: 2), amount: Money(nanos: 9), tenant: customer.id, period: period,
            limits: customer.limits(
                user: user, feature: try name("sales"), key: try name("key_service")))
        let report = try await stage.usage().budgets(
            of: nil, for: try caller(.service, 42))
        #expect(
            report.scopes.map(\.scope)
                == [.tenant, .user(7), .user(101), .feature("sales"), .key("key_service")])
        #expect(report.scopes.map(\.held.nanos) == [9, 0, 9, 9, 9])
        #expect(report.scopes.map(\.remaining?.nanos) == [61, 20, 11, 31, nil])
    }

    @Test func `a page ends where the rows end`() async throws {
        let stage = try AdminStage(tenants: [Tenant(id: try tenantNumber(42), name: "T")])
        for number in 1...5 { stage.ledger.plant(try .settled(Int64(number), nanos: 1)) }
        var cursor: AttemptID?
        var seen: [Int64] = []
        var pages = 0
        repeat {
            let page = try await stage.usage().rows(
                of: nil, in: nil, below: cursor, limit: 2, for: try caller(.tenant, 42))
            seen += page.rows.map(\.attempt.number)
            cursor = page.next
            pages += 1
        } while cursor != nil && pages < 10
        #expect(seen == [5, 4, 3, 2, 1])
        #expect(pages == 3)
    }

    @Test func `a tenant has to be named and known`() async throws {
        let stage = try AdminStage(tenants: [Tenant(id: try tenantNumber(42), name: "T")])
        let queries = stage.usage()
        let none = await refusal { () async throws(WeirError) in
            _ = try await queries.usage(of: nil, in: nil, by: .day, for: stage.admin)
        }
        #expect(none == .invalidRequest)
        let reach = try caller(.tenant, 43)
        let unknown = await refusal { () async throws(WeirError) in
            _ = try await queries.usage(of: nil, in: nil, by: .day, for: reach)
        }
        #expect(unknown == .notFound)
    }
}
