import Testing
import WeirCore
import WeirProviders

@Suite("Failures")
struct FailureTests {
    typealias Case = (status: Int, body: String, kind: ProviderFailure.Kind)

    @Test(
        "mean what their status means where the body says no more",
        arguments: ProviderKind.allCases)
    func followTheStatus(provider: ProviderKind) {
        let statuses: [(Int, ProviderFailure.Kind)] = [
            (400, .badRequest), (401, .account), (402, .account), (403, .account),
            (404, .badRequest), (413, .badRequest), (422, .badRequest), (429, .rateLimited),
            (500, .unavailable), (503, .unavailable), (529, .unavailable), (502, .unknown),
            (504, .unknown), (302, .unknown), (0, .unknown), (-1, .unknown),
        ]
        for (status, kind) in statuses {
            for body in ["", "<html>", "{}", "[]", "null", "\u{0}", #"{"error":7}"#] {
                let failure = provider.dialect.decodeFailure(status: status, body: bytes(body))
                let expected = ProviderFailure(kind: kind, message: "provider answered \(status)")
                #expect(failure == expected, "\(status) \(body)")
            }
        }
    }

    @Test(
        "of OpenAI and its like tell money from haste",
        arguments: [
            (429, #"{"error":{"message":"m","code":"insufficient_quota"}}"#, .account),
            (429, #"{"error":{"message":"m","type":"insufficient_quota"}}"#, .account),
            (429, #"{"error":{"message":"m","code":"credit_balance_exhausted"}}"#, .account),
            (400, #"{"error":{"message":"m","code":"billing_hard_limit_reached"}}"#, .account),
            (429, #"{"error":{"message":"m","code":"rate_limit_exceeded"}}"#, .rateLimited),
            (400, #"{"error":{"message":"m","code":"context_length_exceeded"}}"#, .badRequest),
            (500, #"{"error":{"message":"m","code":"insufficient_quota"}}"#, .unavailable),
            (400, #"{"error":{"message":"m","code":400}}"#, .badRequest),
            (400, #"{"object":"error","message":"m","type":"x"}"#, .badRequest),
            (400, #"{"error":"m"}"#, .badRequest), (404, #"{"detail":"m"}"#, .badRequest),
        ] as [Case])
    func ofOpenAI(failure: Case) {
        for provider in [ProviderKind.openai, .deepseek, .compatible] {
            let read = provider.dialect.decodeFailure(
                status: failure.status, body: bytes(failure.body))
            #expect(read == ProviderFailure(kind: failure.kind, message: "m"))
        }
    }

    @Test(
        "of Anthropic tell our money from the caller's mistake",
        arguments: [
            (
                429, #"{"type":"error","error":{"type":"rate_limit_error","message":"m"}}"#,
                .rateLimited
            ),
            (429, #"{"error":{"type":"enforced_spend_limit_reached","message":"m"}}"#, .account),
            (
                429,
                #"{"error":{"type":"rate_limit_error","message":"m","details":{"#
                    + #""error_code":"enforced_spend_limit_reached"}}}"#, .account
            ),
            (400, #"{"error":{"type":"billing_error","message":"m"}}"#, .account),
            (400, #"{"error":{"type":"invalid_request_error","message":"m"}}"#, .badRequest),
            (529, #"{"error":{"type":"overloaded_error","message":"m"}}"#, .unavailable),
            (504, #"{"error":{"type":"timeout_error","message":"m"}}"#, .unknown),
        ] as [Case])
    func ofAnthropic(failure: Case) {
        let read = AnthropicDialect().decodeFailure(
            status: failure.status, body: bytes(failure.body))
        #expect(read == ProviderFailure(kind: failure.kind, message: "m"))
    }

    @Test("of Anthropic's empty balance are ours though they look like the caller's")
    func ofEmptyBalance() {
        let texts = [
            "Your credit balance is too low to",
            "You have reached your specified API usage limits.",
        ]
        for text in texts {
            let body = #"{"error":{"type":"invalid_request_error","message":"\#(text)"}}"#
            let read = AnthropicDialect().decodeFailure(status: 400, body: bytes(body))
            #expect(read == ProviderFailure(kind: .account, message: text))
        }
    }

    @Test(
        "of Gemini name an invalid key and a missing billing account",
        arguments: [
            (
                400,
                #"{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":["#
                    + #"{"reason":"API_KEY_INVALID"}]}}"#, .account
            ),
            (400, #"{"error":{"message":"m","status":"FAILED_PRECONDITION"}}"#, .account),
            (400, #"{"error":{"message":"m","status":"INVALID_ARGUMENT"}}"#, .badRequest),
            (503, #"[{"error":{"message":"m","status":"UNAVAILABLE"}}]"#, .unavailable),
            (504, #"{"error":{"message":"m","status":"DEADLINE_EXCEEDED"}}"#, .unknown),
        ] as [Case])
    func ofGemini(failure: Case) {
        let read = GeminiDialect().decodeFailure(status: failure.status, body: bytes(failure.body))
        #expect(read == ProviderFailure(kind: failure.kind, message: "m"))
    }

    @Test(
        "of Gemini say how long to wait",
        arguments: [
            ("\"12s\"", 12), ("\"0s\"", 0), ("\"12.5s\"", 13), ("\"12.000s\"", 12),
            ("\"3600s\"", 3600), ("\"3600.1s\"", 3600), ("\"99999999999999999999s\"", 3600),
            ("\"-1s\"", nil), ("\"s\"", nil), ("\"\"", nil), ("\"12\"", nil), ("\"1e3s\"", nil),
            ("\".5s\"", nil), ("\"5.s\"", nil), ("\"1.2.3s\"", nil), ("\"NaNs\"", nil),
            ("\"\u{0661}s\"", nil), ("12", nil), ("null", nil), ("{}", nil),
        ])
    func wait(delay: String, seconds: Int?) {
        let body =
            #"{"error":{"message":"m","status":"RESOURCE_EXHAUSTED","details":["#
            + #"{"@type":"x"},{"retryDelay":\#(delay)}]}}"#
        let read = GeminiDialect().decodeFailure(status: 429, body: bytes(body))
        #expect(read == ProviderFailure(kind: .rateLimited, message: "m", retryAfter: seconds))
    }

    @Test("of Gemini's daily quota ask for the longest wait")
    func dailyQuota() {
        let body =
            #"{"error":{"message":"m","details":[{"violations":[{"quotaId":"#
            + #""GenerateRequestsPerDayPerProject"}]},{"retryDelay":"2s"}]}}"#
        let read = GeminiDialect().decodeFailure(status: 429, body: bytes(body))
        #expect(read == ProviderFailure(kind: .rateLimited, message: "m", retryAfter: 3600))
    }

    @Test("carry messages without control characters, of 500 bytes at most and whole characters")
    func messages() {
        let read = { (text: String) in
            let body: JSON = ["error": ["message": .string(text)]]
            return OpenAIDialect().decodeFailure(status: 400, body: body.encoded).message
        }
        #expect(read("a\r\nb\u{0}\u{7F}\u{85}\u{2028}\u{202E}c") == "abc")
        #expect(read("\n\t") == "provider answered 400")
        #expect(read(String(repeating: "x", count: 501)).utf8.count == 500)
        let long = read("a" + String(repeating: "é", count: 300))
        #expect(long.utf8.count == 499 && long.unicodeScalars.allSatisfy { $0 != "\u{FFFD}" })
    }
}
