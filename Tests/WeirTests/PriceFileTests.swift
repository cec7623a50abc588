import Foundation
import Testing
import WeirCore

@testable import weir

@Suite("Price files")
struct PriceFileTests {
    @Test("Rates may be quoted or not, counts are numbers, flags are flags")
    func yaml() throws {
        let (document, book) = try read(
            """
            version: 2026.1
            prices:
              - provider: anthropic
                model: claude-haiku-4-5
                input: 0.80
                output: "4.00"
                context_window: 200000
                max_output_tokens: 64000
                tiers: [{ above_input_tokens: 200000, input: 1.60, output: 8 }]
            """)
        #expect(document["version"] == "2026.1")
        let price = try #require(
            book.price(
                provider: "anthropic", model: "claude-haiku-4-5", at: Timestamp(milliseconds: 0)))
        #expect(price.standard.input == Rate(decimalUSDPerMillion: "0.8"))
        #expect(price.standard.output == Rate(decimalUSDPerMillion: "4"))
        #expect(price.contextWindow == 200_000)
        #expect(price.tiers.first?.aboveInputTokens == 200_000)
    }

    @Test("JSON is read as well")
    func json() throws {
        let (_, book) = try read(
            #"{"version":"j","prices":[{"provider":"p","model":"m","input":"1","output":"2"}]}"#)
        #expect(book.version == "j")
    }

    @Test(
        "A mistake is said with its path and line",
        arguments: [
            (
                "version: x\nprices:\n  - provider: p\n    model: m\n    input: -1\n    output: 1",
                "prices[0].input", "(line 5)"
            ),
            (
                "version: x\nprices:\n  - { provider: p, model: m, input: 1, output: 1e3 }",
                "prices[0].output", "(line 3)"
            ),
            (
                "version: x\nprices:\n  - { provider: p, model: m, input: 1, output: 1, x: red }",
                "prices[0].x", "(line 3)"
            ),
            ("version: x\nprices: 1", "prices", "(line 2)"),
            ("version: x\nversion: y", "written twice", "(line 1)"),
        ])
    func mistakes(yaml: String, path: String, line: String) {
        do {
            _ = try read(yaml)
            Issue.record("it was accepted")
        } catch {
            #expect("\(error)".contains(path), "\(error)")
            #expect("\(error)".contains(line), "\(error)")
        }
    }

    @Test("The built-in book is sound, and a file lies over it")
    func overlay() throws {
        let builtIn = try PriceFile.book(nil)
        #expect(!builtIn.prices(at: Timestamp(milliseconds: 1_795_000_000_000)).isEmpty)
        #expect(throws: PriceFile.Failure.self) { try PriceFile.book("/nowhere/prices.yaml") }
    }

    private func read(_ text: String) throws -> (document: JSON, book: PriceBook) {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(text.utf8).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        return try PriceFile.read(path.path)
    }
}
