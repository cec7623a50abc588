import Testing
import WeirCore
@testable import WeirProviders

@Suite("Gemini requests")
struct GeminiRequestTests {
    @Test("are read in full")
    func readsFully() throws {
        let read = try readGemini(
            """
            {"systemInstruction":{"parts":[{"text":"Be"},{"text":"brief"}]},
             "contents":[{"parts":[{"text":"Hi"},
               {"inlineData":{"mimeType":"image/PNG","data":"_-8"}},
               {"fileData":{"mimeType":"image/jpeg","fileUri":"https://x.example/a.jpg"}},
               {"inlineData":{"mimeType":"application/pdf","data":"QUJD"}},
               {"inlineData":{"mimeType":"text/plain","data":"aGk="}}]}],
             "tools":[{"functionDeclarations":[{"name":"f","description":"d",
               "parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}}]}],
             "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},
             "generationConfig":{"maxOutputTokens":7,"temperature":0.50,"topP":1,"topK":40.0,
               "stopSequences":["x"],"candidateCount":1,"responseMimeType":"application/json",
               "responseSchema":{"type":"ARRAY","items":{"type":"INTEGER"}},"seed":3,
               "thinkingConfig":{"thinkingBudget":99},"frequencyPenalty":1,"presencePenalty":-1,
               "responseModalities":["TEXT"]},"labels":{"a":"b"}}
            """, isStream: true)
        var expected = ChatRequest(
            model: try #require(ModelName("gemini-2.5-flash")), system: "Be\nbrief",
            messages: [
                ChatMessage(
                    role: .user,
                    parts: [
                        .text("Hi"),
                        .image(ChatMedia(source: .base64("/+8="), mediaType: "image/png")),
                        .image(
                            ChatMedia(
                                source: .url("https://x.example/a.jpg"), mediaType: "image/jpeg")),
                        .document(
                            ChatMedia(source: .base64("QUJD"), mediaType: "application/pdf"),
                            name: nil),
                        .document(
                            ChatMedia(source: .text("hi"), mediaType: "text/plain"), name: nil),
                    ])
            ], maxTokens: 7, temperature: DecimalNumber(.number("0.50"), in: 0...2),
            topP: DecimalNumber(.number("1"), in: 0...1), stop: ["x"],
            tools: [
                ChatTool(
                    name: "f", description: "d",
                    parameters: ["type": "object", "properties": ["a": ["type": "string"]]])
            ], toolChoice: .named("f"),
            format: .schema(
                name: nil, schema: ["type": "array", "items": ["type": "integer"]],
                isStrict: nil), reasoning: .tokens(99))
        expected.topK = DecimalNumber(.number("40"), in: 0...100)
        expected.seed = DecimalNumber(.number("3"), in: 0...100)
        expected.frequencyPenalty = DecimalNumber(.number("1"), in: 0...2)
        expected.presencePenalty = DecimalNumber(.number("-1"), in: -2...2)
        #expect(read.chat == expected)
        #expect(read.maxTokens == 7 && read.choices == 1 && read.uncarried.isEmpty)
        #expect(read.stream == StreamOptions())
        #expect(read.input.images == 2 && read.input.isOpen && read.input.items == 9)
    }

    @Test("may be spelled either way", arguments: bothSpellings)
    func readsBothSpellings(camel: String, snake: String) throws {
        var left = try readGemini(camel)
        var right = try readGemini(snake)
        left.body = JSONObject()
        right.body = JSONObject()
        left.input.textBytes = 0
        right.input.textBytes = 0
        #expect(left == right)
    }

    @Test(
        "may have one alone where a list is meant",
        arguments: [
            #"{"contents":{"parts":{"text":"Hi"}},"generationConfig":{"stopSequences":"x"},"#
                + #""tools":{"functionDeclarations":{"name":"f","response_json_schema":{}}}}"#
        ])
    func readsSingles(body: String) throws {
        let read = try readGemini(body)
        #expect(read.chat.messages == [ChatMessage(role: .user, text: "Hi")])
        #expect(read.chat.stop == ["x"] && read.chat.tools == [ChatTool(name: "f")])
        #expect(read.stream == nil)
    }

