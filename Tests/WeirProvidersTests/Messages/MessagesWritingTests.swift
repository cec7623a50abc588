import Testing
import WeirCore
import WeirProviders

@Suite("Requests to Anthropic")
struct MessagesWritingTests {
    private func encoded(_ chat: ChatRequest, isStream: Bool = false) throws -> JSONObject {
        try MessagesFixture.object(
            try MessagesFixture.provider.encode(chat, isStream: isStream).body)
    }

    private func messages(_ messages: [ChatMessage]) throws -> String {
        try encoded(try MessagesFixture.chat("m", messages))["messages"]?.text ?? ""
    }

    @Test("carry every kind of content")
    func content() throws {
        let mine = ThoughtSignature(origin: .messages, value: "s")
        let turns = [
            ChatMessage(
                role: .user,
                parts: [
                    .text("a"), .text(""),
                    .image(
                        ChatMedia(source: .base64("AA=="), mediaType: "image/png", detail: "low")),
                    .image(ChatMedia(source: .url("https://h.example/x"))),
                    .document(
                        ChatMedia(source: .base64("AA=="), mediaType: "application/pdf"),
                        name: "n"),
                    .document(ChatMedia(source: .text("t")), name: nil),
                ]),
            ChatMessage(
                role: .assistant,
                parts: [
                    .thinking(Thinking(text: "h", signature: mine)),
                    .thinking(Thinking(text: "", redacted: mine)),
                    .thinking(Thinking(text: "left out")),
                    .thinking(
                        Thinking(
                            text: "left out",
                            signature: ThoughtSignature(origin: .generateContent, value: "g"))),
                    .toolCall(ToolCall(id: "functions.f:0", name: "f", arguments: ["a": 1])),
                    .toolCall(ToolCall(id: nil, name: "g", arguments: .null)),
                    .toolCall(ToolCall(id: nil, name: "h", arguments: .string("{oops"))),
                ]),
            ChatMessage(role: .user, text: "and"),
            ChatMessage(
                role: .user,
                parts: [
                    .toolResult(ToolResult(callID: nil, name: "h", content: [.text("1")])),
                    .toolResult(ToolResult(callID: nil, content: [], isError: true)),
                    .toolResult(
                        ToolResult(
                            callID: "functions.f:0",
                            content: [
                                .text(""), .text("x"),
                                .image(ChatMedia(source: .url("https://h.example/y"))),
                            ])),
                ]),
        ]
        #expect(
            try messages(turns)
                == #"[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","#
                + #""source":{"type":"base64","media_type":"image/png","data":"AA=="}},"#
                + #"{"type":"image","source":{"type":"url","url":"https://h.example/x"}},"#
                + #"{"type":"document","#
                + #""source":{"type":"base64","media_type":"application/pdf","data":"AA=="},"#
                + #""title":"n"},{"type":"document","source":{"type":"text","media_type":"#
                + #""text/plain","data":"t"}}]},{"role":"assistant","content":[{"type":"thinking","#
                + #""thinking":"h","signature":"s"},{"type":"redacted_thinking","data":"s"},"#
                + #"{"type":"tool_use","id":"functions_f_0","name":"f","input":{"a":1}},"#
                + #"{"type":"tool_use","id":"toolu_0","name":"g","input":{}},"#
                + #"{"type":"tool_use","id":"toolu_1","name":"h","input":{"arguments":"{oops"}}]},"#
                + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","#
                + #""content":"1"},{"type":"tool_result","tool_use_id":"toolu_0","is_error":true},"#
                + #"{"type":"tool_result","tool_use_id":"functions_f_0","content":[{"type":"text","#
                + #""text":"x"},{"type":"image","source":{"type":"url","url":"#
                + #""https://h.example/y"}}]},{"type":"text","text":"and"}]}]"#)
    }

    @Test("have neighbouring turns put together where more than text is in them")
    func merging() throws {
        let call = ChatPart.toolCall(ToolCall(id: "t", name: "f", arguments: [:]))
        let use = #"{"type":"tool_use","id":"t","name":"f","input":{}}"#
        #expect(
            try messages([
                ChatMessage(role: .user, text: "a"), ChatMessage(role: .user, text: "b"),
            ]) == #"[{"role":"user","content":"a"},{"role":"user","content":"b"}]"#)
        #expect(
            try messages([
                ChatMessage(role: .assistant, text: "a"),
                ChatMessage(role: .assistant, parts: [call]),
            ]) == #"[{"role":"assistant","content":[{"type":"text","text":"a"},\#(use)]}]"#)
        #expect(
            try messages([
                ChatMessage(role: .assistant, parts: [.thinking(Thinking(text: "x"))]),
                ChatMessage(role: .user, text: "a"), ChatMessage(role: .assistant, parts: []),
            ]) == #"[{"role":"user","content":"a"}]"#)
    }

