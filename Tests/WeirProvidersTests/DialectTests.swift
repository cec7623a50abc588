import Testing
import WeirCore
import WeirProviders

@Suite("Dialects")
struct DialectTests {
    @Test("are named as the configuration names them")
    func names() {
        #expect(
            ProviderKind.allCases.map(\.rawValue)
                == ["anthropic", "openai", "deepseek", "gemini", "openai-compatible"])
        #expect(ProviderKind.compatible.defaultBaseURL == nil)
        #expect(ProviderKind.compatible.priceBookName == nil)
        #expect(ProviderKind.openai.priceBookName?.description == "openai")
    }

    @Test("have paths below their base URL", arguments: ProviderKind.allCases)
    func paths(kind: ProviderKind) throws {
        let path = try kind.dialect.encode(try smallRequest(model: "m"), isStream: false).path
        #expect(path.hasPrefix("/") && kind.probePath.hasPrefix("/"))
        #expect(kind.defaultBaseURL.map { $0.hasPrefix("https://") && !$0.hasSuffix("/") } ?? true)
    }

    @Test("count normalised text where the tokenizer normalises it")
    func normalisation() {
        let normalising = ProviderKind.allCases.filter { $0.dialect.normalisesText }
        #expect(normalising == [.gemini])
    }

    @Test("survive replies with bytes changed, cut and repeated", arguments: 1...20)
    func surviveNoise(seed: UInt64) {
        var noise = Noise(state: seed)
        for reply in honestReplies {
            for _ in 0..<40 {
                let body = noise.damaged(bytes(reply))
                for kind in ProviderKind.allCases { decodeEverything(body, kind.dialect) }
            }
        }
    }

    /// What is read doesn't matter here, only that reading ends and that no count is a credit.
    private func decodeEverything(_ body: [UInt8], _ dialect: any ProviderDialect) {
        do {
            let usage = try dialect.decodeReply(body).usage
            if case .reported(let usage) = usage { #expect(usage.uncachedInput >= 0) }
        } catch {
            #expect(!error.reason.isEmpty)
        }
        do {
            _ = try OpenAIDialect().decodeResponsesReply(body)
        } catch {
            #expect(!error.reason.isEmpty)
        }
        let failure = dialect.decodeFailure(status: 400, body: body)
        #expect(failure.message.utf8.count <= 500)
        #expect(redact(failure.message).utf8.count <= 10_000)
    }
}

private let honestReplies = [
    #"{"model":"m","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"f","#
        + #""input":{}}],"stop_reason":"end_turn","usage":{"input_tokens":37,"output_tokens":9,"#
        + #""cache_creation_input_tokens":0,"iterations":[]}}"#,
    #"{"choices":[{"finish_reason":"stop","message":{"content":"a","tool_calls":[{"function":{"#
        + #""name":"f","arguments":"{\"a\":1}"}}]}}],"usage":{"prompt_tokens":37,"#
        + #""completion_tokens":9,"total_tokens":46,"prompt_cache_hit_tokens":3}}"#,
    #"{"output":[{"type":"message","content":[{"type":"output_text","text":"\ud83d\ude00"}]}],"#
        + #""status":"completed","usage":{"input_tokens":37,"output_tokens":9}}"#,
    #"{"candidates":[{"content":{"parts":[{"text":"a"},{"functionCall":{"name":"f","args":{}}}]},"#
        + #""finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":37,"totalTokenCount":46}}"#,
    #"{"error":{"message":"key sk-abc at https://h.example/x","code":"x","details":[{"#
        + #""retryDelay":"12.5s","violations":[{"quotaId":"PerDay"}]}]}}"#,
]

/// Repeatable damage: xorshift64*, the seed is the state.
private struct Noise {
    var state: UInt64

    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(3) {
            guard !bytes.isEmpty else { return bytes }
            let place = below(bytes.count)
            switch below(4) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: bytes[place..<min(place + 9, bytes.count)], at: place)
            default: bytes.insert(pieces[below(pieces.count)], at: place)
            }
        }
        return bytes
    }

    private let pieces = Array("-9{}[]\",:.e\\u0 ".utf8)

    init(state: UInt64) { self.state = state &* 0x9E37_79B9_7F4A_7C15 }

    private mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    private mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
