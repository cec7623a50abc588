import Testing
import WeirCore

@Suite struct BudgetBookTests {
    let tenant: TenantID
    let period: Period

    init() throws {
        tenant = try #require(TenantID(42))
        period = try #require(Period("2026-04"))
    }

    private func key(_ scope: BudgetScope) -> BudgetBook.CounterKey {
        .init(tenant: tenant, period: period, scope: scope)
    }

    private func hold(
        _ book: inout BudgetBook, _ id: Int64, _ nanos: Int64, _ limits: [ScopeLimit]
    ) -> BudgetBook.Admission {
        book.hold(
            AttemptID(number: id), amount: Money(nanos: nanos), tenant: tenant, period: period,
            limits: limits)
    }

    private func capped(_ scope: BudgetScope, _ nanos: Int64) -> ScopeLimit {
        ScopeLimit(scope: scope, limit: .capped(Money(nanos: nanos)))
    }

    @Test func `an unopened counter admits nothing`() {
        var book = BudgetBook()
        #expect(hold(&book, 1, 1, [capped(.tenant, 10)]) == .unopened([key(.tenant)]))
    }

    @Test func `a figure read before counters were dropped is stale`() {
        var book = BudgetBook()
        let generation = book.generation
        book.dropIdle()
        book.open(key(.tenant), settled: .zero, readAt: generation)
        #expect(book.counter(key(.tenant)) == nil)
    }

    @Test func `one scope's refusal holds nothing in the others`() {
        var book = BudgetBook()
        let limits = [capped(.tenant, 100), capped(.user(1), 5)]
        for limit in limits {
            book.open(key(limit.scope), settled: .zero, readAt: book.generation)
        }
        #expect(hold(&book, 1, 6, limits) == .refused(.user(1)))
        #expect(book.counter(key(.tenant))?.held == .zero)
    }

    @Test func `a zero limit blocks what costs nothing`() {
        var book = BudgetBook()
        book.open(key(.tenant), settled: .zero, readAt: book.generation)
        #expect(hold(&book, 1, 0, [capped(.tenant, 0)]) == .refused(.tenant))
    }

    @Test func `amounts at Int64's edge are refused, not wrapped`() {
        var book = BudgetBook()
        book.open(key(.tenant), settled: Money(nanos: .max - 1), readAt: book.generation)
        let unlimited = ScopeLimit(scope: .tenant, limit: .unlimited)
        #expect(hold(&book, 1, .max, [unlimited]) == .refused(.tenant))
        #expect(hold(&book, 2, -1, [unlimited]) == .refused(.tenant))
    }

    @Test func `ending a hold twice is harmless and thresholds are told once`() {
        var book = BudgetBook()
        book.open(key(.tenant), settled: .zero, readAt: book.generation)
        #expect(hold(&book, 1, 80, [capped(.tenant, 100)]) == .held)
        book.settle(AttemptID(number: 1), cost: Money(nanos: 130))
        book.settle(AttemptID(number: 1), cost: Money(nanos: 130))
        book.release(AttemptID(number: 1))
        #expect(book.counter(key(.tenant))?.settled == Money(nanos: 130))
        #expect(book.counter(key(.tenant))?.held == .zero)
        #expect(book.takeCrossings().map(\.percent) == [80, 100])
        #expect(book.takeCrossings().isEmpty)
    }

    @Test func `a lowered limit that is passed already is told at the next admission`() {
        var book = BudgetBook()
        book.open(key(.tenant), settled: Money(nanos: 50), readAt: book.generation)
        #expect(hold(&book, 1, 1, [capped(.tenant, 100)]) == .held)
        #expect(book.takeCrossings().isEmpty)
        #expect(hold(&book, 2, 1, [capped(.tenant, 50)]) == .refused(.tenant))
        #expect(book.takeCrossings().map(\.percent) == [80, 100])
    }

    @Test func `counters with holds are never dropped`() {
        var book = BudgetBook()
        book.open(key(.tenant), settled: .zero, readAt: book.generation)
        book.open(key(.user(1)), settled: .zero, readAt: book.generation)
        #expect(hold(&book, 1, 1, [capped(.tenant, 100)]) == .held)
        book.dropIdle()
        #expect(book.counter(key(.tenant)) != nil && book.counter(key(.user(1))) == nil)
    }
}