    @Test("carry tools and the choice among them")
    func tools() throws {
        let cases: [(ToolChoice?, Bool?, String)] = [
            (nil, nil, "null"), (nil, true, "null"), (.automatic, nil, #"{"type":"auto"}"#),
            (nil, false, #"{"type":"auto","disable_parallel_tool_use":true}"#),
            (.required, false, #"{"type":"any","disable_parallel_tool_use":true}"#),
            (ToolChoice.none, false, #"{"type":"none"}"#),
            (.named("f"), true, #"{"type":"tool","name":"f"}"#),
        ]
        for (choice, parallel, expected) in cases {
            let body = try encoded(
                try MessagesFixture.chat {
                    $0.tools = [
                        ChatTool(
                            name: "f", description: "d", parameters: ["properties": [:]],
                            isStrict: true), ChatTool(name: "g", isStrict: false),
                    ]
                    $0.toolChoice = choice
                    $0.parallelToolCalls = parallel
                })
            #expect(
                body["tools"]?.text
                    == #"[{"name":"f","description":"d","input_schema":{"properties":{},"#
                    + #""type":"object"},"strict":true},"#
                    + #"{"name":"g","input_schema":{"type":"object","properties":{}}}]"#)
            #expect(body["tool_choice"]?.text ?? "null" == expected)
        }
        let none = try encoded(
            try MessagesFixture.chat {
                $0.toolChoice = .automatic
                $0.parallelToolCalls = false
            })
        #expect(none["tools"] == nil && none["tool_choice"] == nil)
    }

    @Test("ask for thinking as the model takes it")
    func thinking() throws {
        let cases: [(String, ReasoningEffort, String, String)] = [
            ("claude-sonnet-4-5", .word("high"), budget(3_276), "null"),
            ("claude-3-7-sonnet-20250219", .word("minimal"), budget(1_024), "null"),
            ("claude-haiku-4-5", .word("none"), "null", "null"),
            ("claude-opus-4-20250514", .tokens(2_000), budget(2_000), "null"),
            ("claude-opus-4-5", .tokens(9_000), budget(4_095), "null"),
            ("claude-opus-4-5", .adaptive, budget(2_048), "null"),
            ("claude-opus-4-5", .tokens(0), "null", "null"),
            ("claude-opus-4-6", .tokens(2_000), budget(2_000), "null"),
            ("claude-opus-4-6", .word("xhigh"), adaptive, #"{"effort":"high"}"#),
            ("claude-opus-4.7", .word("xhigh"), adaptive, #"{"effort":"xhigh"}"#),
            ("claude-sonnet-4-6", .adaptive, adaptive, "null"),
            ("claude-opus-4-8", .word("minimal"), adaptive, #"{"effort":"low"}"#),
            ("claude-sonnet-5", .word("none"), #"{"type":"disabled"}"#, "null"),
            ("claude-fable-5-1", .tokens(0), #"{"type":"disabled"}"#, "null"),
            ("mythos-preview", .word("max"), adaptive, #"{"effort":"max"}"#),
        ]
        for (model, effort, thinking, output) in cases {
            let body = try encoded(try MessagesFixture.chat(model) { $0.reasoning = effort })
            #expect(body["thinking"]?.text ?? "null" == thinking, "\(model) \(effort)")
            #expect(body["output_config"]?.text ?? "null" == output, "\(model) \(effort)")
        }
    }

    private let adaptive = #"{"type":"adaptive"}"#
    private func budget(_ tokens: Int64) -> String {
        #"{"type":"enabled","budget_tokens":\#(tokens)}"#
    }

    @Test("go on without thinking where a turn with calls began without")
    func insideToolLoop() throws {
        let call = ChatPart.toolCall(ToolCall(id: "t", name: "f", arguments: [:]))
        let proof = ThoughtSignature(origin: .messages, value: "s")
        let thought = ChatPart.thinking(Thinking(text: "h", signature: proof))
        for (parts, expected) in [([call], false), ([thought, call], true)] {
            let turns = [
                ChatMessage(role: .user, text: "a"), ChatMessage(role: .assistant, parts: parts),
                ChatMessage(
                    role: .user, parts: [.toolResult(ToolResult(callID: "t", content: []))]),
            ]
            let chat = try MessagesFixture.chat("claude-sonnet-4-5", turns) {
                $0.reasoning = .word("low")
            }
            #expect((try encoded(chat)["thinking"] != nil) == expected)
        }
    }

    @Test("carry the form of the answer, sampling and the wish for a stream")
    func settings() throws {
        let body = try encoded(
            try MessagesFixture.chat("claude-opus-4-6") {
                $0.reasoning = .word("low")
                $0.format = .schema(name: "n", schema: ["type": "object"], isStrict: false)
                $0.topK = DecimalNumber(.number("40"), in: 0...100)
                $0.frequencyPenalty = DecimalNumber(.number("0.0"), in: -2...2)
            }, isStream: true)
        #expect(
            body["output_config"]?.text
                == #"{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}}}"#)
        #expect(body["top_k"]?.text == "40" && body["stream"] == true)
    }

    @Test("name what they can't carry")
    func refusals() throws {
        let number = { (text: String) in DecimalNumber(.number(text), in: -2...100) }
        let cases: [(String, (inout ChatRequest) -> Void)] = [
            ("frequency_penalty", { $0.frequencyPenalty = number("0.5") }),
            ("presence_penalty", { $0.presencePenalty = number("-1") }),
            ("seed", { $0.seed = number("0") }), ("top_k", { $0.topK = number("1.5") }),
            ("temperature", { $0.temperature = number("1.01") }),
            ("response_format", { $0.format = .json }), ("messages", { $0.messages = [] }),
            ("messages", { $0.messages = [ChatMessage(role: .user, text: "")] }),
            ("reasoning_effort", { $0.reasoning = .word("huge") }),
            ("reasoning_effort", { $0.reasoning = .tokens(1_023) }),
            (
                "reasoning_effort",
                {
                    $0.reasoning = .word("low")
                    $0.maxTokens = 1_024
                }
            ),
            (
                "reasoning_effort",
                {
                    $0.reasoning = .tokens(2_000)
                    $0.model = ModelName("claude-opus-4-8") ?? $0.model
                }
            ),
            (
                "media_type",
                {
                    $0.messages = [
                        ChatMessage(role: .user, parts: [.image(ChatMedia(source: .base64("A")))])
                    ]
                }
            ),
        ]
        for (name, change) in cases {
            var chat = try MessagesFixture.chat()
            change(&chat)
            let error = #expect(throws: WeirError.self) { try encoded(chat) }
            #expect(error?.param == name && error?.code == .invalidRequest)
        }
    }

    @Test("for a count carry what is read")
    func count() throws {
        let chat = try MessagesFixture.chat("m") {
            $0.system = "s"
            $0.tools = [ChatTool(name: "f")]
            $0.temperature = DecimalNumber(.number("1"), in: 0...1)
            $0.reasoning = .word("high")
            $0.seed = DecimalNumber(.number("1"), in: 0...1)
        }
        let encoded = try MessagesFixture.provider.encodeCount(chat)
        #expect(encoded.path == "/v1/messages/count_tokens")
        #expect(
            text(encoded.body)
                == #"{"model":"m","system":"s","messages":[{"role":"user","content":"Hi"}],"#
                + #""tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}]}"#)
    }

    @Test("that pass through lose only thoughts of another provider")
    func passThrough() throws {
        let foreign =
            #"{"type":"thinking","thinking":"x","signature":"weir:generate_content:g"},"#
            + #"{"type":"thinking","thinking":"x","signature":""},"#
            + #"{"type":"redacted_thinking","data":"weir:responses:r"}"#
        let own =
            #"{"type":"thinking","thinking":"x","signature":"s"},"#
            + #"{"type":"redacted_thinking","data":"r"},{"type":"text","text":"t","new":1}"#
        let user = #"{"role":"user","content":"a"}"#
        let turn = { (blocks: String) in #"{"role":"assistant","content":[\#(blocks)]}"# }
        let body = try MessagesFixture.request(
            #","stream":false,"new":{"z":1,"a":2.0}"#,
            messages: "[\(user),\(turn(foreign)),\(user),\(turn("\(foreign),\(own)"))]")
        let model = try #require(ModelName("n"))
        for isStream in [false, true] {
            let encoded = MessagesFixture.provider.passThrough(
                PassThrough(
                    body: body, wire: .messages, model: model, maxTokens: 5, isStream: isStream))
            #expect(
                text(encoded.body)
                    == #"{"model":"n","max_tokens":5,"messages":[\#(user),\#(user),\#(turn(own))],"#
                    + #""stream":\#(isStream),"new":{"z":1,"a":2.0}}"#)
        }
        let count = MessagesFixture.provider.passThroughCount(body, model: model)
        #expect(
            text(count.body)
                == #"{"model":"n","max_tokens":8,"messages":[\#(user),\#(user),\#(turn(own))],"#
                + #""stream":false,"new":{"z":1,"a":2.0}}"#)
        let bare = try MessagesFixture.object(
            bytes(#"{"messages":[{"role":"user","content":"a"}]}"#))
        let capped = MessagesFixture.provider.passThrough(
            PassThrough(body: bare, wire: .messages, model: model, maxTokens: 5, isStream: false))
        #expect(text(capped.body) == #"{"messages":[\#(user)],"model":"n","max_tokens":5}"#)
    }
}
