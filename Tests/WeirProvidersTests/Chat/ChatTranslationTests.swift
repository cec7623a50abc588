import Testing
import WeirCore

@testable import WeirProviders

@Suite("Chat requests, written")
struct ChatTranslationTests {
    @Test("hold tools, formats and settings")
    func writesSettings() throws {
        var request = try smallRequest(model: "m")
        request.topP = DecimalNumber(1, in: 0...1)
        request.frequencyPenalty = DecimalNumber(.number("0.50"), in: 0...1)
        request.presencePenalty = DecimalNumber(.number("-1"), in: -2...1)
        request.seed = DecimalNumber(7, in: 0...9)
        request.tools = [
            ChatTool(name: "f", description: "d", parameters: ["type": "object"], isStrict: true),
            ChatTool(name: "g"),
        ]
        request.toolChoice = .named("f")
        request.parallelToolCalls = true
        request.format = .schema(name: nil, schema: ["type": "object"], isStrict: false)
        request.reasoning = .word("low")
        let members = try written(request, isStream: true)
        #expect(
            members
                == #""max_completion_tokens":5,"top_p":1,"frequency_penalty":0.50,"#
                + #""presence_penalty":-1,"seed":7,"tools":[{"type":"function","function":{"#
                + #""name":"f","description":"d","parameters":{"type":"object"},"strict":true}},"#
                + #"{"type":"function","function":{"name":"g"}}],"tool_choice":{"#
                + #""type":"function","function":{"name":"f"}},"parallel_tool_calls":true,"#
                + #""response_format":{"type":"json_schema","json_schema":{"name":"answer","#
                + #""schema":{"type":"object"},"strict":false}},"reasoning_effort":"low","#
                + #""stream":true,"stream_options":{"include_usage":true}}"#)
    }

    @Test("name a choice of tools only where there are tools")
    func writesChoices() throws {
        var request = try smallRequest(model: "m")
        request.toolChoice = .required
        request.parallelToolCalls = false
        #expect(try written(request) == #""max_completion_tokens":5}"#)
        request.tools = [ChatTool(name: "f")]
        let choices: [(ToolChoice, String)] = [
            (.automatic, "auto"), (.none, "none"), (.required, "required"),
        ]
        for (choice, word) in choices {
            request.toolChoice = choice
            #expect(try written(request).contains(#""tool_choice":"\#(word)""#))
        }
    }

    @Test("hold a whole turn with tools, pictures and files")
    func writesTurn() throws {
        var request = try smallRequest(model: "m")
        let google = ThoughtSignature(origin: .chatCompletions, value: "S")
        let foreign = ThoughtSignature(origin: .generateContent, value: "T")
        let picture = ChatMedia(source: .base64("QUJD"), mediaType: "image/gif", detail: "high")
        request.messages = [
            ChatMessage(
                role: .assistant,
                parts: [
                    .thinking(Thinking(text: "Hm.", signature: foreign)), .text("a"), .text("b"),
                    .toolCall(ToolCall(id: nil, name: "f", arguments: ["a": 1], signature: google)),
                    .toolCall(
                        ToolCall(id: "c", name: "g", arguments: "{broken", signature: foreign)),
                ]),
            ChatMessage(
                role: .user,
                parts: [
                    .text("Now"),
                    .toolResult(
                        ToolResult(
                            callID: "c",
                            content: [
                                .text("no"), .image(picture),
                                .document(ChatMedia(source: .text("way")), name: "n"),
                            ], isError: true)),
                    .toolResult(ToolResult(callID: nil, name: "f", content: [.text("yes")])),
                ]),
            ChatMessage(role: .assistant, parts: [.thinking(Thinking(text: "only thoughts"))]),
            ChatMessage(
                role: .user,
                parts: [
                    .document(ChatMedia(source: .text("prose")), name: "n"),
                    .document(ChatMedia(source: .base64("QQ==")), name: nil),
                    .image(ChatMedia(source: .url("https://x.example/y"))),
                ]),
        ]
        let body = text(try OpenAIDialect().encode(request, isStream: false).body)
        #expect(
            body
                == #"{"model":"m","messages":[{"role":"assistant","content":"a\nb","tool_calls":["#
                + #"{"id":"call_1","type":"function","function":{"name":"f","#
                + #""arguments":"{\"a\":1}"},"extra_content":{"google":{"#
                + #""thought_signature":"S"}}},{"id":"c","type":"function","function":{"#
                + #""name":"g","arguments":"{broken"}}]},"#
                + #"{"role":"tool","tool_call_id":"c","content":"Error: no\nway"},"#
                + #"{"role":"tool","tool_call_id":"call_1","content":"yes"},"#
                + #"{"role":"user","content":[{"type":"image_url","image_url":{"#
                + #""url":"data:image/gif;base64,QUJD","detail":"high"}},"#
                + #"{"type":"text","text":"Now"}]},"#
                + #"{"role":"user","content":[{"type":"text","text":"prose"},{"type":"file","#
                + #""file":{"filename":"document.pdf","#
                + #""file_data":"data:application/pdf;base64,QQ=="}},{"type":"image_url","#
                + #""image_url":{"url":"https://x.example/y"}}]}],"max_completion_tokens":5}"#)
    }

