import Testing
import WeirCore
@testable import WeirProviders

@Suite("Gemini is asked")
struct GeminiTranslationTests {
    let dialect = GeminiDialect()

    @Test("for everything that a conversation can have")
    func encodesFully() throws {
        var request = ChatRequest(
            model: try #require(ModelName("gemini-3-flash-preview")), system: "s",
            messages: conversation, maxTokens: 9,
            tools: [
                ChatTool(name: "f", description: "d", parameters: ["$ref": "#/x"]),
                ChatTool(name: "g"),
            ], toolChoice: .named("f"),
            format: .schema(name: "n", schema: ["type": "object"], isStrict: true),
            reasoning: .word("high"))
        request.topK = DecimalNumber(.number("4"), in: 0...9)
        request.seed = DecimalNumber(.number("5"), in: 0...9)
        request.frequencyPenalty = DecimalNumber(.number("0.5"), in: 0...1)
        request.presencePenalty = DecimalNumber(.number("1"), in: 0...1)
        let encoded = try dialect.encode(request, isStream: true)
        #expect(
            encoded.path
                == "/v1beta/models/gemini-3-flash-preview:streamGenerateContent?alt=sse")
        let expected = try JSONParser.parse(bytes(fullBody), .request)
        #expect(text(encoded.body) == expected.text)
    }

    @Test("for thinking as its models take it", arguments: efforts)
    func encodesReasoning(model: String, effort: ReasoningEffort, expected: String?) throws {
        var request = try smallRequest(model: model)
        request.reasoning = effort
        let config = try settings(request)["thinkingConfig"]
        #expect(config?.text == expected)
    }

    @Test(
        "but not for thinking that a model can't do",
        arguments: [
            ("gemini-2.0-flash", .word("low")), ("gemini-2.0-flash", .adaptive),
            ("gemma-3", .tokens(9)), ("gemini-2.5-pro", .word("none")),
            ("gemini-3-pro-preview", .tokens(0)), ("gemini-2.5-flash", .word("mighty")),
            ("gemini-2.5-flash", .tokens(-5)),
        ] as [(String, ReasoningEffort)])
    func refusesReasoning(model: String, effort: ReasoningEffort) throws {
        var request = try smallRequest(model: model)
        request.reasoning = effort
        #expect(refusal(request)?.param == "reasoning")
    }

    @Test(
        "for tools as the caller chose",
        arguments: [
            (nil, nil, nil), (.automatic, nil, #"{"mode":"AUTO"}"#),
            (nil, true, #"{"mode":"VALIDATED"}"#), (.automatic, true, #"{"mode":"VALIDATED"}"#),
            (ToolChoice.none, true, #"{"mode":"NONE"}"#), (.required, true, #"{"mode":"ANY"}"#),
            (.named("f"), nil, #"{"mode":"ANY","allowedFunctionNames":["f"]}"#),
        ] as [(ToolChoice?, Bool?, String?)])
    func encodesChoice(choice: ToolChoice?, isStrict: Bool?, expected: String?) throws {
        var request = try smallRequest(model: "gemini-2.5-flash")
        request.tools = [ChatTool(name: "f", isStrict: isStrict)]
        request.toolChoice = choice
        request.parallelToolCalls = true
        let body = try sent(request)
        #expect(body["toolConfig"]?["functionCallingConfig"]?.text == expected)
    }

    @Test("but not for what it can't be asked")
    func refuses() throws {
        var single = try smallRequest(model: "m")
        single.tools = [ChatTool(name: "f")]
        single.parallelToolCalls = false
        #expect(refusal(single)?.param == "parallel_tool_calls")
        single.tools = []
        #expect(refusal(single) == nil)
        var orphan = try smallRequest(model: "m")
        orphan.messages = [
            ChatMessage(
                role: .user, parts: [.toolResult(ToolResult(callID: "a", content: []))])
        ]
        #expect(refusal(orphan)?.param == "messages")
        // Another tenant's file, by whatever wire its address comes.
        for address in ["https://generativelanguage.googleapis.com/v1beta/files/x", "gs://a/b"] {
            var request = try smallRequest(model: "m")
            request.messages = [
                ChatMessage(
                    role: .user, parts: [.image(ChatMedia(source: .url(address)))])
            ]
            #expect(refusal(request)?.param == "url")
        }
    }

    @Test("with pictures and documents in its own forms")
    func encodesMedia() throws {
        var request = try smallRequest(model: "m")
        let low = ChatMedia(source: .base64("QUJD"), mediaType: "image/webp", detail: "low")
        request.messages = [
            ChatMessage(
                role: .user,
                parts: [
                    .image(low), .document(ChatMedia(source: .text("hé")), name: "n"),
                    .document(ChatMedia(source: .url("https://a.example/b.PDF?x=.png")), name: nil),
                ])
        ]
        let parts = try sent(request)["contents"]?.array?.first?["parts"]
        #expect(
            parts == [
                ["inlineData": ["mimeType": "image/webp", "data": "QUJD"]],
                ["inlineData": ["mimeType": "text/plain", "data": "aMOp"]],
                [
                    "fileData": [
                        "mimeType": "application/pdf",
                        "fileUri": "https://a.example/b.PDF?x=.png",
                    ]
                ],
            ])
        #expect(try settings(request)["mediaResolution"] == "MEDIA_RESOLUTION_LOW")
        request.messages.append(
            ChatMessage(role: .user, parts: [.image(ChatMedia(source: .base64("QUJD")))]))
        #expect(try settings(request)["mediaResolution"] == nil)
    }

    @Test("by a client's own body with nothing changed but what must be", arguments: passed)
    func passesThrough(body: String, expected: String) throws {
        let encoded = dialect.passThrough(
            PassThrough(
                body: try geminiObject(body), wire: .generateContent,
                model: try #require(ModelName("p/m")), maxTokens: 9, isStream: false))
        #expect(encoded.path == "/v1beta/models/p%2Fm:generateContent")
        #expect(text(encoded.body) == expected)
    }

    private func sent(_ request: ChatRequest) throws -> JSON {
        try JSONParser.parse(dialect.encode(request, isStream: false).body, .request)
    }

    private func settings(_ request: ChatRequest) throws -> JSON {
        try #require(try sent(request)["generationConfig"])
    }

    private func refusal(_ request: ChatRequest) -> WeirError? {
        do throws(WeirError) {
            _ = try dialect.encode(request, isStream: false)
            return nil
        } catch {
            return error
        }
    }
}

private let own = ThoughtSignature(origin: .generateContent, value: "T1dO")
private let foreign = ThoughtSignature(origin: .messages, value: "x")

private let conversation = [
    ChatMessage(role: .user, text: "a"),
    ChatMessage(
        role: .assistant,
        parts: [
            .thinking(Thinking(text: "t", signature: own)), .text("b"),
            .toolCall(ToolCall(id: "1", name: "f", arguments: ["x": 1], signature: own)),
            .toolCall(ToolCall(id: "2", name: "g", arguments: .string("{oops"))),
        ]),
    ChatMessage(
        role: .user,
        parts: [
            .toolResult(
                ToolResult(
                    callID: "1",
                    content: [
                        .text("r"),
                        .image(ChatMedia(source: .base64("QUJD"), mediaType: "image/png")),
                    ]))
        ]),
    ChatMessage(
        role: .user,
        parts: [
            .toolResult(ToolResult(callID: "2", content: [.text("bad")], isError: true)),
            .text("c"),
        ]),
    // Another provider's thoughts stay here; its calls get a stand-in for their proof.
    ChatMessage(
        role: .assistant,
        parts: [
            .thinking(Thinking(text: "u", signature: foreign)),
            .thinking(Thinking(text: "", redacted: foreign)),
            .toolCall(ToolCall(id: "3", name: "f", arguments: ["y": 2])),
            .toolCall(ToolCall(id: "4", name: "f", arguments: ["y": 3])),
        ]),
    ChatMessage(
        role: .user, parts: [.toolResult(ToolResult(callID: nil, name: "f", content: []))]),
    ChatMessage(role: .assistant, parts: [.thinking(Thinking(text: "v", signature: foreign))]),
    ChatMessage(
        role: .assistant, parts: [.text("d"), .thinking(Thinking(text: "w", signature: own))]),
]

private let fullBody = #"""
    {"systemInstruction":{"parts":[{"text":"s"}]},"contents":[
    {"role":"user","parts":[{"text":"a"}]},
    {"role":"model","parts":[{"text":"b","thoughtSignature":"T1dO"},
    {"functionCall":{"id":"1","name":"f","args":{"x":1}},"thoughtSignature":"T1dO"},
    {"functionCall":{"id":"2","name":"g","args":{"input":"{oops"}}}]},
    {"role":"user","parts":[
    {"functionResponse":{"id":"1","name":"f","response":{"result":"r"}}},
    {"functionResponse":{"id":"2","name":"g","response":{"error":"bad"}}}]},
    {"role":"user","parts":[{"text":"From f:"},
    {"inlineData":{"mimeType":"image/png","data":"QUJD"}}]},
    {"role":"user","parts":[{"text":"c"}]},
    {"role":"model","parts":[{"functionCall":{"id":"3","name":"f","args":{"y":2}},
    "thoughtSignature":"c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="},
    {"functionCall":{"id":"4","name":"f","args":{"y":3}}}]},
    {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"result":""}}}]},
    {"role":"model","parts":[{"text":"d"},{"text":"","thoughtSignature":"T1dO"}]}],
    "tools":[{"functionDeclarations":[
    {"name":"f","description":"d","parametersJsonSchema":{"$ref":"#/x"}},{"name":"g"}]}],
    "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},
    "generationConfig":{"maxOutputTokens":9,"topK":4,"seed":5,"frequencyPenalty":0.5,
    "presencePenalty":1,"responseMimeType":"application/json",
    "responseJsonSchema":{"type":"object"},
    "thinkingConfig":{"thinkingLevel":"high","includeThoughts":true}}}
    """#

private let efforts: [(String, ReasoningEffort, String?)] = [
    ("gemini-2.0-flash", .word("none"), nil), ("gemini-1.5-pro", .tokens(0), nil),
    ("gemini-2.5-flash", .word("none"), #"{"thinkingBudget":0}"#),
    ("gemini-2.5-flash-lite", .tokens(0), #"{"thinkingBudget":0}"#),
    ("gemini-2.5-flash", .adaptive, #"{"thinkingBudget":-1,"includeThoughts":true}"#),
    ("gemini-2.5-pro", .word("medium"), #"{"thinkingBudget":8192,"includeThoughts":true}"#),
    ("models/gemini-2.5-pro", .tokens(5), #"{"thinkingBudget":5,"includeThoughts":true}"#),
    ("gemini-2.5-flash", .tokens(.max), #"{"thinkingBudget":24576,"includeThoughts":true}"#),
    ("gemini-3-flash-preview", .word("none"), #"{"thinkingLevel":"minimal"}"#),
    (
        "gemini-3-flash-preview", .word("minimal"),
        #"{"thinkingLevel":"minimal","includeThoughts":true}"#
    ),
    (
        "gemini-3-pro-preview", .word("minimal"), #"{"thinkingLevel":"low","includeThoughts":true}"#
    ),
    (
        "gemini-3-pro-preview", .word("medium"), #"{"thinkingLevel":"high","includeThoughts":true}"#
    ),
    (
        "gemini-3.1-pro-preview", .word("medium"),
        #"{"thinkingLevel":"medium","includeThoughts":true}"#
    ),
    ("gemini-3.5-flash", .tokens(1_024), #"{"thinkingLevel":"low","includeThoughts":true}"#),
    ("gemini-3.5-flash", .tokens(99_999), #"{"thinkingLevel":"high","includeThoughts":true}"#),
    ("gemini-3.8-flash", .adaptive, #"{"includeThoughts":true}"#),
    ("gemini-flash-latest", .word("xhigh"), #"{"thinkingLevel":"high","includeThoughts":true}"#),
]

private let passed = [
    (
        #"{"contents":[],"x":1.0}"#,
        #"{"contents":[],"x":1.0,"generationConfig":{"maxOutputTokens":9}}"#
    ),
    (
        #"{"generationConfig":{"a":1,"maxOutputTokens":5,"b":2},"contents":[],"y":null}"#,
        #"{"generationConfig":{"a":1,"maxOutputTokens":9,"b":2},"contents":[],"y":null}"#
    ),
    (
        #"{"generation_config":{"max_output_tokens":5,"top_p":1e0},"model":"models/fast"}"#,
        #"{"generation_config":{"max_output_tokens":9,"top_p":1e0},"model":"models/p/m"}"#
    ),
    (#"{"generation_config":null}"#, #"{"generation_config":{"maxOutputTokens":9}}"#),
    (
        #"{"generationConfig":{"max_output_tokens":null}}"#,
        #"{"generationConfig":{"max_output_tokens":9}}"#
    ),
]
