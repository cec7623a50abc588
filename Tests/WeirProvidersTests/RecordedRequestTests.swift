import Testing
import WeirCore
import WeirProviders

@Suite("Recorded requests")
struct RecordedRequestTests {
    @Test(
        "that a plain conversation can express are encoded to the same shape",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func keepTheirShape() throws {
        var tally: [String: Int] = [:]
        for recording in try Recordings.load() {
            guard let plain = PlainRequest(recording), let request = plain.chatRequest else {
                continue
            }
            let encoded = try dialect(of: recording.provider).encode(request, isStream: false)
            let body = try JSONParser.parse(encoded.body, .request)
            let again = try #require(PlainRequest(body, path: encoded.path), "\(recording.id)")
            #expect(again.compared(with: plain) == plain, "\(recording.provider) \(recording.id)")
            #expect(recording.path.hasSuffix(encoded.path), "\(recording.id)")
            tally[recording.provider, default: 0] += 1
        }
        #expect(tally.values.reduce(0, +) >= 30)
        print("recorded requests encoded again:")
        for (provider, count) in tally.sorted(by: { $0.key < $1.key }) {
            print("  \(provider): \(count)")
        }
    }
}

/// A request in either of the three forms, as far as a plain conversation goes.
private struct PlainRequest: Equatable {
    var model: String?
    var system: String?
    var messages: [ChatMessage] = []
    var maxTokens: Int64?
    var temperature: JSON?
    var topP: JSON?
    var stop: [String] = []

    init?(_ recording: Recording) {
        self.init(recording.request, path: recording.path)
    }

    /// Nil where the request has anything else in it.
    init?(_ json: JSON, path: String) {
        guard let members = json.object?.members else { return nil }
        let turns = path.hasSuffix(":generateContent") ? "contents" : "messages"
        guard json[turns] != nil, !path.hasSuffix("count_tokens") else { return nil }
        if turns == "contents" {
            let name = path.split(separator: "/").last?.split(separator: ":").first
            model = name.map(String.init)
        }
        for member in members {
            guard read(member.name, member.value) else { return nil }
        }
    }

    var chatRequest: ChatRequest? {
        guard let model, let name = ModelName(model) else { return nil }
        return ChatRequest(
            model: name, system: system, messages: messages, maxTokens: maxTokens ?? 1024,
            temperature: temperature.flatMap { DecimalNumber($0, in: 0...2) },
            topP: topP.flatMap { DecimalNumber($0, in: 0...1) }, stop: stop)
    }

    /// A cap is always sent, also where the recorded request had none.
    func compared(with recorded: PlainRequest) -> PlainRequest {
        var copy = self
        if recorded.maxTokens == nil, copy.maxTokens == 1024 { copy.maxTokens = nil }
        return copy
    }

    private mutating func read(_ name: String, _ value: JSON) -> Bool {
        switch name {
        case "model": model = value.string
        case "max_tokens", "max_completion_tokens", "maxOutputTokens": maxTokens = value.integer
        case "temperature": temperature = value
        case "top_p", "topP": topP = value
        case "stop", "stop_sequences", "stopSequences":
            stop = value.array?.compactMap(\.string) ?? []
        case "stream": return value == false
        case "n": return value == 1
        case "responseModalities": return value == ["TEXT"]
        case "system", "systemInstruction":
            system = plainText(value["parts"] ?? value)
            return system != nil
        case "generationConfig":
            return value.object?.members.allSatisfy { read($0.name, $0.value) } ?? false
        case "messages", "contents":
            return value.array?.allSatisfy { add($0) } ?? false
        default: return false
        }
        return true
    }

    private mutating func add(_ message: JSON) -> Bool {
        guard let text = plainText(message["content"] ?? message["parts"]) else { return false }
        guard message.object?.members.count == 2 else { return false }
        switch message["role"]?.string {
        case "user": messages.append(ChatMessage(role: .user, text: text))
        case "assistant", "model": messages.append(ChatMessage(role: .assistant, text: text))
        case "system" where messages.isEmpty && system == nil: system = text
        default: return false
        }
        return true
    }
}

/// Text as it is or as the only part of a list; nil for anything else.
private func plainText(_ json: JSON?) -> String? {
    if let text = json?.string { return text }
    guard let parts = json?.array, parts.count == 1, let part = parts[0].object else { return nil }
    guard part.members.allSatisfy({ ["type", "text"].contains($0.name) }) else { return nil }
    return part["text"]?.string
}