    @Test(
        "say how much is to be thought",
        arguments: [
            ("{}", nil), (#"{"thinkingBudget":0}"#, .word("none")),
            (#"{"thinkingBudget":-1}"#, .adaptive), (#"{"thinkingBudget":8}"#, .tokens(8)),
            (#"{"thinkingLevel":"HIGH"}"#, .word("high")),
            (#"{"thinking_level":"minimal","include_thoughts":true}"#, .word("minimal")),
            (#"{"includeThoughts":true}"#, .adaptive), (#"{"includeThoughts":false}"#, nil),
        ] as [(String, ReasoningEffort?)])
    func readsReasoning(config: String, effort: ReasoningEffort?) throws {
        let read = try readGemini(
            asking(#"{"text":"Hi"}"#, #","generationConfig":{"thinkingConfig":\#(config)}"#))
        #expect(read.chat.reasoning == effort)
    }

    @Test(
        "say which tools are to be used",
        arguments: [
            (#"{"mode":"AUTO"}"#, .automatic, []), (#"{}"#, .automatic, []),
            (#"{"mode":"NONE"}"#, ToolChoice.none, []), (#"{"mode":"ANY"}"#, .required, []),
            (#"{"mode":"ANY","allowedFunctionNames":["g"]}"#, .named("g"), []),
            (#"{"mode":"ANY","allowed_function_names":["f","g","h"]}"#, .required, []),
            (
                #"{"mode":"ANY","allowed_function_names":["f","g"]}"#, .required,
                ["toolConfig.functionCallingConfig.allowed_function_names"]
            ),
            (#"{"mode":"VALIDATED"}"#, .automatic, []),
        ] as [(String, ToolChoice, [String])])
    func readsChoice(config: String, choice: ToolChoice, uncarried: [String]) throws {
        let tools =
            #""tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]},"#
            + #"{"functionDeclarations":[{"name":"h"}]}]"#
        let read = try readGemini(
            asking(
                #"{"text":"Hi"}"#, #",\#(tools),"toolConfig":{"functionCallingConfig":\#(config)}"#)
        )
        #expect(read.chat.toolChoice == choice && read.uncarried == uncarried)
        let isStrict = config.contains("VALIDATED") ? true : nil
        #expect(read.chat.tools.allSatisfy { $0.isStrict == isStrict })
    }

    @Test("put the turns of a streamed answer together again")
    func mergesTurns() throws {
        let proof = ThoughtSignature(origin: .messages, value: "s/1")
        let read = try readGemini(
            """
            {"contents":[{"role":"user","parts":[{"text":"a"}]},
             {"role":"model","parts":[{"text":"th","thought":true}]},
             {"role":"model","parts":[{"text":"ink","thought":true}]},
             {"role":"model","parts":[{"text":"","thought":true,
               "thoughtSignature":"\(proof.geminiText())"}]},
             {"role":"model","parts":[{"text":"Hel"}]},{"role":"model","parts":[{"text":"lo"}]},
             {"role":"model","parts":[{"text":"","thoughtSignature":"QUI="}]},
             {"role":"user","parts":[{"text":"b"}]},{"role":"user","parts":[]}]}
            """)
        let own = ThoughtSignature(origin: .generateContent, value: "QUI=")
        #expect(
            read.chat.messages == [
                ChatMessage(role: .user, text: "a"),
                ChatMessage(
                    role: .assistant,
                    parts: [
                        .thinking(Thinking(text: "think", signature: proof)), .text("Hello"),
                        .thinking(Thinking(text: "", signature: own)),
                    ]), ChatMessage(role: .user, text: "b"),
            ])
    }

    @Test("answer calls by id, or by name and order")
    func matchesCalls() throws {
        let read = try readGemini(
            """
            {"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}},
               {"functionCall":{"name":"g","id":"x"}},{"functionCall":{"name":"f"}}]},
             {"role":"function","parts":[
               {"functionResponse":{"name":"g","id":"x","response":{"result":"one"}}},
               {"functionResponse":{"name":"f","response":{"error":"two"}}},
               {"functionResponse":{"name":"f","response":{"a":{"b":3}}}},
               {"functionResponse":{"name":"h","response":{}}}]}]}
            """)
        let none = JSON.object(JSONObject())
        #expect(
            read.chat.messages == [
                ChatMessage(
                    role: .assistant,
                    parts: [
                        .toolCall(ToolCall(id: "call_0", name: "f", arguments: ["a": 1])),
                        .toolCall(ToolCall(id: "x", name: "g", arguments: none)),
                        .toolCall(ToolCall(id: "call_2", name: "f", arguments: none)),
                    ]),
                ChatMessage(
                    role: .user,
                    parts: [
                        result("x", "g", "one"), result("call_0", "f", "two", isError: true),
                        result("call_2", "f", #"{"a":{"b":3}}"#), result("call_3", "h", "{}"),
                    ]),
            ])
    }

    private func result(
        _ id: String, _ name: String, _ text: String, isError: Bool = false
    ) -> ChatPart {
        .toolResult(
            ToolResult(callID: id, name: name, content: [.text(text)], isError: isError))
    }

    @Test("bound what is read", arguments: bounds)
    func boundsInput(body: String, tokens: (media: Int64, more: Int64), bound: InputBound) throws {
        let read = try readGemini(body)
        let plain = JSON.object(read.body).plainBytes
        var expected = bound
        expected.textBytes = plain - tokens.media + tokens.more
        #expect(read.input == expected)
    }

    @Test("name what only Gemini could be sent", arguments: uncarried)
    func namesUncarried(more: String, path: String) throws {
        #expect(try readGemini(asking(#"{"text":"a"}"#, more)).uncarried == [path])
    }
}

private let bothSpellings = [
    (
        asking(
            #"{"inlineData":{"mimeType":"image/png","data":"QUJD"}}"#,
            #","systemInstruction":{"parts":[{"text":"s"}]},"generationConfig":{"#
                + #""maxOutputTokens":9,"topP":0.5,"topK":3,"candidateCount":2,"#
                + #""responseMimeType":"application/json","stopSequences":["z"]},"#
                + #""tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{}}]}]"#),
        asking(
            #"{"inline_data":{"mime_type":"image/png","data":"QUJD"}}"#,
            #","system_instruction":{"parts":[{"text":"s"}]},"generationConfig":{"#
                + #""max_output_tokens":9,"top_p":0.5,"top_k":3,"candidateCount":2,"#
                + #""response_mime_type":"application/json","stop_sequences":["z"]},"#
                + #""tools":[{"function_declarations":[{"name":"f","parameters_json_schema":{}}]}]"#
        )
    ),
    (
        asking(#"{"fileData":{"fileUri":"https://a.b/c","mimeType":"image/png"}}"#),
        asking(#"{"file_data":{"file_uri":"https://a.b/c","mime_type":"image/png"}}"#)
    ),
    (
        asking(#"{"functionResponse":{"name":"f","response":{"a_b":1}}}"#),
        asking(#"{"function_response":{"name":"f","response":{"a_b":1}}}"#)
    ),
]

private let bounds: [(String, (media: Int64, more: Int64), InputBound)] = [
    (asking(#"{"text":"\u00e9"}"#), (0, 0), InputBound(textBytes: 0, items: 2)),
    (
        asking(#"{"inlineData":{"mimeType":"image/png","data":"QUJD"}}"#), (4, 0),
        InputBound(textBytes: 0, items: 2, images: 1)
    ),
    (
        asking(#"{"inlineData":{"mimeType":"application/pdf","data":"QUJDQUJD"}}"#), (8, 0),
        InputBound(textBytes: 0, items: 2, isOpen: true)
    ),
    // Text documents are counted as text; what normalisation may grow is open.
    (
        asking(#"{"inlineData":{"mimeType":"text/csv","data":"QUJD"}}"#), (0, 0),
        InputBound(textBytes: 0, items: 2)
    ),
    (
        asking(#"{"inlineData":{"mimeType":"text/csv","data":"w6k="}}"#), (0, 0),
        InputBound(textBytes: 0, items: 2, isOpen: true)
    ),
    // Tools, and what they are called with, may be read in pure ASCII.
    (
        asking(
            #"{"functionCall":{"name":"f","args":{"a":"é"}}},"#
                + #"{"functionResponse":{"name":"f","response":{"é":1},"parts":[{"inlineData":{"#
                + #""mimeType":"image/png","data":"QUJD"}}]}}"#,
            #","tools":[{"functionDeclarations":[{"name":"f","description":"é"}]}]"#),
        (4, 4 + 4 + 4 + InputBound.toolOverhead), InputBound(textBytes: 0, items: 5, images: 1)
    ),
]

private let uncarried = [
    (#","safetySettings":[]"#, "safetySettings"),
    (#","some_new_field":1"#, "some_new_field"),
    (#","generationConfig":{"responseLogprobs":true}"#, "generationConfig.responseLogprobs"),
    (#","generation_config":{"candidate_count":2}"#, "generation_config.candidate_count"),
    (
        #","generationConfig":{"responseMimeType":"text/x.enum"}"#,
        "generationConfig.responseMimeType"
    ),
    (#","generationConfig":{"mediaResolution":"x"}"#, "generationConfig.mediaResolution"),
    (
        #","tools":[{"functionDeclarations":[{"name":"f","behavior":"x"}]}]"#,
        "tools[0].functionDeclarations[0].behavior"
    ),
]
