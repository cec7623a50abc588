import Foundation
import Testing
import WeirCore
import WeirProviders

/// Recorded exchanges with Anthropic, streams included.
struct MessagesExchange: CustomTestStringConvertible, Sendable {
    let id: String
    let path: String
    let status: Int
    let isStream: Bool
    let request: JSONObject
    /// The body: JSON, or events as they came.
    let response: [UInt8]

    var testDescription: String { id }
    var isCount: Bool { path.hasSuffix("/count_tokens") }

    static let all: [MessagesExchange] = {
        guard let folder = Recordings.folder,
            let data = FileManager.default.contents(atPath: folder + "/anthropic.jsonl")
        else { return [] }
        return data.split(separator: UInt8(ascii: "\n")).compactMap { MessagesExchange(Array($0)) }
    }()

    static let streams = all.filter(\.isStream)
    static let wholes = all.filter { !$0.isStream && !$0.isCount && $0.status == 200 }

    private init?(_ line: [UInt8]) {
        // A line that can't be read is missed by the test that counts them.
        guard let json = try? JSONParser.parse(line, .reply), let id = json["id"]?.string,
            let path = json["path"]?.string, let status = json["status"]?.integer,
            let request = json["request"]?.object, let response = json["response"]
        else { return nil }
        self.id = id
        self.path = path
        self.status = Int(clamping: status)
        self.request = request
        isStream = json["stream"] == true
        self.response = response.string.map { Array($0.utf8) } ?? response.encoded
    }

    /// What the client dialect makes of the request.
    func read() -> Result<ClientRequest, WeirError> {
        MessagesFixture.read(request, isCount: isCount)
    }
}

enum MessagesFixture {
    static let client = AnthropicClient()
    static let provider = AnthropicDialect()

    static func read(
        _ body: JSONObject, isCount: Bool = false
    ) -> Result<ClientRequest, WeirError> {
        do throws(WeirError) {
            return .success(
                isCount
                    ? try client.decodeCount(body, model: nil)
                    : try client.decode(body, model: nil, isStream: nil))
        } catch {
            return .failure(error)
        }
    }

    /// A request with nothing in it but `members`, written as JSON without braces.
    static func request(_ members: String, messages: String? = nil) throws -> JSONObject {
        let turns = messages ?? #"[{"role":"user","content":"Hi"}]"#
        let text = #"{"model":"m","max_tokens":8,"messages":\#(turns)\#(members)}"#
        return try JSONParser.parse(Array(text.utf8), .request).object ?? JSONObject()
    }

    /// One user message with these blocks.
    static func blocks(_ blocks: String, role: String = "user") throws -> JSONObject {
        try request("", messages: #"[{"role":"\#(role)","content":[\#(blocks)]}]"#)
    }

    static func object(_ bytes: [UInt8]) throws -> JSONObject {
        try JSONParser.parse(bytes, .request).object ?? JSONObject()
    }

    static func context() throws -> ReplyContext {
        guard let request = RequestID("req_1"), let model = ModelName("claude-x") else {
            throw RecordingError(reason: "a name is refused")
        }
        return ReplyContext(
            request: request, model: model, createdAt: Timestamp(milliseconds: 1_000))
    }

    static func chat(
        _ model: String = "claude-sonnet-4-5", _ messages: [ChatMessage]? = nil,
        cap: Int64 = 4_096, _ change: (inout ChatRequest) -> Void = { _ in }
    ) throws -> ChatRequest {
        guard let name = ModelName(model) else { throw RecordingError(reason: "no name") }
        var chat = ChatRequest(
            model: name, messages: messages ?? [ChatMessage(role: .user, text: "Hi")],
            maxTokens: cap)
        change(&chat)
        return chat
    }

    /// All steps of a stream that comes in `pieces`.
    static func steps(
        _ pieces: some Sequence<[UInt8]>, wire: Wire = .messages
    ) throws(ReplyDefect) -> [StreamStep] {
        var decoder = provider.replyStream(wire: wire, includesUsage: false)
        var steps: [StreamStep] = []
        for piece in pieces { steps += try decoder.feed(piece) }
        return steps + (try decoder.finish())
    }

    /// Neighbouring pieces of one text put together, so that streams can be compared by content.
    static func joined(_ events: [ChatEvent]) -> [ChatEvent] {
        var joined: [ChatEvent] = []
        for event in events {
            switch (joined.last, event) {
            case (.text(let head), .text(let tail)): joined[joined.count - 1] = .text(head + tail)
            case (.thinking(let head), .thinking(let tail)):
                joined[joined.count - 1] = .thinking(head + tail)
            case (.toolArguments(let first, let head), .toolArguments(let second, let tail))
            where first == second:
                joined[joined.count - 1] = .toolArguments(index: first, head + tail)
            default: joined.append(event)
            }
        }
        return joined
    }
}
