import Testing
import WeirCore

@Suite struct ValueTests {
    @Test(arguments: [
        ("2026-04", true), ("2026-4", false), ("2026-13", false), ("2026-00", false),
        ("26-04", false), ("2026-04-01", false), ("２０２６-04", false), ("1969-12", false),
    ])
    func `a period is exactly year and month`(text: String, isValid: Bool) {
        #expect((Period(text) != nil) == isValid)
        if let period = Period(text) { #expect(period.description == text) }
    }

    @Test(arguments: [
        ("1970-01-01", 0), ("2000-02-29", 951_782_400), ("2026-11-22", 1_795_305_600),
        ("2025-01-01", 1_735_689_600), ("9999-12-31", 253_402_214_400),
    ])
    func `a day begins at midnight UTC`(text: String, seconds: Int64) {
        #expect(Timestamp(utcDay: text)?.milliseconds == seconds * 1_000)
    }

    @Test(arguments: ["2026-02-29", "2026-02-30", "2026-13-01", "2026-1-1", "1900-02-29", ""])
    func `a day that no calendar has is refused`(text: String) {
        #expect(Timestamp(utcDay: text) == nil)
    }

    @Test(arguments: ["", "a b", "café", "\u{212A}", "a\r\n", "a\u{0}", "ä"])
    func `a slug outside its alphabet is refused`(text: String) { #expect(Slug(text) == nil) }

    @Test func `a slug has a length`() {
        #expect(Slug(String(repeating: "a", count: 128)) != nil)
        #expect(Slug(String(repeating: "a", count: 129)) == nil)
    }

    @Test func `attempt ids rise, also when the clock steps back or stands still`() {
        var sequence = AttemptSequence(node: 3)
        var last = AttemptID(number: 0)
        for step in 0..<20_000 {
            let milliseconds = 1_800_000_000_000 + Int64(step % 7 == 0 ? -step : step / 5_000)
            let id = sequence.next(at: Timestamp(milliseconds: milliseconds))
            #expect(id > last)
            last = id
        }
        var restarted = AttemptSequence(node: 3, last: last)
        #expect(restarted.next(at: Timestamp(milliseconds: 0)) > last)
    }

    @Test(arguments: ["all", "tenant:42", "feature:sales", "provider:openai", "model:a/b:c"])
    func `a kill switch's target reads back`(text: String) {
        #expect(KillSwitches.Target(text)?.description == text)
    }

    @Test func `every code has a status that errors have`() {
        for code in WeirError.Code.allCases {
            #expect((400...504).contains(code.status))
            let error = WeirError(code, "x")
            if code.status == 429 || code.status == 503 { #expect(error.retryAfter != nil) }
            if code == .budgetExceeded { #expect(!code.isRetryable) }
        }
    }
}

@Suite struct RequestFeeTests {
    @Test func `a fee for each request is in the cost and in the worst case`() throws {
        let book = try PriceBook(
            json: #"{"version":"t","prices":[{"provider":"p","model":"m","input":"1","#
                + #""output":"2","context_window":1000,"per_call":{"request":"0.025"}}]}"#)
        let price = try #require(
            book.price(provider: "p", model: "m", at: Timestamp(milliseconds: 0)))
        let usage = try #require(TokenUsage(input: 10, output: 5))
        #expect(price.cost(of: usage) == Money(nanos: 25_000_000 + 20_000))
        let worst = try #require(
            WorstCase(price: price, input: InputBound(textBytes: 10, items: 1), outputCap: 5))
        // Such a model reads what it finds, too.
        #expect(worst.input == 1_000)
        #expect(worst.amount >= Money(nanos: 25_000_000 + 1_000_000 + 10_000))
    }

    @Test(arguments: ["gpt-4o-search-preview", "gpt-4o-search-preview-2025-03-11", "x-search-api"])
    func `a model that searches unasked has no price without its fee`(model: String) throws {
        let moment = Timestamp(milliseconds: 0)
        func book(_ fees: String) throws -> PriceBook {
            try PriceBook(
                json: #"{"version":"t","prices":[{"provider":"p","model":"\#(model)","input":"1","#
                    + #""output":"2"\#(fees)}]}"#)
        }
        let fee = #","per_call":{"request":"0.01"}"#
        let priced = try book(fee)
        #expect(priced.price(provider: "p", model: model, at: moment) != nil)
        #expect(priced.prices(at: moment).map(\.model) == [model])
        for fees in ["", #","per_call":{"web_search":"0.01"}"#] {
            let unpriced = priced.overlaid(by: try book(fees))
            #expect(unpriced.price(provider: "p", model: model, at: moment) == nil)
            #expect(unpriced.prices(at: moment).isEmpty)
        }
        let any = try PriceBook(
            json: #"{"version":"t","prices":[{"provider":"p","model":"m","match":["gpt*","x*"],"#
                + #""input":"1","output":"2"}]}"#)
        #expect(any.price(provider: "p", model: model, at: moment) == nil)
        #expect(any.price(provider: "p", model: "gpt-researched", at: moment) != nil)
    }
}
