import Testing
import WeirCore
import WeirProviders

@Suite("Anthropic clients' requests")
struct MessagesReadingTests {
    private func read(_ members: String, messages: String? = nil) throws -> ClientRequest {
        try MessagesFixture.read(
            try MessagesFixture.request(members, messages: messages)
        ).get()
    }

    private func parts(_ blocks: String, role: String = "user") throws -> ClientRequest {
        try MessagesFixture.read(try MessagesFixture.blocks(blocks, role: role)).get()
    }

    @Test("are read with every kind of content")
    func content() throws {
        let cases: [(String, ChatPart)] = [
            (#"{"type":"text","text":"é","cache_control":{"type":"ephemeral"}}"#, .text("é")),
            (
                #"{"type":"image","source":{"type":"base64","media_type":"image/png","#
                    + #""data":"AA=="}}"#,
                .image(ChatMedia(source: .base64("AA=="), mediaType: "image/png"))
            ),
            (
                #"{"type":"image","source":{"type":"url","url":"https://h.example/x"}}"#,
                .image(ChatMedia(source: .url("https://h.example/x")))
            ),
            (
                #"{"type":"document","title":"T","source":{"type":"base64","media_type":"#
                    + #""application/pdf","data":"AA=="}}"#,
                .document(
                    ChatMedia(source: .base64("AA=="), mediaType: "application/pdf"), name: "T")
            ),
            (
                #"{"type":"document","source":{"type":"text","media_type":"text/plain","#
                    + #""data":"d"},"citations":{"enabled":false}}"#,
                .document(ChatMedia(source: .text("d"), mediaType: "text/plain"), name: nil)
            ),
            (
                #"{"type":"tool_result","tool_use_id":"t","content":"r"}"#,
                .toolResult(ToolResult(callID: "t", content: [.text("r")]))
            ),
            (
                #"{"type":"tool_result","tool_use_id":"t","is_error":true}"#,
                .toolResult(ToolResult(callID: "t", content: [], isError: true))
            ),
            (
                #"{"type":"tool_use","id":"t","name":"f","input":{"a":1.50},"#
                    + #""caller":{"type":"direct"}}"#,
                .toolCall(ToolCall(id: "t", name: "f", arguments: ["a": .number("1.50")]))
            ),
            (
                #"{"type":"thinking","thinking":"h","signature":"s"}"#,
                .thinking(
                    Thinking(
                        text: "h", signature: ThoughtSignature(origin: .messages, value: "s")))
            ),
            (
                #"{"type":"thinking","thinking":"h","signature":""}"#,
                .thinking(Thinking(text: "h"))
            ),
            (
                #"{"type":"redacted_thinking","data":"weir:responses:d"}"#,
                .thinking(
                    Thinking(
                        text: "", redacted: ThoughtSignature(origin: .responses, value: "d")))
            ),
        ]
        for (block, part) in cases {
            let read = try parts(block)
            #expect(read.chat.messages == [ChatMessage(role: .user, parts: [part])], "\(block)")
            #expect(read.uncarried.isEmpty, "\(block): \(read.uncarried)")
        }
    }

    @Test("are read with every setting")
    func settings() throws {
        let read = try read(
            #"""
            ,"system":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"temperature":0.70,
            "top_p":1e-1,"top_k":40,"stop_sequences":["END"],"stream":true,
            "metadata":{"user_id":"u"},"service_tier":"auto","cache_control":{"type":"ephemeral"},
            "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true},
            {"type":"custom","name":"g","input_schema":{"type":"object"}}],
            "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},
            "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}
            """#)
        #expect(read.maxTokens == 8 && read.chat.maxTokens == 8)
        #expect(read.stream == StreamOptions() && read.choices == 1 && read.uncarried.isEmpty)
        var expected = try MessagesFixture.chat("m", cap: 8)
        expected.system = "a\n\nb"
        expected.temperature = DecimalNumber(.number("0.70"), in: 0...1)
        expected.topP = DecimalNumber(.number("1e-1"), in: 0...1)
        expected.topK = DecimalNumber(.number("40"), in: 0...100)
        expected.stop = ["END"]
        expected.tools = [
            ChatTool(
                name: "f", description: "d", parameters: ["type": "object"], isStrict: true),
            ChatTool(name: "g", parameters: ["type": "object"]),
        ]
        expected.toolChoice = .named("f")
        expected.parallelToolCalls = false
        expected.format = .schema(name: nil, schema: ["type": "object"], isStrict: nil)
        #expect(read.chat == expected)
    }

    @Test("say how much the model is to think")
    func thinking() throws {
        let cases: [(String, ReasoningEffort?, [String])] = [
            ("", nil, []),
            (#","thinking":{"type":"enabled","budget_tokens":2000}"#, .tokens(2_000), []),
            (#","thinking":{"type":"disabled"}"#, .word("none"), []),
            (#","thinking":{"type":"adaptive","display":"omitted"}"#, .adaptive, []),
            (#","output_config":{"effort":"low"}"#, .word("low"), []),
            (
                #","thinking":{"type":"adaptive"},"output_config":{"effort":"max"}"#,
                .word("xhigh"), []
            ),
            (
                #","thinking":{"type":"disabled"},"output_config":{"effort":"low"}"#,
                .word("none"), ["output_config.effort"]
            ),
            (#","thinking":{"type":"between_tools"}"#, .adaptive, ["thinking.type"]),
            (
                #","output_config":{"task_budget":{"type":"tokens","total":20000}}"#, nil,
                ["output_config.task_budget"]
            ),
        ]
        for (members, effort, uncarried) in cases {
            let read = try read(members)
            #expect(read.chat.reasoning == effort && read.uncarried == uncarried, "\(members)")
        }
    }

    @Test("name what only Anthropic can be sent, and keep its texts to be screened")
    func uncarried() throws {
        let cases: [(String, [String], [String])] = [
            (
                #"{"type":"search_result","source":"s","title":"t","content":[{"type":"text","#
                    + #""text":"x"}]}"#, ["messages[0].content[0].type"], ["t", "s", "x"]
            ),
            (
                #"{"type":"document","context":"c","source":{"type":"content","content":"x"}}"#,
                ["messages[0].content[0].context", "messages[0].content[0].source.type"],
                ["x", "c"]
            ),
            (
                #"{"type":"mcp_tool_result","tool_use_id":"t","content":[{"type":"text","#
                    + #""text":"x"}]}"#, ["messages[0].content[0].type"], ["x"]
            ),
            (
                #"{"type":"text","text":"x","citations":[{"type":"char_location"}],"new":1}"#,
                ["messages[0].content[0].new", "messages[0].content[0].citations"], ["x"]
            ),
            (
                #"{"type":"tool_result","tool_use_id":"t","content":[{"type":"tool_reference","#
                    + #""tool_name":"f"},{"type":"text","text":"x"}]}"#,
                ["messages[0].content[0].content[0].type"], ["x"]
            ),
        ]
        for (block, names, texts) in cases {
            let read = try parts(block)
            #expect(read.uncarried == names, "\(block)")
            #expect(read.chat.messages[0].text == texts.joined(separator: "\n"), "\(block)")
        }
        let members = [
            #","new":{"x":1}"#: "new",
            #","tools":[{"type":"bash_20250124","name":"bash"}]"#:
                "tools[0].type",
            #","tools":[{"name":"f","input_schema":{},"defer_loading":true}]"#:
                "tools[0].defer_loading",
            #","context_management":{"edits":[{"type":"clear_thinking_20251015"}]}"#:
                "context_management",
        ]
        for (member, name) in members { #expect(try read(member).uncarried == [name]) }
        let system = try read(
            "",
            messages: #"[{"role":"user","content":"a"},{"role":"system","content":"b"}]"#)
        #expect(system.uncarried == ["messages[1].role"])
        #expect(system.chat.messages[1] == ChatMessage(role: .user, text: "b"))
    }

    @Test("are bounded by their bytes, without media, with what tools add")
    func bounds() throws {
        let plain = try read("").input
        #expect(plain.items == 2 && plain.images == 0 && !plain.isOpen)
        #expect(plain.textBytes >= 2 && plain.textBytes < 100)
        let data = String(repeating: "A", count: 10_000)
        let image = #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"#
        let picture = try parts("\(image)\"\(data)\"}}").input
        #expect(picture.images == 1 && picture.textBytes < 300 && !picture.isOpen)
        let nested = try parts(
            #"{"type":"tool_result","tool_use_id":"t","content":[\#(image)"\#(data)"}}]}"#)
        #expect(nested.input.images == 1 && nested.input.textBytes < 400)
        let open = [
            #"{"type":"document","source":{"type":"base64","media_type":"application/pdf","#
                + #""data":"AA=="}}"#,
            #"{"type":"document","source":{"type":"url","url":"https://h.example/x"}}"#,
            #"{"type":"document","source":{"type":"text","data":"d"},"#
                + #""citations":{"enabled":true}}"#,
            #"{"type":"web_search_tool_result","tool_use_id":"t","content":[]}"#,
        ]
        for block in open { #expect(try parts(block).input.isOpen, "\(block)") }
        let tool = #"{"name":"f","input_schema":{"d":"éé\"\n"}}"#
        let tools = try read(#","tools":[\#(tool)]"#).input
        let bash = try read(#","tools":[\#(tool),{"type":"bash_20250124","name":"b"}]"#).input
        #expect(tools.textBytes > plain.textBytes + InputBound.toolOverhead + 8)
        #expect(bash.textBytes > tools.textBytes + InputBound.toolOverhead)
        #expect(tools.items == 3 && bash.items == 4)
        let set = #","tools":[{"type":"browser_toolset_20260801","name":"b"}]"#
        #expect(try read(set).input.isOpen)
    }

    @Test("for a count are read alike, without a cap")
    func counts() throws {
        let body = try JSONParser.parse(
            bytes(#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#), .request)
        let object = try #require(body.object)
        let read = try MessagesFixture.read(object, isCount: true).get()
        #expect(read.maxTokens == nil && read.stream == nil)
        #expect(try MessagesFixture.read(object).get() == read)
    }
}
