import Foundation
import WeirCore

@testable import WeirProviders

/// Recorded chat completions, streamed ones too.
struct ChatExchange {
    let id: String
    let provider: String
    let status: Int64
    let isStream: Bool
    let request: JSONObject
    /// The body as it came where it was streamed, else written again from its parsed form.
    let reply: [UInt8]

    var dialect: any ProviderDialect {
        (ProviderKind(rawValue: provider) ?? .compatible).dialect
    }

    init?(_ json: JSON) {
        guard let id = json["id"]?.string, let provider = json["provider"]?.string,
            let path = json["path"]?.string, path.hasSuffix("/chat/completions"),
            let status = json["status"]?.integer, let request = json["request"]?.object,
            let response = json["response"]
        else { return nil }
        self.id = id
        self.provider = provider
        self.status = status
        self.request = request
        isStream = json["stream"] == true
        reply = response.string.map { Array($0.utf8) } ?? response.encoded
    }
}

enum ChatTraffic {
    static func load() throws -> [ChatExchange] {
        guard let folder = Recordings.folder else { return [] }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        return try names.filter { $0.hasSuffix(".jsonl") }.flatMap { name in
            let bytes = try Data(contentsOf: URL(filePath: folder).appending(path: name))
            return try bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
                ChatExchange(try JSONParser.parse(Array(line), .reply))
            }
        }
    }

    static func streams() throws -> [ChatExchange] {
        try load().filter { $0.isStream && $0.status == 200 }
    }
}

/// An object out of a text that is one.
func chatObject(_ text: String) throws -> JSONObject {
    guard let object = try JSONParser.parse(Array(text.utf8), .request).object else {
        throw RecordingError(reason: "no object: \(text)")
    }
    return object
}

/// What a request is read as, or the field at fault.
func chatRequest(_ text: String) throws -> ClientRequest {
    try OpenAIChatClient().decode(try chatObject(text), model: nil, isStream: nil)
}

func chatFault(_ text: String) throws -> String? {
    do {
        _ = try chatRequest(text)
        return nil
    } catch let error as WeirError {
        return error.code == .invalidRequest ? error.param : "\(error.code)"
    }
}

/// A request with one message of the user and what `members` add.
func plainChat(_ members: String) -> String {
    let more = members.isEmpty ? "" : ",\(members)"
    return #"{"model":"m","messages":[{"role":"user","content":"Hi"}]\#(more)}"#
}

/// What the events of a stream add up to.
struct ChatFold: Equatable {
    struct Call: Equatable {
        var id: String?
        var name: String
        var arguments = ""
        var signature: ThoughtSignature?
    }

    var text = ""
    var thinking = ""
    var proofs: [ThoughtSignature] = []
    var calls: [Call] = []
    var finish: FinishReason?
    var usage = ReportedUsage.absent
    var failure: ProviderFailure?
    var hasEnded = false
    var model: String?

    init(_ events: [ChatEvent]) {
        for event in events { add(event) }
    }

    init(_ steps: [StreamStep]) { self.init(steps.flatMap(\.events)) }

    private mutating func add(_ event: ChatEvent) {
        switch event {
        case .started(let model): self.model = model
        case .text(let text): self.text += text
        case .thinking(let text): thinking += text
        case .thinkingSignature(let proof), .redactedThinking(let proof): proofs.append(proof)
        case .toolCall(_, let id, let name, let signature):
            calls.append(Call(id: id, name: name, signature: signature))
        case .toolArguments(let index, let text):
            // A fold may begin in the middle of a call.
            if calls.indices.contains(index) { calls[index].arguments += text }
        case .finish(let reason, _): finish = reason
        case .usage(let report): usage = report
        case .failed(let failure): self.failure = failure
        case .ended: hasEnded = true
        }
    }
}

/// The same random numbers for the same seed.
struct ChatDice {
    private var state: UInt64

    init(seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 }

    mutating func below(_ limit: Int) -> Int {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 0x2545_F491_4F6C_DD1D) % UInt64(limit))
    }
}

func chatContext() throws -> ReplyContext {
    guard let request = RequestID("req_abc"), let model = ModelName("caller-name") else {
        throw RecordingError(reason: "no context")
    }
    return ReplyContext(
        request: request, model: model, createdAt: Timestamp(milliseconds: 1_800_000_000_123))
}
