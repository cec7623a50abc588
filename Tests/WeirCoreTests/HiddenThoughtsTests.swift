import Testing
import WeirCore

/// What the price book says of models that think unseen.
@Suite struct HiddenThoughtsTests {
    @Test(arguments: [
        ("anthropic", "claude-haiku-4-5", HiddenThoughts.onRequest),
        ("anthropic", "claude-3-5-haiku-latest", .never),
        ("anthropic", "claude-opus-5", .byDefault),
        ("openai", "gpt-4o-mini", .never), ("openai", "gpt-5-mini", .always),
        ("openai", "o3-mini", .always), ("openai", "gpt-5.4", .byDefault),
        ("openai", "text-embedding-3-small", .never), ("deepseek", "deepseek-reasoner", .never),
        ("gemini", "gemini-2.5-flash", .byDefault), ("gemini", "gemini-2.5-pro", .always),
        ("gemini", "gemini-2.0-flash", .never),
        ("gemini", "gemini-2.0-flash-thinking-exp-01-21", .always),
    ])
    func `the built-in book says which models hide thoughts`(
        provider: String, model: String, thoughts: HiddenThoughts
    ) throws {
        let book = try PriceBook(json: builtInPriceBook)
        let now = Timestamp(milliseconds: 1_795_305_600_000)
        let price = try #require(book.price(provider: provider, model: model, at: now))
        #expect(price.hiddenThoughts == thoughts)
    }

    @Test func `what a price doesn't say of hidden thoughts, the layers below may know`() throws {
        let base = try PriceBook(
            json: #"{"version":"a","prices":[{"provider":"p","model":"m-plain","input":"1","#
                + #""output":"1","hidden_thoughts":"never"},{"provider":"p","model":"m-deep","#
                + #""input":"1","output":"1","hidden_thoughts":"always"}]}"#)
        let own = try PriceBook(
            json: #"{"version":"b","prices":[{"provider":"p","model":"m-plain","match":["m-*"],"#
                + #""input":"9","output":"9"}]}"#)
        let newest = try PriceBook(
            json: #"{"version":"c","prices":[{"provider":"p","model":"m-deep","input":"8","#
                + #""output":"8","hidden_thoughts":"by_default"}]}"#)
        let now = Timestamp(milliseconds: 0)
        func found(_ book: PriceBook, _ model: String) -> (String?, String?, HiddenThoughts?) {
            let price = book.price(provider: "p", model: model, at: now)
            return (price?.version, price?.standard.input.usdPerMillion, price?.hiddenThoughts)
        }
        let two = base.overlaid(by: own)
        #expect(found(two, "m-plain") == ("b", "9", .never))
        #expect(found(two, "m-deep") == ("b", "9", .always))
        #expect(found(two, "m-new") == ("b", "9", nil))
        #expect(found(two.overlaid(by: newest), "m-deep") == ("c", "8", .byDefault))
        let listed = two.prices(at: now).map { "\($0.model) \($0.version)" }
        #expect(listed == ["m-deep a", "m-plain b"])
        #expect(two.prices(at: now).map(\.hiddenThoughts) == [.always, .never])
    }
}
