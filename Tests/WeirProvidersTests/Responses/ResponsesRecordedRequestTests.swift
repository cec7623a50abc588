import Testing
import WeirCore
@testable import WeirProviders

@Suite("Recorded Responses requests")
struct ResponsesRecordedRequestTests {
    /// Why a recorded request is refused, by the last name in the field at fault.
    static let reasons: [String: @Sendable (JSONObject) -> Bool] = [
        "previous_response_id": { $0["previous_response_id"]?.isNull == false },
        "conversation": { $0["conversation"] != nil },
        "background": { $0["background"] == true },
        "service_tier": { $0["service_tier"] == "flex" },
        "context_management": { $0["context_management"] != nil },
        "provider": { $0["provider"] != nil },
        "mode": { $0["reasoning"]?["mode"] == "pro" },
        "type": { hasTool($0, ["web_search", "file_search", "mcp", "code_interpreter"]) },
        "execution": { hasTool($0, ["tool_search"]) },
        "file_id": { JSON.object($0).text.contains("\"file_id\":\"") },
    ]

    @Test(
        "are read, or refused for a reason that they give",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func areRead() throws {
        var read = 0
        var refused: [String: Int] = [:]
        for recording in ResponsesRecording.all {
            do throws(WeirError) {
                let request = try OpenAIResponsesClient().decode(
                    recording.request, model: nil, isStream: nil)
                read += 1
                check(request, recording)
            } catch {
                let name = error.param?.split(separator: ".").last.map(String.init) ?? ""
                let isDue = Self.reasons[name]?(recording.request) == true
                #expect(isDue, "\(recording.id): \(error)")
                refused[name, default: 0] += 1
            }
        }
        #expect(read + refused.values.reduce(0, +) == ResponsesRecording.all.count)
        print("Responses requests: \(read) read, refused for", refused.sorted { $0.key < $1.key })
    }

    /// The bound holds for what the provider counted, and every text is there.
    private func check(_ request: ClientRequest, _ recording: ResponsesRecording) {
        let id = recording.id
        #expect(request.body == recording.request && request.choices == 1)
        #expect((request.stream != nil) == recording.isStream, "\(id)")
        if let input = inputTokens(recording), !request.input.isOpen {
            let framing = 64 + 16 * request.input.items + 50_000 * request.input.images
            #expect(request.input.textBytes + framing >= input, "\(id): \(request.input)")
        }
        let all = request.chat.messages.map(\.text) + [request.chat.system ?? ""]
        let said = all.joined(separator: "\n")
        for text in texts(recording.request) where !said.contains(text) {
            Issue.record("\(id) has lost \(text.prefix(80))")
        }
        let calls = request.chat.messages.flatMap(\.parts).count {
            if case .toolCall = $0 { true } else { false }
        }
        let items = recording.request["input"]?.array ?? []
        #expect(calls == items.count { $0["type"] == "function_call" }, "\(id)")
        #expect(
            request.chat.tools.count
                == recording.request["tools"]?.array?.count { $0["type"] == "function" } ?? 0)
    }

    private func inputTokens(_ recording: ResponsesRecording) -> Int64? {
        let whole = recording.isStream ? recording.lastResponse : nil
        let reply = whole ?? (try? JSONParser.parse(recording.reply, .reply))
        return reply?["usage"]?["input_tokens"]?.integer
    }

    /// Every text of messages and answers.
    private func texts(_ request: JSONObject) -> [String] {
        let input = request["input"]?.array ?? []
        let contents = input.filter { $0["type"] != "reasoning" }.compactMap {
            $0["content"] ?? ($0["type"] == "function_call_output" ? $0["output"] : nil)
        }
        let parts = contents.flatMap { $0.array ?? [] }.compactMap { $0["text"]?.string }
        return contents.compactMap(\.string) + parts + [request["instructions"]?.string ?? ""]
    }

    @Test(
        "pass through with nothing changed but what must be",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func passThrough() throws {
        let model = try #require(ModelName("other-model"))
        let changed: Set = ["model", "max_output_tokens", "store", "input"]
        for recording in ResponsesRecording.all {
            let encoded = OpenAIDialect().passThroughResponses(
                PassThrough(
                    body: recording.request, wire: .responses, model: model, maxTokens: 77,
                    isStream: recording.isStream))
            #expect(encoded.path == "/responses" && encoded.headers.isEmpty)
            let body = try #require(try JSONParser.parse(encoded.body, .request).object)
            #expect(body["model"] == "other-model" && body["store"] == false)
            #expect(body["max_output_tokens"] == 77)
            #expect(
                body.members.filter { !changed.contains($0.name) }
                    == recording.request.members.filter { !changed.contains($0.name) })
            let names = recording.request.members.map(\.name)
            #expect(body.members.map(\.name).prefix(names.count).elementsEqual(names))
            let items = recording.request["input"]?.array
            let kept = items?.filter {
                $0["type"] != "reasoning" || $0["encrypted_content"]?.isNull == false
                    || $0["content"] != nil
            }
            #expect(body["input"] == kept.map(JSON.array) ?? recording.request["input"])
        }
    }

    @Test("pass through without what is stored, or sealed by somebody else")
    func passNothingForeign() throws {
        let foreign = ThoughtSignature(origin: .messages, value: "x").text(for: .responses)
        let body = try jsonMembers(
            #"{"store":true,"max_output_tokens":null,"stream":true,"x":[1.0],"input":["#
                + #"{"type":"reasoning","id":"rs_1","summary":[{"text":"t"}]},"#
                + #"{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":null},"#
                + #"{"type":"reasoning","summary":[],"encrypted_content":"\#(foreign)"},"#
                + #"{"type":"reasoning","id":"rs_3","encrypted_content":"gAAA"},"#
                + #"{"type":"reasoning","content":[{"text":"open"}]},{"role":"user"}],"#
                + #""model":"a"}"#)
        let model = try #require(ModelName("b"))
        let encoded = OpenAIDialect().passThroughResponses(
            PassThrough(
                body: body, wire: .responses, model: model, maxTokens: 5, isStream: false))
        let expected =
            #"{"store":false,"max_output_tokens":5,"stream":false,"x":[1.0],"input":["#
            + #"{"type":"reasoning","id":"rs_3","encrypted_content":"gAAA"},"#
            + #"{"type":"reasoning","content":[{"text":"open"}]},{"role":"user"}],"model":"b"}"#
        #expect(text(encoded.body) == expected)
        let least = OpenAIDialect().passThroughResponses(
            PassThrough(
                body: try jsonMembers(#"{"input":"Hi"}"#), wire: .responses, model: model,
                maxTokens: 5, isStream: true))
        #expect(
            text(least.body)
                == #"{"input":"Hi","model":"b","max_output_tokens":5,"stream":true,"store":false}"#)
    }
}

private func hasTool(_ request: JSONObject, _ types: Set<String>) -> Bool {
    request["tools"]?.array?.contains { types.contains($0["type"]?.string ?? "") } == true
}