    @Test("refuse by name what the form has no place for")
    func refuses() throws {
        let file = ChatPart.document(ChatMedia(source: .url("https://x.example/a.pdf")), name: nil)
        let image = ChatPart.image(ChatMedia(source: .url("https://x.example/a.png")))
        let orphan = ChatPart.toolResult(ToolResult(callID: nil, name: "f", content: []))
        let turns: [(ChatMessage.Role, ChatPart)] = [
            (.user, file), (.user, orphan), (.assistant, image), (.assistant, orphan),
            (.user, .toolCall(ToolCall(id: nil, name: "f", arguments: .null))),
        ]
        for (role, part) in turns {
            var request = try smallRequest(model: "m")
            request.messages = [ChatMessage(role: role, parts: [part])]
            #expect(fault(request, OpenAIDialect()) == "messages", "\(role) \(part)")
        }
        var request = try smallRequest(model: "m")
        request.topK = DecimalNumber(4, in: 0...9)
        #expect(fault(request, OpenAIDialect()) == "top_k")
        #expect(fault(request, DeepSeekDialect()) == "top_k")
        #expect(fault(request, OpenAIDialect(outputCap: .maxTokens)) == nil)
        request = try smallRequest(model: "m")
        request.format = .schema(name: "s", schema: .null, isStrict: nil)
        #expect(fault(request, DeepSeekDialect()) == "response_format")
        request = try smallRequest(model: "m")
        request.messages[0].parts = [
            .document(ChatMedia(source: .base64("QQ==")), name: nil)
        ]
        #expect(fault(request, DeepSeekDialect()) == "messages")
    }

    @Test("say how much to think in the words of each server")
    func writesReasoning() throws {
        let cases: [(ReasoningEffort, String, String)] = [
            (.word("none"), #","reasoning_effort":"none""#, #","thinking":{"type":"disabled"}"#),
            (
                .word("high"), #","reasoning_effort":"high""#,
                #","thinking":{"type":"enabled"},"reasoning_effort":"high""#
            ),
            (.adaptive, "", #","thinking":{"type":"enabled"}"#),
            (.tokens(0), #","reasoning_effort":"none""#, #","thinking":{"type":"disabled"}"#),
            (
                .tokens(1_024), #","reasoning_effort":"low""#,
                #","thinking":{"type":"enabled"},"reasoning_effort":"low""#
            ),
            (
                .tokens(8_192), #","reasoning_effort":"medium""#,
                #","thinking":{"type":"enabled"},"reasoning_effort":"medium""#
            ),
            (
                .tokens(.max), #","reasoning_effort":"high""#,
                #","thinking":{"type":"enabled"},"reasoning_effort":"high""#
            ),
        ]
        for (effort, openAI, deepSeek) in cases {
            var request = try smallRequest(model: "m")
            request.reasoning = effort
            #expect(try written(request) == #""max_completion_tokens":5\#(openAI)}"#)
            let body = text(try DeepSeekDialect().encode(request, isStream: false).body)
            #expect(body.hasSuffix(#""max_tokens":5\#(deepSeek)}"#), "\(body)")
        }
    }

    @Test("give DeepSeek its own thoughts back with every call, and only while it thinks")
    func writesThoughts() throws {
        let call = ChatPart.toolCall(ToolCall(id: "c", name: "f", arguments: ["a": 1]))
        let own = ChatPart.thinking(Thinking(text: "Hm."))
        let foreign = ChatPart.thinking(
            Thinking(
                text: "Secret", signature: ThoughtSignature(origin: .messages, value: "x")))
        let cases: [([ChatPart], ReasoningEffort?, String?)] = [
            ([own, call], nil, "Hm."), ([foreign, call], nil, ""), ([call], .word("high"), ""),
            ([own, call], .word("none"), nil), ([own, .text("a")], nil, nil),
        ]
        for (parts, reasoning, expected) in cases {
            var request = try smallRequest(model: "m")
            request.reasoning = reasoning
            request.messages = [ChatMessage(role: .assistant, parts: parts)]
            let body = try DeepSeekDialect().encode(request, isStream: false).body
            let message = try JSONParser.parse(body, .request)["messages"]?.array?.first
            #expect(message?["reasoning_content"]?.string == expected)
            let other = try OpenAIDialect().encode(request, isStream: false).body
            #expect(!text(other).contains("reasoning_content"))
        }
    }

    /// What is written behind the messages.
    private func written(_ request: ChatRequest, isStream: Bool = false) throws -> String {
        let body = text(try OpenAIDialect().encode(request, isStream: isStream).body)
        let mark = #""content":"Hi"}],"#
        let start = try #require(body.range(of: mark))
        return String(body[start.upperBound...])
    }

    private func fault(_ request: ChatRequest, _ dialect: any ProviderDialect) -> String? {
        do {
            _ = try dialect.encode(request, isStream: false)
            return nil
        } catch {
            return error.param
        }
    }
}

extension String {
    fileprivate func range(of other: String) -> Range<String.Index>? {
        ranges(of: other).first
    }
}
