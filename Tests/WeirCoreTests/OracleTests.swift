import Foundation
import Testing
import WeirCore

/// Money, prices and budgets against an independent reference in Python integers.
///
/// `Tests/Oracle/oracle.py` makes operations and says what each must give; every line is replayed
/// here. `WEIR_ORACLE_COUNT` and `WEIR_ORACLE_SEED` make a longer or another run.
@Suite struct OracleTests {
    static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Oracle/oracle.py").path

    @Test func `every operation gives what the reference says`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["WEIR_ORACLE_COUNT"] ?? "1000000"
        let seed = environment["WEIR_ORACLE_SEED"] ?? "20261122"
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", Self.script, "--seed", seed, "--count", count]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var replay = OracleReplay()
        var lines = 0
        var differences: [String] = []
        try await pipe.fileHandleForReading.forEachLine { line in
            lines += 1
            let (got, wanted) = try replay.run(line)
            if got != wanted, differences.count < 10 { differences.append("\(line) gave \(got)") }
        }
        process.waitUntilExit()
        print("oracle: seed \(seed), \(lines) operations, \(differences.count) differences")
        #expect(process.terminationStatus == 0)
        #expect(lines >= Int(count) ?? 1)
        #expect(differences.isEmpty)
    }

    @Test func `the built-in price book loads and holds every provider`() throws {
        let book = try PriceBook(json: builtInPriceBook)
        let now = Timestamp(milliseconds: 1_795_305_600_000)
        let prices = book.prices(at: now)
        for provider in ["anthropic", "openai", "gemini", "deepseek"] {
            #expect(prices.contains { $0.provider == provider })
        }
        for price in prices {
            #expect(price.standard.input > .zero || price.standard.output > .zero)
        }
        for name in ["claude-haiku-4-5", "claude-haiku-4-5-20251001"] {
            let price = try #require(book.price(provider: "anthropic", model: name, at: now))
            #expect(price.standard.input.usdPerMillion == "1")
        }
    }

    @Test func `a later price takes over on its day, in the newest layer first`() throws {
        let base = try PriceBook(
            json: #"{"version":"a","prices":[{"provider":"p","model":"m","input":"1","#
                + #""output":"1"},{"provider":"p","model":"m","effective_from":"2026-04-01","#
                + #""input":"2","output":"2"}]}"#)
        let own = try PriceBook(
            json: #"{"version":"b","prices":[{"provider":"p","model":"mm","match":["m*"],"#
                + #""input":"9","effective_from":"2026-05-01","output":"9"}]}"#)
        func input(_ book: PriceBook, _ day: String) throws -> String? {
            let moment = try #require(Timestamp(utcDay: day))
            return book.price(provider: "p", model: "m", at: moment)?.standard.input.usdPerMillion
        }
        #expect(try input(base, "2026-03-31") == "1")
        #expect(try input(base, "2026-04-01") == "2")
        #expect(try input(base.overlaid(by: own), "2026-04-30") == "2")
        #expect(try input(base.overlaid(by: own), "2026-05-01") == "9")
    }

    @Test(arguments: [
        ("{}", "version"), (#"{"version":"a","prices":[{}]}"#, "prices[0].provider"),
        (#"{"version":"a","prices":[{"provider":"p","model":"m","input":1}]}"#, "prices[0].input"),
        (
            #"{"version":"a","prices":[{"provider":"p","model":"m","input":"1"}]}"#,
            "prices[0].output"
        ),
        (
            #"{"version":"a","prices":[{"provider":"p","model":"m","input":"-1"}]}"#,
            "prices[0].input"
        ),
        (
            #"{"version":"a","prices":[{"provider":"p","model":"m","colour":"1"}]}"#,
            "prices[0].colour"
        ),
        (#"{"version":"a","x":1,"prices":[]}"#, "x"),
        (
            #"{"version":"a","prices":[{"provider":"p","model":"m","input":"1","output":"1","#
                + #""hidden_thoughts":"sometimes"}]}"#, "prices[0].hidden_thoughts"
        ),
        (
            #"{"version":"a","prices":[{"provider":"p","model":"m","input":"1","output":"1","#
                + #""hidden_thoughts":true}]}"#, "prices[0].hidden_thoughts"
        ),
        (
            #"{"version":"a","prices":[{"provider":"p","model":"m","input":"1","output":"1","#
                + #""tiers":{}}]}"#, "prices[0].tiers"
        ),
        (
            #"{"version":"a","prices":[{"provider":"p","model":"m","input":"1","output":"1","#
                + #""service_tiers":[]}]}"#, "prices[0].service_tiers"
        ),
        (
            #"{"version":"a","prices":[{"provider":"p","model":"m","input":"1","output":"1","#
                + #""per_call":"1"}]}"#, "prices[0].per_call"
        ),
    ])
    func `a price document's mistake has a path`(text: String, path: String) {
        #expect { try PriceBook(json: text) } throws: { ($0 as? PriceBookError)?.path == path }
    }
}

extension FileHandle {
    /// Calls `body` with each line; memory stays at one chunk. Other tests have a turn behind each.
    fileprivate func forEachLine(_ body: (String) throws -> Void) async throws {
        var rest: [UInt8] = []
        while let chunk = try read(upToCount: 1 << 16), !chunk.isEmpty {
            rest += chunk
            var start = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                try body(String(decoding: rest[start..<end], as: UTF8.self))
                start = end + 1
            }
            rest.removeFirst(start)
            await Task.yield()
        }
    }
}
