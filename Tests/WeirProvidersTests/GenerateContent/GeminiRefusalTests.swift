import Testing
import WeirCore
@testable import WeirProviders

@Suite("Gemini requests are refused by name")
struct GeminiRefusalTests {
    @Test("for what has no price or belongs to all tenants", arguments: foreign)
    func refusesForeign(body: String, param: String) throws {
        let refusal = try #require(try geminiRefusal(body))
        #expect(refusal.code == .invalidRequest && refusal.param == param)
        #expect(refusal.message.contains(param) && refusal.message.contains("not supported here"))
    }

    @Test("for what is malformed", arguments: malformed)
    func refusesMalformed(body: String, param: String) throws {
        let refusal = try #require(try geminiRefusal(body))
        #expect(refusal.code == .invalidRequest && refusal.param == param, "\(refusal.message)")
    }

    @Test("for numbers that no request means", arguments: ["-1", "0", "1.5", "1e3", "\"5\"", "[]"])
    func refusesNumbers(number: String) throws {
        for name in ["maxOutputTokens", "candidateCount", "candidate_count"] {
            let body = asking(#"{"text":"a"}"#, #","generationConfig":{"\#(name)":\#(number)}"#)
            #expect(try geminiRefusal(body)?.param == "generationConfig.\(name)")
        }
    }

    @Test(
        "for huge numbers",
        arguments: ["2147483648", "9223372036854775808", "1e400", "99999999999999999999999999"])
    func refusesHugeNumbers(number: String) throws {
        let names = [
            "maxOutputTokens", "candidateCount", "temperature", "topP", "topK", "seed",
            "frequencyPenalty", "presencePenalty",
        ]
        for name in names {
            let body = asking(#"{"text":"a"}"#, #","generationConfig":{"\#(name)":\#(number)}"#)
            #expect(try geminiRefusal(body)?.param == "generationConfig.\(name)")
        }
    }

    @Test("for addresses that are no plain ones", arguments: badAddresses)
    func refusesAddresses(address: String) throws {
        let escaped = JSON.string(address).text
        let body = asking(#"{"fileData":{"mimeType":"image/png","fileUri":\#(escaped)}}"#)
        #expect(try geminiRefusal(body)?.param == "contents[0].parts[0].fileData.fileUri")
    }

    @Test(
        "but not for addresses on the web",
        arguments: [
            "https://a.example/b.png?c=d#e", "HTTP://A.EXAMPLE:8080", "https://notyoutube.com/x",
            "https://storage.googleapis.com/bucket/x?X-Goog-Signature=1", "https://1.2.3.4/x",
        ])
    func takesAddresses(address: String) throws {
        let body = asking(#"{"fileData":{"mimeType":"image/png","fileUri":"\#(address)"}}"#)
        #expect(try geminiRefusal(body) == nil)
    }

    @Test("and deep ones neither crash nor pass the parser's limit")
    func survivesDepth() throws {
        for depth in [10, 50, 60] {
            let args =
                String(repeating: #"{"a":["#, count: depth / 2) + "1"
                + String(repeating: "]}", count: depth / 2)
            let body = asking(#"{"functionCall":{"name":"f","args":\#(args)}}"#)
            guard let object = try? geminiObject(body) else { continue }
            #expect(
                throws: Never.self,
                performing: {
                    try GeminiClient().decode(object, model: ModelName("m"), isStream: nil)
                })
        }
        let many = (0..<300).map { #""m\#($0)":1"# }.joined(separator: ",")
        #expect(try geminiRefusal(asking("{\(many)}")) != nil)
    }

    @Test("whatever kind of value stands anywhere", arguments: kinds)
    func survivesWrongKinds(value: String) throws {
        for name in names {
            for form in forms {
                let spots = form.replacing("NAME", with: name).replacing("VALUE", with: value)
                guard let object = try? geminiObject(spots) else { continue }
                do throws(WeirError) {
                    _ = try GeminiClient().decode(object, model: ModelName("m"), isStream: nil)
                } catch {
                    #expect(error.code == .invalidRequest && error.param != nil)
                }
            }
        }
    }
}

private let foreign: [(String, String)] =
    [
        (asking(#"{"text":"a"}"#, #","cachedContent":"cachedContents/x""#), "cachedContent"),
        (asking(#"{"text":"a"}"#, #","cached_content":"cachedContents/x""#), "cached_content"),
        (asking(#"{"text":"a"}"#, #","serviceTier":"priority""#), "serviceTier"),
        (asking(#"{"text":"a"}"#, #","service_tier":"FLEX""#), "service_tier"),
        (
            asking(#"{"inlineData":{"mimeType":"audio/wav","data":"QUJD"}}"#),
            "contents[0].parts[0].inlineData.mimeType"
        ),
        (
            asking(#"{"fileData":{"mimeType":"video/mp4","fileUri":"https://a.b/c"}}"#),
            "contents[0].parts[0].fileData.mimeType"
        ),
        (
            asking(
                #"{"fileData":{"mimeType":"image/png","#
                    + #""fileUri":"https://generativelanguage.googleapis.com/v1beta/files/x"}}"#),
            "contents[0].parts[0].fileData.fileUri"
        ),
        (
            asking(#"{"fileData":{"mimeType":"image/png","fileUri":"https://m.youtube.com/x"}}"#),
            "contents[0].parts[0].fileData.fileUri"
        ),
        (asking(#"{"executableCode":{}}"#), "contents[0].parts[0].executableCode"),
        (asking(#"{"toolCall":{}}"#), "contents[0].parts[0].toolCall"),
        (asking(#"{"text":"a","video_metadata":{}}"#), "contents[0].parts[0].video_metadata"),
    ]
    + [
        "googleSearch", "google_search", "googleSearchRetrieval", "codeExecution", "urlContext",
        "fileSearch", "googleMaps", "computerUse", "retrieval", "enterpriseWebSearch", "mcpServers",
    ].map { (asking(#"{"text":"a"}"#, #","tools":[{"\#($0)":{}}]"#), "tools[0].\($0)") }
    + [
        ("responseModalities", #"["TEXT","IMAGE"]"#), ("response_modalities", #""AUDIO""#),
        ("speechConfig", "{}"), ("imageConfig", "{}"), ("routingConfig", "{}"),
        ("modelSelectionConfig", "{}"),
    ].map {
        (
            asking(#"{"text":"a"}"#, #","generationConfig":{"\#($0)":\#($1)}"#),
            "generationConfig.\($0)"
        )
    }

private let malformed: [(String, String)] = [
    ("{}", "contents"), (#"{"contents":[]}"#, "contents"), (#"{"contents":"Hi"}"#, "contents"),
    (#"{"contents":[7]}"#, "contents[0]"), (#"{"contents":[{"parts":[]}]}"#, "contents"),
    (#"{"contents":[{"role":"system","parts":[{"text":"a"}]}]}"#, "contents[0].role"),
    (#"{"contents":[{"parts":["a"]}]}"#, "contents[0].parts[0]"),
    (asking(#"{"text":7}"#), "contents[0].parts[0].text"),
    (asking("{}"), "contents[0].parts[0].text"),
    (asking(#"{"text":"a","inlineData":{}}"#), "contents[0].parts[0].inlineData"),
    (asking(#"{"text":"a","thought":1}"#), "contents[0].parts[0].thought"),
    (asking(#"{"inlineData":{"data":"QUJD"}}"#), "contents[0].parts[0].inlineData.mimeType"),
    (
        asking(#"{"inlineData":{"data":"Q","mimeType":"image/png"}}"#),
        "contents[0].parts[0].inlineData.data"
    ),
    (
        asking(#"{"inlineData":{"data":"Q U=","mimeType":"image/png"}}"#),
        "contents[0].parts[0].inlineData.data"
    ),
    (
        asking(#"{"fileData":{"mimeType":"image/png"}}"#), "contents[0].parts[0].fileData.fileUri"
    ),
    (asking(#"{"functionCall":{"args":{}}}"#), "contents[0].parts[0].functionCall.name"),
    (
        asking(#"{"functionCall":{"name":"f","args":"{}"}}"#),
        "contents[0].parts[0].functionCall.args"
    ),
    (
        asking(#"{"functionResponse":{"name":"f","response":"a"}}"#),
        "contents[0].parts[0].functionResponse.response"
    ),
    (
        #"{"contents":[{"parts":[{"text":"a"}]}],"systemInstruction":"Be brief"}"#,
        "systemInstruction"
    ),
    (
        asking(#"{"text":"a"}"#, #","systemInstruction":{"parts":[{"inlineData":{}}]}"#),
        "systemInstruction.parts[0].text"
    ),
    (asking(#"{"text":"a"}"#, #","model":"models/other""#), "model"),
    (
        asking(#"{"text":"a"}"#, #","tools":[{"functionDeclarations":[{}]}]"#),
        "tools[0].functionDeclarations[0].name"
    ),
    (
        asking(
            #"{"text":"a"}"#,
            #","tools":[{"functionDeclarations":[{"name":"f","parameters":{},"#
                + #""parametersJsonSchema":{}}]}]"#),
        "tools[0].functionDeclarations[0].parametersJsonSchema"
    ),
    (
        asking(#"{"text":"a"}"#, #","toolConfig":{"functionCallingConfig":{"mode":"SOME"}}"#),
        "toolConfig.functionCallingConfig.mode"
    ),
    (
        asking(
            #"{"text":"a"}"#,
            #","generationConfig":{"thinkingConfig":{"thinkingBudget":1,"thinkingLevel":"low"}}"#),
        "generationConfig.thinkingConfig.thinkingLevel"
    ),
    // Both spellings at once: what is reserved for must be what is sent.
    (
        asking(#"{"text":"a"}"#, #","generationConfig":{},"generation_config":{}"#),
        "generation_config"
    ),
    (
        asking(
            #"{"text":"a"}"#,
            #","generationConfig":{"maxOutputTokens":1,"max_output_tokens":100000}"#),
        "generationConfig.max_output_tokens"
    ),
    (
        asking(#"{"text":"a"}"#, #","generationConfig":null,"generation_config":{}"#),
        "generation_config"
    ),
]

private let badAddresses = [
    "", "a.png", "files/abc", "gs://bucket/x", "file:///etc/passwd", "ftp://a.example/x",
    "https://", "https:///x", "https://u:p@a.example/x", "https://a.example\\@b/x",
    "https://a.example/ x", "https://[::1]/x", "https://%67enerativelanguage.googleapis.com/x",
    "https://générativelanguage.example/x", "https://a.example:99999999/x",
    "https://generativelanguage.googleapis.com./v1beta/files/x",
    "https://GenerativeLanguage.GoogleAPIs.com:443/v1beta/files/x", "https://youtu.be/x",
    "https://www.youtube.com./watch", "https://a.example/\u{7F}",
]

private let kinds = ["null", "true", "1", "-0.5", "1e999", "\"x\"", "[]", "{}", "[[]]", "[{}]"]

private let names = [
    "contents", "role", "parts", "text", "inlineData", "data", "mimeType", "fileData", "fileUri",
    "functionCall", "functionResponse", "name", "args", "response", "id", "thought",
    "thoughtSignature", "systemInstruction", "tools", "functionDeclarations", "parameters",
    "parametersJsonSchema", "description", "toolConfig", "functionCallingConfig", "mode",
    "allowedFunctionNames", "generationConfig", "stopSequences", "responseSchema",
    "responseModalities", "responseFormat", "thinkingConfig", "thinkingBudget", "thinkingLevel",
    "includeThoughts", "model", "serviceTier", "cachedContent", "labels", "candidateCount",
]

private let forms = [
    asking(#"{"text":"a"}"#, #","NAME":VALUE"#),
    #"{"contents":[{"parts":[{"text":"a"}],"NAME":VALUE}]}"#, asking(#"{"NAME":VALUE}"#),
    asking(#"{"functionCall":{"name":"f","NAME":VALUE}}"#),
    asking(#"{"functionResponse":{"name":"f","NAME":VALUE}}"#),
    asking(#"{"inlineData":{"NAME":VALUE}}"#),
    asking(#"{"text":"a"}"#, #","generationConfig":{"NAME":VALUE}"#),
    asking(#"{"text":"a"}"#, #","generationConfig":{"thinkingConfig":{"NAME":VALUE}}"#),
    asking(#"{"text":"a"}"#, #","tools":[{"NAME":VALUE}]"#),
    asking(#"{"text":"a"}"#, #","tools":[{"functionDeclarations":[{"name":"f","NAME":VALUE}]}]"#),
    asking(#"{"text":"a"}"#, #","toolConfig":{"functionCallingConfig":{"NAME":VALUE}}"#),
    asking(#"{"text":"a"}"#, #","systemInstruction":{"NAME":VALUE}"#),
]
