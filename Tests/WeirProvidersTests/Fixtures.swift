import Testing
import WeirCore
import WeirProviders

/// A conversation with everything that a plain one can have.
func fullRequest(model: String) throws -> ChatRequest {
    ChatRequest(
        model: try #require(ModelName(model)), system: "Say \"hé\"\n",
        messages: [
            ChatMessage(role: .assistant, text: "First."),
            ChatMessage(role: .user, text: "日本 \u{1F600} \\ \u{1}"),
        ],
        maxTokens: 1_099_511_627_776, temperature: DecimalNumber(.number("0.70"), in: 0...2),
        topP: DecimalNumber(.number("1e-1"), in: 0...1), stop: ["END", "\"\n"])
}

/// One question and nothing else; the empty system prompt must not be sent.
func smallRequest(model: String) throws -> ChatRequest {
    ChatRequest(
        model: try #require(ModelName(model)), system: "",
        messages: [ChatMessage(role: .user, text: "Hi")], maxTokens: 5)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// What a reply that is no answer says.
func defect(_ dialect: any ProviderDialect, _ body: String) -> ReplyDefect? {
    do {
        _ = try dialect.decodeReply(bytes(body))
        return nil
    } catch {
        return error
    }
}

func tokens(
    _ input: Int64, _ output: Int64, read: Int64 = 0, written: Int64 = 0, hour: Int64 = 0,
    reasoning: Int64 = 0, searches: Int64 = 0, tier: ServiceTier? = nil
) throws -> ReportedUsage {
    let usage = TokenUsage(
        input: input, output: output, cacheRead: read, cacheWrite5m: written, cacheWrite1h: hour,
        reasoning: reasoning, webSearches: searches, serviceTier: tier)
    return .reported(try #require(usage))
}

extension ReportedUsage {
    var isSuspect: Bool {
        if case .suspect = self { true } else { false }
    }
}

/// Counts that no honest provider sends.
let impossibleCounts = [
    "-1", "1.5", "1e3", "1.0", "\"12\"", "true", "[]", "{}", "9223372036854775807",
    "9223372036854775808", "18446744073709551616", "1099511627777", "-9223372036854775808",
]
