import HTTPTypes
import Testing
import WeirCore
import WeirService

@testable import WeirHTTP

/// The rate limit as clients of each form read it.
@Suite struct RateTests {
    private static let at = Timestamp(milliseconds: 1_776_254_400_000)
    private static let standing = RateStanding(
        limit: 21, remaining: 20, resetAfter: .milliseconds(600), at: at)

    struct Door: Sendable, CustomTestStringConvertible {
        let path: String
        let body: String
        let isAnthropic: Bool

        init(_ path: String, _ body: String, isAnthropic: Bool = false) {
            self.path = path
            self.body = body
            self.isAnthropic = isAnthropic
        }

        var testDescription: String { path }
    }

    private static let doors = [
        Door("/ai/complete", #"{"model":"small","user_message":"Hi"}"#),
        Door(
            "/v1/chat/completions",
            #"{"model":"small","messages":[{"role":"user","content":"Hi"}]}"#),
        Door("/v1/responses", #"{"model":"small","input":"Hi"}"#),
        Door("/v1/embeddings", #"{"model":"small","input":"Hi"}"#),
        Door(
            "/v1/messages",
            #"{"model":"small","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
            isAnthropic: true),
        Door(
            "/v1/messages/count_tokens",
            #"{"model":"small","messages":[{"role":"user","content":"Hi"}]}"#, isAnthropic: true),
        Door("/v1beta/models/small:generateContent", #"{"contents":[{"parts":[{"text":"Hi"}]}]}"#),
        Door("/v1beta/models/small:countTokens", #"{"contents":[{"parts":[{"text":"Hi"}]}]}"#),
        Door("/v1/models/small:embedContent", #"{"content":{"parts":[{"text":"Hi"}]}}"#),
    ]

    @Test(arguments: doors)
    func `an answer says how the tenant stands, in the client's own headers`(door: Door)
        async throws
    {
        let stage = try Stage()
        stage.completions.answer(
            with: .success(
                CompletionReply(status: 200, body: [], rate: CallStanding(requests: Self.standing)))
        )
        let reply = try await stage.send(
            .post, door.path, key: Stage.Token.tenant.rawValue, body: door.body)
        #expect(reply.status == 200, "\(reply.text)")
        #expect(
            reply.rates
                == (door.isAnthropic
                    ? [
                        "anthropic-ratelimit-requests-limit: 21",
                        "anthropic-ratelimit-requests-remaining: 20",
                        "anthropic-ratelimit-requests-reset: 2026-04-15T12:00:01Z",
                    ]
                    : [
                        "x-ratelimit-limit-requests: 21", "x-ratelimit-remaining-requests: 20",
                        "x-ratelimit-reset-requests: 600ms",
                    ]))
    }

    @Test(arguments: doors)
    func `so does a refusal, with the time to wait`(door: Door) async throws {
        let stage = try Stage()
        let none = RateStanding(
            limit: 21, remaining: 0, resetAfter: .milliseconds(12_600), at: Self.at)
        stage.completions.answer(
            with: .failure(
                WeirError(
                    .rateLimited, "Too many", retryAfter: 3, rate: CallStanding(requests: none))))
        let reply = try await stage.send(
            .post, door.path, key: Stage.Token.tenant.rawValue, body: door.body)
        #expect(reply.status == 429 && reply.header("retry-after") == "3")
        #expect(reply.header("x-should-retry") == nil)
        #expect(
            reply.rates
                == (door.isAnthropic
                    ? [
                        "anthropic-ratelimit-requests-limit: 21",
                        "anthropic-ratelimit-requests-remaining: 0",
                        "anthropic-ratelimit-requests-reset: 2026-04-15T12:00:13Z",
                    ]
                    : [
                        "x-ratelimit-limit-requests: 21", "x-ratelimit-remaining-requests: 0",
                        "x-ratelimit-reset-requests: 12.6s",
                    ]))
    }

    @Test(arguments: doors)
    func `where no limit is in force nothing is said of one`(door: Door) async throws {
        let stage = try Stage()
        stage.completions.answer(with: .success(CompletionReply(status: 200, body: [])))
        let reply = try await stage.send(
            .post, door.path, key: Stage.Token.tenant.rawValue, body: door.body)
        #expect(reply.status == 200 && reply.rates.isEmpty)
    }

    @Test(arguments: [
        (0, "0s"), (1, "1ms"), (120, "120ms"), (1_000, "1s"), (1_050, "1.05s"), (8_640, "8.64s"),
        (59_999, "59.999s"), (60_000, "1m0s"), (72_500, "1m12.5s"), (360_000, "6m0s"),
        (3_600_000, "1h0m0s"), (90_061_001, "25h1m1.001s"), (-5, "0s"), (-5_000, "0s"),
    ])
    func `times are written as OpenAI writes them`(milliseconds: Int, text: String) {
        #expect(Duration.milliseconds(milliseconds).shortText == text)
    }
}

extension Reply {
    /// Every header about rates, in order.
    fileprivate var rates: [String] {
        answer.headers.filter { $0.name.canonicalName.contains("ratelimit") }
            .map { "\($0.name.canonicalName): \($0.value)" }
    }
}
