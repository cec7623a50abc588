import NIOPosix
import Testing
import WeirCore
import WeirProviders
import WeirService
import WeirTesting
import WeirUpstream

/// Every whole recorded answer, served by the sandbox over real HTTP, through the transport and the
/// dialect to its cost.
@Suite("Recorded traffic")
struct RecordedTrafficTests {
    static let group = MultiThreadedEventLoopGroup.singleton
    /// The day at whose prices the oracle computes.
    static let day = Timestamp(milliseconds: 1_787_443_200_000)

    @Test(
        "over HTTP gives the oracle's text, tool calls, finish, usage and cost",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func agreesOverHTTP() async throws {
        let folder = try #require(Recordings.folder)
        let sandbox = try await ProviderSandbox.start(
            SandboxConfiguration(recordings: [folder]), group: Self.group)
        let transport = try Self.transport(to: sandbox.port)
        let expectations = try Recordings.expectations()
        let prices = try PriceBook(json: builtInPriceBook)
        var table: [String: Tally] = [:]
        for recording in try Recordings.load() where (200..<300).contains(recording.status) {
            let expected = try #require(expectations[recording.id])
            let outcome = await transport.send(try Self.call(recording))
            guard case .reply(let reply) = outcome, reply.status == 200 else {
                Issue.record("\(recording.id): \(outcome)")
                continue
            }
            let served = recording.served(as: reply.body)
            let read = replyDifferences(served, expected)
            let charged = Self.costDifferences(served, expected, prices)
            let found = read + (charged ?? [])
            #expect(found.isEmpty, "\(recording.provider) \(recording.id): \(found)")
            let row = "\(recording.provider) \(expected.endpoint)"
            table[row, default: Tally()].add(
                isPassed: found.isEmpty, isPriced: charged != nil)
        }
        await transport.shutdown()
        try await sandbox.stop()
        let counted = table.values.reduce(0) { $0 + $1.cases }
        #expect(counted == expectations.count)
        print("| provider | cases | passed | of them priced |")
        for (row, tally) in table.sorted(by: { $0.key < $1.key }) {
            print("| \(row) | \(tally.cases) | \(tally.passed) | \(tally.priced) |")
        }
    }

    /// Nil where the oracle has no price, or the endpoint is no completion.
    private static func costDifferences(
        _ recording: Recording, _ expected: ExpectedReply, _ prices: PriceBook
    ) -> [String]? {
        guard let cost = expected.cost, let reply = completion(recording),
            case .reported(let usage) = reply.usage
        else { return nil }
        let price = prices.price(provider: recording.provider, model: expected.model, at: day)
        let tokens = TokenUsage(
            input: usage.input, output: usage.output, cacheRead: usage.cacheRead,
            cacheWrite5m: usage.cacheWrite5m, cacheWrite1h: usage.cacheWrite1h,
            reasoning: usage.reasoning, serviceTier: usage.serviceTier)
        guard let price, let tokens, let got = price.cost(of: tokens) else {
            return ["no cost, where the oracle has \(cost.exactUSD)"]
        }
        return got == cost ? [] : ["costs \(got.exactUSD), not \(cost.exactUSD)"]
    }

    private static func completion(_ recording: Recording) -> ChatReply? {
        // What can't be read is told by the comparison of replies.
        switch dialect(of: recording.provider) {
        case let dialect as OpenAIDialect where recording.path.hasSuffix("/responses"):
            return try? dialect.decodeResponsesReply(recording.reply)
        case let dialect as DeepSeekDialect where recording.path.hasSuffix("/responses"):
            return try? dialect.decodeResponsesReply(recording.reply)
        case let dialect: return try? dialect.decodeReply(recording.reply)
        }
    }

    private static let prefixes = [
        "anthropic": "/anthropic", "openai": "/openai", "deepseek": "/deepseek",
        "gemini": "/gemini", "cerebras": "/compatible", "groq": "/compatible",
        "mistral": "/compatible", "openrouter": "/compatible", "zai": "/compatible",
    ]

    private static func transport(to port: Int) throws -> PooledTransport {
        let endpoints = try prefixes.keys.sorted().map { name in
            UpstreamEndpoint(
                name: try #require(ProviderName(name)),
                baseURL: try BaseURL("http://127.0.0.1:\(port)\(prefixes[name] ?? "")"))
        }
        return try PooledTransport(endpoints: endpoints, group: group, time: SystemTime())
    }

    private static func call(_ recording: Recording) throws -> UpstreamCall {
        var path = recording.path
        if prefixes[recording.provider] == "/compatible" {
            let endpoint = path.hasSuffix("/responses") ? "responses" : "chat/completions"
            path = "/v1/\(endpoint)"
        }
        let setup = dialect(of: recording.provider)
        return UpstreamCall(
            provider: try #require(ProviderName(recording.provider)), path: path,
            headers: setup.credentials("sandbox") + [
                HeaderField("content-type", "application/json"),
                HeaderField("x-sandbox-recording", recording.id),
            ],
            body: recording.request.encoded, timeout: .seconds(30))
    }
}

private struct Tally {
    var cases = 0
    var passed = 0
    var priced = 0

    mutating func add(isPassed: Bool, isPriced: Bool) {
        cases += 1
        passed += isPassed ? 1 : 0
        priced += isPriced ? 1 : 0
    }
}

extension Recording {
    /// The same exchange with the body that was served.
    fileprivate func served(as body: [UInt8]) -> Recording {
        var copy = self
        copy.reply = body
        return copy
    }
}
