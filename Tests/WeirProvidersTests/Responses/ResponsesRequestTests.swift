import Testing
import WeirCore
@testable import WeirProviders

@Suite("A Responses request")
struct ResponsesRequestTests {
    @Test("is read with its settings")
    func readsSettings() throws {
        let request = try readResponses(
            #"{"model":"gpt-x","input":"Hi","instructions":"Be brief.","max_output_tokens":99,"#
                + #""temperature":0.70,"top_p":1e-1,"stream":true,"parallel_tool_calls":false,"#
                + #""text":{"format":{"type":"json_schema","name":"n","schema":{"a":1},"#
                + #""strict":true},"verbosity":"medium"},"reasoning":{"effort":"low","#
                + #""summary":"auto","context":"all_turns"},"truncation":"disabled","store":true,"#
                + #""include":["reasoning.encrypted_content"],"metadata":{"a":"b"},"user":"u","#
                + #""service_tier":"auto","background":false,"previous_response_id":null,"#
                + #""stream_options":{"include_obfuscation":false},"prompt_cache_key":"k","#
                + #""prompt_cache_options":{"mode":"explicit","ttl":"30m"},"max_tool_calls":3}"#)
        var chat = ChatRequest(
            model: try #require(ModelName("gpt-x")), system: "Be brief.",
            messages: [ChatMessage(role: .user, text: "Hi")], maxTokens: 99,
            temperature: DecimalNumber(.number("0.70"), in: 0...2),
            topP: DecimalNumber(.number("1e-1"), in: 0...1),
            format: .schema(name: "n", schema: ["a": 1], isStrict: true), reasoning: .word("low"))
        chat.parallelToolCalls = false
        #expect(request.chat == chat)
        #expect(request.maxTokens == 99 && request.stream == StreamOptions())
        #expect(request.uncarried.isEmpty && request.choices == 1)
    }

    @Test("without a cap, a stream or a system prompt has none")
    func readsLeast() throws {
        let request = try readResponses(#"{"model":"m","input":"Hi"}"#)
        #expect(request.maxTokens == nil && request.chat.maxTokens == 0 && request.stream == nil)
        #expect(request.chat.system == nil)
        #expect(request.body == (try jsonMembers(#"{"model":"m","input":"Hi"}"#)))
    }

    @Test("is read with its turns")
    func readsTurns() throws {
        let request = try readResponses(
            #"{"model":"m","input":[{"role":"developer","content":"Be kind."},"#
                + #"{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},"#
                + #"{"type":"input_image","image_url":"data:image/png;base64,AAAA","#
                + #""detail":"low"},{"type":"input_image","image_url":"https://x/y.png"}]},"#
                + #"{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"p"},"#
                + #"{"type":"summary_text","text":"q"}],"encrypted_content":"gAAA"},"#
                + #"{"role":"assistant","id":"msg","status":"completed","phase":"commentary","#
                + #""content":[{"type":"output_text","text":"b","annotations":[]},"#
                + #"{"type":"refusal","refusal":"c"}]},"#
                + #"{"type":"function_call","call_id":"c1","id":"fc","name":"f","#
                + #""arguments":"{\"x\":1.50}"},"#
                + #"{"type":"function_call","call_id":"c2","name":"g","arguments":""},"#
                + #"{"type":"function_call_output","call_id":"c1","output":"out"},"#
                + #"{"type":"function_call_output","call_id":"c2","output":["#
                + #"{"type":"input_text","text":"in"},{"type":"input_file","filename":"a.pdf","#
                + #""file_data":"data:application/pdf;base64,BBBB"}]},"#
                + #"{"role":"user","content":"d"},{"role":"system","content":"Now."}]}"#)
        let x: JSON = .object(JSONObject([.init(name: "x", value: .number("1.50"))]))
        #expect(request.chat.system == "Be kind.\n\nNow.")
        #expect(
            request.chat.messages == [
                ChatMessage(
                    role: .user,
                    parts: [
                        .text("a"),
                        .image(
                            ChatMedia(
                                source: .base64("AAAA"), mediaType: "image/png", detail: "low")),
                        .image(ChatMedia(source: .url("https://x/y.png"))),
                    ]),
                ChatMessage(
                    role: .assistant,
                    parts: [
                        .thinking(
                            Thinking(
                                text: "p\n\nq",
                                signature: ThoughtSignature(origin: .responses, value: "gAAA"))),
                        .text("b"), .text("c"),
                        .toolCall(ToolCall(id: "c1", name: "f", arguments: x)),
                        .toolCall(ToolCall(id: "c2", name: "g", arguments: [:])),
                    ]),
                ChatMessage(
                    role: .user,
                    parts: [
                        .toolResult(ToolResult(callID: "c1", content: [.text("out")])),
                        .toolResult(
                            ToolResult(
                                callID: "c2",
                                content: [
                                    .text("in"),
                                    .document(
                                        ChatMedia(
                                            source: .base64("BBBB"), mediaType: "application/pdf"),
                                        name: "a.pdf"),
                                ])),
                    ]),
                ChatMessage(role: .user, text: "d"),
            ])
        #expect(request.uncarried.isEmpty)
        #expect(request.input.images == 2 && request.input.isOpen)
    }

    @Test("is read with its tools")
    func readsTools() throws {
        let request = try readResponses(
            #"{"model":"m","input":"Hi","tools":[{"type":"function","name":"f","description":"d","#
                + #""parameters":{"type":"object"},"strict":false},{"type":"function","name":"g","#
                + #""parameters":null,"strict":null,"defer_loading":false}],"#
                + #""tool_choice":{"type":"function","name":"g"}}"#)
        #expect(
            request.chat.tools == [
                ChatTool(
                    name: "f", description: "d", parameters: ["type": "object"], isStrict: false),
                ChatTool(name: "g"),
            ])
        #expect(request.chat.toolChoice == .named("g") && request.uncarried.isEmpty)
        for (word, choice) in [
            ("auto", ToolChoice.automatic), ("none", .none), ("required", .required),
        ] {
            let request = try readResponses(
                #"{"model":"m","input":"Hi","tool_choice":"\#(word)"}"#)
            #expect(request.chat.toolChoice == choice)
        }
    }

    @Test("gives every provider its own proofs back")
    func readsSeals() throws {
        let signature = ThoughtSignature(origin: .messages, value: "sig")
        let hidden = ThoughtSignature(origin: .messages, value: "hid")
        let call = ThoughtSignature(origin: .generateContent, value: "call:x")
        let seals = [ResponsesSeal.thought(signature), .redacted(hidden), .call(call)]
        for seal in seals { #expect(ResponsesSeal(seal.text) == seal) }
        let items = seals.map {
            #"{"type":"reasoning","id":"rs","summary":[{"text":"t"}],"#
                + #""encrypted_content":\#(JSON.string($0.text).text)}"#
        }
        let request = try readResponses(
            #"{"model":"m","input":[\#(items.joined(separator: ",")),{"type":"function_call","#
                + #""call_id":"c","name":"f","arguments":"{}"},"#
                + #"{"type":"reasoning","id":"rs_stored","summary":[]}]}"#)
        #expect(
            request.chat.messages == [
                ChatMessage(
                    role: .assistant,
                    parts: [
                        .thinking(Thinking(text: "t", signature: signature)),
                        .thinking(Thinking(text: "", redacted: hidden)),
                        .toolCall(
                            ToolCall(id: "c", name: "f", arguments: [:], signature: call)),
                    ])
            ])
        #expect(request.uncarried.isEmpty)
    }

    @Test("takes a proof for the very next call only")
    func dropsStraySeals() throws {
        let signature = ThoughtSignature(origin: .generateContent, value: "s")
        let seal = JSON.string(ResponsesSeal.call(signature).text).text
        let deep = String(repeating: "[", count: 500)
        let request = try readResponses(
            #"{"model":"m","input":[{"type":"reasoning","encrypted_content":\#(seal)},"#
                + #"{"role":"user","content":"a"},"#
                + #"{"type":"function_call","name":"f","arguments":"\#(deep)"}]}"#)
        let call = ToolCall(id: nil, name: "f", arguments: .string(deep))
        #expect(request.chat.messages.last?.parts == [.toolCall(call)])
    }

    @Test("bounds what is read")
    func boundsInput() throws {
        let base = #"{"model":"m","input":"Hi"}"#
        let plain = try readResponses(base).input
        #expect(
            plain
                == InputBound(
                    textBytes: JSON.object(try jsonMembers(base)).plainBytes, items: 1))
        let picture = #"{"type":"input_image","image_url":"data:image/png;base64,"#
        let small = try readResponses(
            #"{"model":"m","input":[{"role":"user","content":[\#(picture)AAAA"}]}]}"#)
        let large = try readResponses(
            #"{"model":"m","input":[{"role":"user","content":[\#(picture)"#
                + String(repeating: "A", count: 4_000) + #""}]}]}"#)
        #expect(small.input == large.input && small.input.images == 1 && small.input.items == 2)
        let tool = #"{"type":"function","name":"f","parameters":{"é\n":"\""}}"#
        let tools = try readResponses(
            #"{"model":"m","input":"Hi","tools":[\#(tool),{"type":"apply_patch"}]}"#
        ).input
        let body = try jsonMembers(#"{"tools":[\#(tool),{"type":"apply_patch"}]}"#)
        let written = JSON.object(body).plainBytes + JSON.object(body).escapeGrowth
        #expect(tools.textBytes >= plain.textBytes + written - 2 + 2 * InputBound.toolOverhead)
        #expect(tools.items == 3)
        let call = #"{"type":"function_call","call_id":"c","name":"f","arguments":""#
        let ascii = try readResponses(#"{"model":"m","input":[\#(call)\"aaaa\""}]}"#).input
        let wide = try readResponses(#"{"model":"m","input":[\#(call)\"éé\""}]}"#).input
        #expect(wide.textBytes == ascii.textBytes + 8)
    }
}
