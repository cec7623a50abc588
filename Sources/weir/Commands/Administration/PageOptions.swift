import ArgumentParser
import WeirCore

/// Which page of a long list.
struct PageOptions: ParsableArguments {
    @Option(help: "Rows on the page, 1 to 500.") var limit = 100
    @Option(help: "Where the page begins: what the page before told.") var cursor: String?

    func validate() throws {
        guard (1...500).contains(limit) else { throw ValidationError("--limit is 1 to 500") }
    }

    var query: [(String, String?)] { [("limit", String(limit)), ("cursor", cursor)] }

    /// Says how to go on; JSON holds the cursor itself.
    func hint(_ answer: JSON, _ server: ServerOptions) {
        guard !server.json, let next = answer["next_cursor"]?.string else { return }
        Console.notice("More: --cursor \(Console.harmless(next))")
    }
}
