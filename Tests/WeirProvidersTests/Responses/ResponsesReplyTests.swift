import Testing
import WeirCore
@testable import WeirProviders

@Suite("A Responses answer")
struct ResponsesReplyTests {
    static func fullReply() throws -> ChatReply {
        ChatReply(
            text: "Hé \"\n\u{1F600}",
            thinking: [
                Thinking(text: "p", signature: ThoughtSignature(origin: .messages, value: "sig")),
                Thinking(text: "", redacted: ThoughtSignature(origin: .messages, value: "hid")),
                Thinking(text: "q"),
            ],
            toolCalls: [
                ToolCall(id: "c1", name: "f", arguments: ["a": 1]),
                ToolCall(
                    id: nil, name: "g", arguments: [:],
                    signature: ThoughtSignature(origin: .generateContent, value: "s")),
                ToolCall(id: "c1", name: "h", arguments: "{broken"),
            ],
            finish: .toolCalls,
            usage: try tokens(30, 20, read: 10, written: 5, hour: 1, reasoning: 8))
    }

    @Test("reads again as what it was")
    func readsBack() throws {
        let reply = try Self.fullReply()
        let encoded = OpenAIResponsesClient().encode(reply, try responsesContext())
        let read = try OpenAIDialect().decodeResponsesReply(encoded)
        #expect(read.text == reply.text && read.finish == .toolCalls && read.model == "a-model")
        #expect(read.toolCalls.map(\.arguments) == reply.toolCalls.map(\.arguments))
        let ids = read.toolCalls.compactMap(\.id)
        #expect(ids.first == "c1" && Set(ids).count == 3)
        #expect(read.usage == (try tokens(30, 20, read: 10, written: 6, reasoning: 8)))
        #expect(read.thinking.map(\.text) == ["p", "", "q", ""])
    }

    @Test("comes back from its client as it was")
    func comesBack() throws {
        let reply = try Self.fullReply()
        let encoded = OpenAIResponsesClient().encode(reply, try responsesContext())
        let output = try #require(try JSONParser.parse(encoded, .request)["output"])
        let request = try readResponses(#"{"model":"m","input":\#(output.text)}"#)
        #expect(request.uncarried.isEmpty && request.chat.messages.count == 1)
        let parts = request.chat.messages[0].parts
        let calls = parts.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
        #expect(calls.map(\.signature) == reply.toolCalls.map(\.signature))
        let thoughts = parts.compactMap { if case .thinking(let it) = $0 { it } else { nil } }
        #expect(thoughts == reply.thinking)
        #expect(request.chat.messages[0].text == reply.text)
    }

    @Test("has every field of OpenAI's own")
    func hasAllFields() throws {
        let reply = ChatReply(text: "", finish: .stop, usage: .absent)
        let encoded = OpenAIResponsesClient().encode(reply, try responsesContext())
        let body = try JSONParser.parse(encoded, .request)
        #expect(body["id"] == "resp_0123456789abcdef" && body["object"] == "response")
        #expect(body["created_at"] == 1_768_775_279 && body["model"] == "a-model")
        #expect(
            body["usage"] == [
                "input_tokens": 0,
                "input_tokens_details": ["cached_tokens": 0, "cache_write_tokens": 0],
                "output_tokens": 0, "output_tokens_details": ["reasoning_tokens": 0],
                "total_tokens": 0,
            ])
        #expect(
            body["output"] == [
                [
                    "id": "msg_0123456789abcdef_0", "type": "message", "status": "completed",
                    "content": [
                        ["type": "output_text", "annotations": [], "logprobs": [], "text": ""]
                    ], "role": "assistant",
                ]
            ])
        for name in [
            "status", "background", "completed_at", "error", "incomplete_details", "instructions",
            "max_output_tokens", "max_tool_calls", "parallel_tool_calls", "previous_response_id",
            "prompt_cache_key", "prompt_cache_retention", "reasoning", "safety_identifier",
            "service_tier", "store",
            "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation",
            "user", "metadata",
        ] {
            #expect(body[name] != nil, "\(name)")
        }
    }

    @Test(
        "that was cut says so",
        arguments: [
            (FinishReason.length, "max_output_tokens"), (.contentFilter, "content_filter"),
        ])
    func saysCut(finish: FinishReason, reason: String) throws {
        let reply = ChatReply(
            text: "a", thinking: [Thinking(text: "t")], finish: finish, usage: .absent)
        let encoded = OpenAIResponsesClient().encode(reply, try responsesContext())
        let body = try JSONParser.parse(encoded, .request)
        #expect(body["status"] == "incomplete")
        #expect(body["incomplete_details"] == ["reason": .string(reason)])
        #expect(body["output"]?.array?.map { $0["status"]?.string } == [nil, "incomplete"])
        #expect(try OpenAIDialect().decodeResponsesReply(encoded).finish == finish)
    }

    @Test("has ids that OpenAI's server takes back")
    func hasValidIDs() throws {
        let context = ReplyContext(
            request: try #require(RequestID("req_@:/.+" + String(repeating: "x", count: 100))),
            model: try #require(ModelName("m")), createdAt: Timestamp(milliseconds: .min))
        let encoded = OpenAIResponsesClient().encode(try Self.fullReply(), context)
        for item in try JSONParser.parse(encoded, .request)["output"]?.array ?? [] {
            let id = try #require(item["id"]?.string)
            #expect(id.utf8.count <= 64 && id.utf8.allSatisfy(isNameByte), "\(id)")
        }
    }

    @Test("that is an error has OpenAI's form", arguments: WeirError.Code.allCases)
    func encodesErrors(code: WeirError.Code) throws {
        let error = WeirError(code, "Too much \"x\"", param: "input")
        let request = try #require(RequestID("req_1"))
        let encoded = OpenAIResponsesClient().encode(error, request: request)
        let body = try JSONParser.parse(encoded, .request)
        #expect(body.object?.members.map(\.name) == ["error"])
        #expect(
            body["error"]?.object?.members.map(\.name) == ["message", "type", "param", "code"])
        #expect(body["error"]?["message"] == "Too much \"x\"")
        #expect(body["error"]?["code"] == .string(code.rawValue))
        #expect(body["error"]?["param"] == "input")
        #expect(body["error"]?["type"]?.string?.hasSuffix(code.status < 500 ? "" : "error") == true)
    }
}
