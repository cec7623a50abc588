import Foundation
import WeirCore
import WeirProviders

/// Any recorded exchange: completions in whichever wire, streamed or not, embeddings, token counts,
/// and refusals.
struct RecordedExchange: Sendable {
    let id: String
    let provider: String
    let endpoint: String
    /// The model where the path names it.
    let model: ModelName?
    let status: Int
    let isStream: Bool
    let request: JSONObject
    /// The body as it came where it was streamed, else written again from its parsed form.
    let reply: [UInt8]

    /// All of them, and how many lines the files have.
    static let all: (exchanges: [RecordedExchange], lines: Int) = {
        guard let folder = Recordings.folder,
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        else { return ([], 0) }
        let lines = names.filter { $0.hasSuffix(".jsonl") }.sorted().flatMap { name in
            let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
            return Array(bytes).split(separator: 0x0A)
        }
        // A line that can't be read is missed by the test that counts them.
        return (lines.compactMap { RecordedExchange(Array($0)) }, lines.count)
    }()

    private init?(_ line: [UInt8]) {
        guard let json = try? JSONParser.parse(line, .reply), let id = json["id"]?.string,
            let provider = json["provider"]?.string, let path = json["path"]?.string,
            let status = json["status"]?.integer, let request = json["request"]?.object,
            let response = json["response"]
        else { return nil }
        self.id = id
        self.provider = provider
        self.status = Int(clamping: status)
        self.request = request
        isStream = json["stream"] == true
        reply = isStream ? Array((response.string ?? "").utf8) : response.encoded
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        let words = last.split(separator: ":").map(String.init)
        model = words.count == 2 ? ModelName(words[0]) : nil
        endpoint = path.hasSuffix("/chat/completions") ? "chat/completions" : words.last ?? ""
    }

    /// Nil where it is no completion.
    var wire: Wire? {
        switch endpoint {
        case "chat/completions": .chatCompletions
        case "responses": .responses
        case "messages": .messages
        case "generateContent", "streamGenerateContent": .generateContent
        default: nil
        }
    }

    /// How Weir speaks to this provider.
    var dialect: any ProviderDialect {
        (ProviderKind(rawValue: provider) ?? .compatible).dialect
    }

    var row: String { "\(provider) | \(endpoint)\(isStream ? ", streamed" : "")" }

    /// What the provider answered, read by the dialect of its wire.
    func readReply(_ wire: Wire) throws(ReplyDefect) -> MatrixAnswer {
        isStream
            ? MatrixAnswer(try readSteps(wire)) : MatrixAnswer(try readWhole(wire))
    }

    func readWhole(_ wire: Wire) throws(ReplyDefect) -> ChatReply {
        try dialect.decodeReply(reply, wire: wire)
    }

    func readSteps(
        _ wire: Wire, includesUsage: Bool = false, pieces: [[UInt8]]? = nil
    ) throws(ReplyDefect) -> [StreamStep] {
        let decoder = dialect.replyStream(wire: wire, includesUsage: includesUsage)
        return try decoder.steps(of: pieces ?? [reply])
    }
}

extension ReplyStreamDecoder {
    /// All steps of a body that comes in these pieces.
    func steps(of pieces: [[UInt8]]) throws(ReplyDefect) -> [StreamStep] {
        var decoder = self
        var steps: [StreamStep] = []
        for piece in pieces { steps += try decoder.feed(piece) }
        return steps + (try decoder.finish())
    }
}

/// What an answer says, whether it came whole or streamed.
struct MatrixAnswer {
    var text = ""
    var thinking = ""
    var calls: [(name: String, arguments: JSON)] = []
    var finish: FinishReason?
    var stopSequence: String?
    var usage: TokenUsage?
    var hasEnded = true
    var hasFailed = false

    init(_ reply: ChatReply) {
        text = reply.text
        thinking = reply.thinking.map(\.text).joined()
        calls = reply.toolCalls.map { ($0.name, $0.arguments) }
        finish = reply.finish
        stopSequence = reply.stopSequence
        if case .reported(let reported) = reply.usage { usage = reported }
    }

    init(_ steps: [StreamStep]) {
        var names: [String] = []
        var arguments: [[UInt8]] = []
        var meter = StreamMeter()
        for step in steps {
            meter.add(step.events)
            for event in step.events {
                switch event {
                case .text(let more): text += more
                case .thinking(let more): thinking += more
                case .toolCall(_, _, let name, _):
                    names.append(name)
                    arguments.append([])
                case .toolArguments(let index, let more): arguments[index] += more.utf8
                default: continue
                }
            }
        }
        calls = zip(names, arguments).map { name, bytes in
            let text = JSON.string(String(decoding: bytes, as: UTF8.self))
            let none = JSON.object(JSONObject())
            return (name, bytes.isEmpty ? none : (try? JSONParser.parse(bytes, .reply)) ?? text)
        }
        finish = meter.finish
        stopSequence = meter.stopSequence
        if case .reported(let reported) = meter.usage { usage = reported }
        hasFailed = meter.failure != nil
        hasEnded = meter.hasEnded && !hasFailed
    }

    /// The names of what `other`, read in `wire`, says differently.
    func differences(from other: MatrixAnswer, in wire: Wire) -> [String] {
        var found: [String] = []
        if Array(other.text.utf8) != Array(text.utf8) { found.append("text") }
        if other.thinking != thinking { found.append("thinking") }
        let isSameCalls = other.calls.elementsEqual(calls) {
            $0.name == $1.name && isSame($0.arguments, $1.arguments)
        }
        if !isSameCalls { found.append("calls") }
        if other.finish != finish {
            found.append("finish \(String(describing: other.finish)) not \(finish as Any)")
        }
        if other.usage?.input != usage?.input || other.usage?.output != usage?.output
            || other.usage?.cacheRead != usage?.cacheRead
            || other.usage?.reasoning != usage?.reasoning
        {
            found.append("usage")
        }
        if other.hasEnded != hasEnded || other.hasFailed != hasFailed { found.append("end") }
        return found.map { "\(wire.rawValue): \($0)" }
    }
}
