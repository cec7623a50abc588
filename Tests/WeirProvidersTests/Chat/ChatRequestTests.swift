import Testing
import WeirCore

@testable import WeirProviders

@Suite("Chat requests")
struct ChatRequestTests {
    @Test("are read with everything that they can have")
    func readsEverything() throws {
        let request = try chatRequest(fullChat)
        let chat = request.chat
        #expect(chat.system == "Be brief.\n\nAnd kind.\n\nAlways." && chat.model.description == "m")
        #expect(request.maxTokens == 9 && chat.maxTokens == 9)
        #expect(request.stream == StreamOptions(includesUsage: true))
        #expect(chat.temperature?.text == "0.70" && chat.topP?.text == "1e-1")
        #expect(chat.topK?.text == "40" && chat.seed?.text == "-3")
        #expect(chat.frequencyPenalty?.text == "-2" && chat.presencePenalty?.text == "2.0")
        #expect(chat.stop == ["END"] && chat.reasoning == .word("low"))
        #expect(chat.toolChoice == .named("f") && chat.parallelToolCalls == false)
        #expect(
            chat.format
                == .schema(
                    name: "city", schema: ["type": "object", "description": "A city"],
                    isStrict: true))
        #expect(
            chat.tools == [
                ChatTool(
                    name: "f", description: "d", parameters: ["type": "object"], isStrict: true),
                ChatTool(name: "g"),
            ])
        #expect(chat.messages == (try fullMessages()))
        #expect(request.uncarried.isEmpty)
        #expect(request.input.images == 2 && request.input.isOpen)
        // 8 messages, 7 parts, 2 calls, 2 tools.
        #expect(request.input.items == 19)
    }

    @Test("count everything that is read, but no pictures")
    func countsBytes() throws {
        let base = try chatRequest(plainChat("")).input
        let size = Int64(plainChat("").utf8.count)
        #expect((size...(size + 8)).contains(base.textBytes))
        #expect(base.items == 1 && base.images == 0 && !base.isOpen)
        let data = String(repeating: "QUJD", count: 5_000)
        let image = #"{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(data)"}}"#
        let pictured = try chatRequest(
            #"{"model":"m","messages":[{"role":"user","content":[\#(image)]}]}"#)
        #expect(pictured.input.images == 1 && pictured.input.textBytes < 200)
        let tools = #""tools":[{"type":"function","function":{"name":"é"}}]"#
        let tooled = try chatRequest(plainChat(tools)).input.textBytes
        let plain = try JSONParser.parse(bytes(plainChat(tools)), .request).plainBytes
        // An é takes six bytes where a provider writes it in ASCII.
        #expect(tooled == plain + 4 + InputBound.toolOverhead)
        let custom = #""tools":[{"type":"custom","custom":{"name":"e"}}]"#
        #expect(
            try chatRequest(plainChat(custom)).input.textBytes
                >= 2 * InputBound.toolOverhead)
        #expect(try chatRequest(plainChat(#""functions":[{"name":"f"}]"#)).input.items == 2)
        #expect(try chatRequest(plainChat(#""n":128"#)).choices == 128)
    }

    @Test(
        "name what only the same wire can carry",
        arguments: [
            (#""logprobs":true,"top_logprobs":2"#, ["logprobs", "top_logprobs"]),
            (#""logprobs":false"#, []), (#""n":2"#, ["n"]), (#""n":1"#, []),
            (#""functions":[],"function_call":"auto""#, ["functions", "function_call"]),
            (#""logit_bias":{"1":2},"verbosity":"low""#, ["logit_bias", "verbosity"]),
            (#""tools":[{"type":"custom","custom":{"name":"e"}}]"#, ["tools[0].type"]),
            (
                #""tools":[{"type":"function","function":{"name":"f","x":1},"y":2}]"#,
                ["tools[0].y", "tools[0].function.x"]
            ),
            (#""tool_choice":{"type":"allowed_tools","allowed_tools":{}}"#, ["tool_choice"]),
            (#""response_format":{"type":"grammar","grammar":"x"}"#, ["response_format"]),
            (#""response_format":{"type":"text"}"#, []),
            (#""thinking":{"type":"enabled","clear_thinking":true}"#, ["thinking.clear_thinking"]),
            (#""reasoning":{"exclude":true}"#, ["reasoning.exclude"]),
            (#""min_p":0.1,"something_new":{"a":1}"#, ["min_p", "something_new"]),
            (
                #""user":"u","metadata":{"a":"b"},"store":true,"safety_identifier":"s","#
                    + #""prompt_cache_key":"k","prompt_cache_retention":"24h","#
                    + #""prompt_cache_options":{"ttl":"30m"},"usage":{"include":true},"#
                    + #""audio":null,"functions":null"#, []
            ),
        ] as [(String, [String])])
    func namesUncarried(members: String, expected: [String]) throws {
        #expect(try chatRequest(plainChat(members)).uncarried == expected)
    }

    @Test("name what a message has that only the same wire can carry")
    func namesUncarriedInMessages() throws {
        let cases: [(String, [String])] = [
            (#"{"role":"user","name":"Ann","content":"x"}"#, ["messages[0].name"]),
            (
                #"{"role":"function","name":"f","content":"x"}"#,
                ["messages[0].role", "messages[0].name"]
            ),
            (#"{"role":"assistant","content":"x","prefix":true}"#, ["messages[0].prefix"]),
            (#"{"role":"assistant","content":"x","prefix":false,"annotations":[]}"#, []),
            (
                #"{"role":"assistant","function_call":{"name":"f","arguments":"{}"}}"#,
                ["messages[0].function_call"]
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":{"#
                    + #""name":"e","input":"x"}}]}"#, ["messages[0].tool_calls[0].custom"]
            ),
        ]
        for (message, expected) in cases {
            let request = try chatRequest(#"{"model":"m","messages":[\#(message)]}"#)
            #expect(request.uncarried == expected, "\(message)")
        }
    }

    @Test(
        "ask for thinking in every server's words",
        arguments: [
            (#""reasoning_effort":"max""#, ReasoningEffort.word("max")),
            (#""thinking":{"type":"disabled"}"#, .word("none")),
            (#""thinking":{"type":"disabled"},"reasoning_effort":"high""#, .word("none")),
            (#""thinking":{"type":"enabled"},"reasoning_effort":"high""#, .word("high")),
            (#""thinking":{"type":"enabled"}"#, .adaptive),
            (#""thinking":{"type":"enabled","budget_tokens":5}"#, .tokens(5)),
            (#""thinking":{"clear_thinking":false}"#, nil),
            (#""reasoning":{"enabled":true}"#, .adaptive),
            (#""reasoning":{"enabled":false}"#, .word("none")),
            (#""reasoning":{"effort":"low"}"#, .word("low")),
            (#""reasoning":{"max_tokens":7}"#, .tokens(7)), (#""temperature":1"#, nil),
        ])
    func readsReasoning(members: String, expected: ReasoningEffort?) throws {
        #expect(try chatRequest(plainChat(members)).chat.reasoning == expected)
    }

    @Test("take the model and the stream from where the path says them")
    func readsFromPath() throws {
        let body = try chatObject(#"{"messages":[],"stream":false}"#)
        let model = try #require(ModelName("deployed"))
        let request = try OpenAIChatClient().decode(body, model: model, isStream: true)
        #expect(request.chat.model == model && request.stream == StreamOptions())
    }
}

private let fullChat = #"""
    {"model":"m","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":9,
    "temperature":0.70,"top_p":1e-1,"top_k":40,"frequency_penalty":-2,"presence_penalty":2.0,
    "seed":-3,"stop":"END","reasoning_effort":"low","tool_choice":{"type":"function","function":
    {"name":"f"}},"parallel_tool_calls":false,"response_format":{"type":"json_schema","json_schema":
    {"name":"city","description":"A city","strict":true,"schema":{"type":"object"}}},"tools":[
    {"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},
    "strict":true}},{"type":"function","function":{"name":"g"},"cache_control":
    {"type":"ephemeral","ttl":"5m"}}],"messages":[
    {"role":"system","content":"Be brief."},
    {"role":"developer","content":[{"type":"text","text":"And kind."},
     {"type":"text","text":"Always.","prompt_cache_breakpoint":{"mode":"explicit"}}]},
    {"role":"user","content":[{"type":"text","text":"Look"},
     {"type":"image_url","image_url":{"url":"https://x.example/a.png","detail":"low"}},
     {"type":"image_url","image_url":{"url":"data:image/JPEG;base64,QUJD"}},
     {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,QUI="}}]},
    {"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[
     {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"},
      "extra_content":{"google":{"thought_signature":"weir:generate_content:S"}}},
     {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
    {"role":"tool","tool_call_id":"c1","content":"one"},
    {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"two"}]},
    {"role":"assistant","content":"","refusal":"No.","reasoning":"x","reasoning_details":[
     {"type":"reasoning.text","text":"why","signature":"weir:messages:P"},
     {"type":"reasoning.encrypted","data":"D"}]},
    {"role":"user","content":"Bye"}]}
    """#

private func fullMessages() throws -> [ChatMessage] {
    let google = ThoughtSignature(origin: .generateContent, value: "S")
    return [
        ChatMessage(
            role: .user,
            parts: [
                .text("Look"),
                .image(ChatMedia(source: .url("https://x.example/a.png"), detail: "low")),
                .image(ChatMedia(source: .base64("QUJD"), mediaType: "image/jpeg")),
                .document(
                    ChatMedia(source: .base64("QUI="), mediaType: "application/pdf"),
                    name: "a.pdf"),
            ]),
        ChatMessage(
            role: .assistant,
            parts: [
                .thinking(Thinking(text: "Hm.")),
                .toolCall(ToolCall(id: "c1", name: "f", arguments: ["a": 1], signature: google)),
                .toolCall(ToolCall(id: "c2", name: "g", arguments: .object(JSONObject()))),
            ]),
        ChatMessage(
            role: .user,
            parts: [
                .toolResult(ToolResult(callID: "c1", name: "f", content: [.text("one")])),
                .toolResult(ToolResult(callID: "c2", name: "g", content: [.text("two")])),
            ]),
        ChatMessage(
            role: .assistant,
            parts: [
                .thinking(
                    Thinking(
                        text: "why", signature: ThoughtSignature(origin: .messages, value: "P"))),
                .thinking(
                    Thinking(
                        text: "",
                        redacted: ThoughtSignature(origin: .chatCompletions, value: "D"))),
                .text("No."),
            ]),
        ChatMessage(role: .user, text: "Bye"),
    ]
}
