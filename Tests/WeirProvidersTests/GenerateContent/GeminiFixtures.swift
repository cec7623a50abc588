import Foundation
import Testing
import WeirCore
import WeirProviders

/// A recorded exchange of Gemini's, streamed or not.
struct GeminiRecording: CustomTestStringConvertible {
    let id: String
    let method: String
    let model: ModelName
    let request: JSONObject
    let isStream: Bool
    /// The text of the stream as it came, or the reply.
    let reply: [UInt8]

    var testDescription: String { id }

    static let isThere = Recordings.folder != nil

    /// Empty where there are no recordings.
    static let all: [GeminiRecording] = {
        do {
            guard let folder = Recordings.folder else { return [] }
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/gemini.jsonl"))
            return try Array(bytes).split(separator: UInt8(ascii: "\n")).map { line in
                try GeminiRecording(try JSONParser.parse(Array(line), .reply))
            }
        } catch {
            // An empty list fails the test that counts them.
            return []
        }
    }()

    static func all(_ method: String) -> [GeminiRecording] {
        all.filter { $0.method == method }
    }

    private init(_ json: JSON) throws {
        let path = (json["path"]?.string ?? "").split(separator: "/").last ?? ""
        let words = path.split(separator: ":").map(String.init)
        guard let id = json["id"]?.string, let reply = json["response"], words.count == 2,
            let model = ModelName(words[0]), let request = json["request"]?.object
        else { throw RecordingError(reason: "not a recording") }
        self.id = id
        self.model = model
        self.request = request
        method = words[1]
        isStream = json["stream"] == true
        self.reply = isStream ? Array((reply.string ?? "").utf8) : reply.encoded
    }
}

/// Strictly parsed, as the server does it.
func geminiObject(_ body: String) throws -> JSONObject {
    try #require(try JSONParser.parse(bytes(body), .request).object)
}

func readGemini(_ body: String, isStream: Bool = false) throws -> ClientRequest {
    try GeminiClient().decode(
        geminiObject(body), model: ModelName("gemini-2.5-flash"), isStream: isStream)
}

/// What a request is refused for: the field at fault and the reason.
func geminiRefusal(_ body: String) throws -> WeirError? {
    let object = try geminiObject(body)
    do throws(WeirError) {
        _ = try GeminiClient().decode(object, model: ModelName("m"), isStream: nil)
        return nil
    } catch {
        return error
    }
}

/// A request with one turn of the user's.
func asking(_ parts: String, _ more: String = "") -> String {
    #"{"contents":[{"role":"user","parts":[\#(parts)]}]\#(more)}"#
}

func replyContext() throws -> ReplyContext {
    ReplyContext(
        request: try #require(RequestID("req_1")), model: try #require(ModelName("fast")),
        createdAt: Timestamp(milliseconds: 1_700_000_000_000))
}

func streamEnd(_ finish: FinishReason, _ usage: TokenUsage) -> StreamEnd {
    StreamEnd(finish: finish, usage: usage, cost: Money(nanos: 1))
}

extension ReportedUsage {
    var reported: TokenUsage? {
        if case .reported(let usage) = self { usage } else { nil }
    }
}
