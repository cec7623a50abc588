import Testing
import WeirCore

@Suite struct BatchPriceTests {
    private static let document = #"""
        {"version":"v7","prices":[{"provider":"p","model":"m","context_window":1000000,
        "max_output_tokens":64000,"hidden_thoughts":"on_request","input":"3","output":"15",
        "cache_read":"0.3","tiers":[{"above_input_tokens":200000,"input":"6","output":"22.5"}],
        "service_tiers":{"batch":{"input":"1.5","output":"7.5","cache_read":"0.15",
        "tiers":[{"above_input_tokens":200000,"input":"3","output":"11.25"}]},
        "priority":{"input":"9","output":"45"}},"per_call":{"web_search":"0.01"}},
        {"provider":"p","model":"live-only","input":"1","output":"2"}]}
        """#

    private func price(_ model: String) throws -> ModelPrice {
        let book = try PriceBook(json: Self.document)
        return try #require(
            book.price(provider: "p", model: model, at: Timestamp(milliseconds: 0)))
    }

    /// The same usage, at the batch tier of the whole price and at the batch price by itself.
    @Test(
        arguments: [
            (0, 0, 0), (100, 50, 0), (200_000, 10, 1_000), (200_001, 10, 1_000),
            (900_000, 64_000, 0),
        ] as [(Int64, Int64, Int64)])
    func `a batch price costs what the batch tier does`(
        input: Int64, output: Int64, cached: Int64
    ) throws {
        let price = try price("m")
        let batch = try #require(price.batch)
        let usage = try #require(TokenUsage(input: input, output: output, cacheRead: cached))
        #expect(batch.cost(of: usage) == price.cost(of: usage.served(at: .batch)))
        // A tier that the reply claims changes nothing: the batch was bought at its own price.
        #expect(batch.cost(of: usage.served(at: .priority)) == batch.cost(of: usage))
    }

    @Test func `half price is half of what is held`() throws {
        let price = try price("m")
        let batch = try #require(price.batch)
        let live = try #require(
            ModelPrice(document: price.document)?.worstCase(
                input: 1_000, output: 1_000))
        let held = try #require(batch.worstCase(input: 1_000, output: 1_000))
        // Live, the priority tier can be reached: 9 + 45. By batch only 1.5 + 7.5.
        #expect(live == Money(nanos: 54_000_000 + 3))
        #expect(held == Money(nanos: 9_000_000 + 3))
    }

    @Test func `a model without batch rates has no batch price`() throws {
        #expect(try price("live-only").batch == nil)
    }

    @Test func `a price kept as a document is the same price`() throws {
        let batch = try #require(try price("m").batch)
        let kept = try #require(ModelPrice(document: batch.document))
        #expect(kept == batch)
        #expect(ModelPrice(document: "{}") == nil)
        #expect(ModelPrice(document: Self.document) == nil)
    }

    @Test func `every batch price of the built-in book is half or less`() throws {
        let book = try PriceBook(json: builtInPriceBook)
        let now = Timestamp(milliseconds: 1_795_000_000_000)
        let usage = try #require(TokenUsage(input: 100_000, output: 10_000))
        var count = 0
        for price in book.prices(at: now) {
            guard let batch = price.batch else { continue }
            count += 1
            let live = try #require(price.cost(of: usage)).nanos
            #expect(try #require(batch.cost(of: usage)).nanos <= live / 2 + 2, "\(price.model)")
            #expect(ModelPrice(document: batch.document)?.cost(of: usage) == batch.cost(of: usage))
        }
        #expect(count > 40)
    }

    @Test func `a hold that is taken again counts as it did, and ends once`() throws {
        var book = BudgetBook()
        let tenant = try #require(TenantID(7))
        let period = try #require(Period("2026-04"))
        let key = BudgetBook.CounterKey(tenant: tenant, period: period, scope: .tenant)
        let attempt = AttemptID(number: 1)
        #expect(book.restore(attempt, amount: Money(nanos: 70), keys: [key]) == [key])
        book.open(key, settled: Money(nanos: 50), readAt: book.generation)
        // Above any limit: it was admitted before.
        #expect(book.restore(attempt, amount: Money(nanos: 70), keys: [key]).isEmpty)
        #expect(book.restore(attempt, amount: Money(nanos: 70), keys: [key]).isEmpty)
        #expect(book.counter(key)?.held == Money(nanos: 70))
        let limits = [ScopeLimit(scope: .tenant, limit: .capped(Money(nanos: 100)))]
        let other = book.hold(
            AttemptID(number: 2), amount: Money(nanos: 1), tenant: tenant, period: period,
            limits: limits)
        #expect(other == .refused(.tenant))
        book.settle(attempt, cost: Money(nanos: 30))
        book.settle(attempt, cost: Money(nanos: 30))
        #expect(book.counter(key)?.held == .zero)
        #expect(book.counter(key)?.settled == Money(nanos: 80))
    }
}
