import Foundation
import Testing
import WeirCore
@testable import WeirProviders

/// A recorded exchange over the Responses API, streamed or not.
struct ResponsesRecording {
    let id: String
    let provider: String
    let status: Int64
    let isStream: Bool
    let request: JSONObject
    let reply: [UInt8]

    /// All of them; none where the recordings aren't there.
    static let all: [ResponsesRecording] = {
        guard let folder = Recordings.folder else { return [] }
        let files = ["openai", "deepseek", "openai-compatible"]
        return files.flatMap { name -> [ResponsesRecording] in
            let path = URL(filePath: folder).appending(path: "\(name).jsonl")
            guard let bytes = try? Data(contentsOf: path) else { return [] }
            return Array(bytes).split(separator: UInt8(ascii: "\n")).compactMap(read)
        }
    }()

    static var streams: [ResponsesRecording] { all.filter { $0.isStream && $0.status == 200 } }

    private static func read(_ line: ArraySlice<UInt8>) -> ResponsesRecording? {
        guard let json = try? JSONParser.parse(Array(line), .reply),
            json["path"]?.string?.hasSuffix("/responses") == true,
            let id = json["id"]?.string, let provider = json["provider"]?.string,
            let status = json["status"]?.integer, let request = json["request"]?.object,
            let response = json["response"]
        else { return nil }
        let isStream = json["stream"] == true
        let reply = isStream ? Array((response.string ?? "").utf8) : response.encoded
        return ResponsesRecording(
            id: id, provider: provider, status: status, isStream: isStream, request: request,
            reply: reply)
    }

    /// The `response` of a stream's last event, read without the decoder under test.
    var lastResponse: JSON? {
        let lines = String(decoding: reply, as: UTF8.self).split(separator: "\n")
        guard let data = lines.last(where: { $0.hasPrefix("data: {") }) else { return nil }
        return (try? JSONParser.parse(Array(data.dropFirst(6).utf8), .reply))?["response"]
    }
}

/// A request's members out of JSON text.
func jsonMembers(_ text: String) throws -> JSONObject {
    try #require(try JSONParser.parse(bytes(text), .request).object)
}

/// What a client's request is read as.
func readResponses(_ text: String) throws -> ClientRequest {
    try OpenAIResponsesClient().decode(try jsonMembers(text), model: nil, isStream: nil)
}

/// Why a client's request isn't read; nil where it is.
func responsesRefusal(_ text: String) throws -> WeirError? {
    let body = try jsonMembers(text)
    do {
        _ = try OpenAIResponsesClient().decode(body, model: nil, isStream: nil)
        return nil
    } catch {
        return error
    }
}

func responsesContext() throws -> ReplyContext {
    ReplyContext(
        request: try #require(RequestID("req_0123456789abcdef")),
        model: try #require(ModelName("a-model")),
        createdAt: Timestamp(milliseconds: 1_768_775_279_999))
}

/// All steps of a stream that comes in these chunks, and what its end completes.
func responsesSteps(_ chunks: [ArraySlice<UInt8>]) throws -> [StreamStep] {
    var decoder = ResponsesStreamDecoder()
    var steps: [StreamStep] = []
    for chunk in chunks { steps += try decoder.feed(Array(chunk)) }
    return try steps + decoder.finish()
}

func responsesSteps(_ text: String) throws -> [StreamStep] {
    try responsesSteps([bytes(text)[...]])
}

/// Streams in which each event is one of these JSON texts.
func responsesStream(_ events: [String]) -> String {
    events.map { "data: \($0)\n\n" }.joined()
}

/// What a list of events adds up to, as a whole reply would tell it.
struct ResponsesSum: Equatable {
    var text = ""
    var thinking = ""
    var seals: [ThoughtSignature] = []
    var calls: [Call] = []
    var finish: FinishReason?
    var usage: ReportedUsage?
    var model: String?
    var isEnded = false
    var failure: ProviderFailure?

    struct Call: Equatable {
        var id: String?
        var name: String
        var arguments: String
        var signature: ThoughtSignature?
    }

    init(_ events: [ChatEvent]) {
        for event in events {
            switch event {
            case .started(let name): model = name
            case .text(let more): text += more
            case .thinking(let more): thinking += more
            case .thinkingSignature(let seal), .redactedThinking(let seal): seals.append(seal)
            case .toolCall(let index, let id, let name, let signature):
                #expect(index == calls.count)
                calls.append(Call(id: id, name: name, arguments: "", signature: signature))
            case .toolArguments(let index, let more): calls[index].arguments += more
            case .finish(let reason, _): finish = reason
            case .usage(let reported): usage = reported
            case .failed(let reason): failure = reason
            case .ended: isEnded = true
            }
        }
    }

    init(_ steps: [StreamStep]) { self.init(steps.flatMap(\.events)) }
}
