import Testing
import WeirCore
import WeirProviders

@Suite("Gemini")
struct GeminiDialectTests {
    let dialect = GeminiDialect()

    @Test("encodes everything a plain conversation can have")
    func encodesFully() throws {
        let encoded = try dialect.encode(
            try fullRequest(model: "gemini-2.5-flash"), isStream: false)
        #expect(encoded.path == "/v1beta/models/gemini-2.5-flash:generateContent")
        #expect(
            text(encoded.body)
                == #"{"systemInstruction":{"parts":[{"text":"Say \"hé\"\n"}]},"contents":["#
                + #"{"role":"model","parts":[{"text":"First."}]},"#
                + "{\"role\":\"user\",\"parts\":[{\"text\":\"日本 \u{1F600} "
                + #"\\ \u0001"}]}],"generationConfig":{"maxOutputTokens":1099511627776,"#
                + #""temperature":0.70,"topP":1e-1,"stopSequences":["END","\"\n"]}}"#)
        #expect(dialect.credentials("k") == [HeaderField("x-goog-api-key", "k")])
    }

    @Test("keeps a model's name within its segment of the path")
    func encodesName() throws {
        let encoded = try dialect.encode(try smallRequest(model: "../a:b@c"), isStream: false)
        #expect(encoded.path == "/v1beta/models/..%2Fa%3Ab%40c:generateContent")
        #expect(
            text(encoded.body)
                == #"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"#
                + #""generationConfig":{"maxOutputTokens":5}}"#)
    }

    @Test("reads text without thoughts, calls and the parts of usage")
    func readsReply() throws {
        let reply = try dialect.decodeReply(
            bytes(
                #"{"modelVersion":"m","candidates":[{"finishReason":"STOP","content":{"parts":["#
                    + #"{"text":"hm","thought":true},{"text":"a"},{"executableCode":{}},"#
                    + #"{"text":"b","thoughtSignature":"s"},{"functionCall":{"name":"f","#
                    + #""args":{"x":1}}},{"functionCall":{"name":"g"}}]},"groundingMetadata":{"#
                    + #""webSearchQueries":["","q","r"]}}],"usageMetadata":{"#
                    + #""promptTokenCount":30,"cachedContentTokenCount":10,"#
                    + #""toolUsePromptTokenCount":4,"candidatesTokenCount":9,"#
                    + #""thoughtsTokenCount":6,"totalTokenCount":49,"serviceTier":"flex"}}"#))
        let calls = [
            ToolCall(id: nil, name: "f", arguments: ["x": 1]),
            ToolCall(id: nil, name: "g", arguments: .object(JSONObject())),
        ]
        let usage = try tokens(34, 15, read: 10, reasoning: 6, searches: 2, tier: .flex)
        let proof = ThoughtSignature(origin: .generateContent, value: "s")
        #expect(
            reply
                == ChatReply(
                    text: "ab", thinking: [Thinking(text: "hm", signature: proof)],
                    toolCalls: calls, finish: .toolCalls, usage: usage, model: "m"))
    }

    @Test("takes a blocked prompt for an empty, filtered answer")
    func readsBlockedPrompt() throws {
        let reply = try dialect.decodeReply(
            bytes(
                #"{"promptFeedback":{"blockReason":"SAFETY"},"#
                    + #""usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#))
        #expect(reply == ChatReply(text: "", finish: .contentFilter, usage: try tokens(4, 0)))
    }

    @Test(
        "maps finish reasons",
        arguments: [
            ("STOP", FinishReason.stop), ("MAX_TOKENS", .length), ("SAFETY", .contentFilter),
            ("RECITATION", .contentFilter), ("PROHIBITED_CONTENT", .contentFilter),
            ("MALFORMED_FUNCTION_CALL", .other), ("OTHER", .other),
        ])
    func mapsFinish(word: String, finish: FinishReason) throws {
        let contents = ["", #","content":null"#, #","content":{}"#, #","content":{"parts":[]}"#]
        for content in contents {
            let body = #"{"candidates":[{"finishReason":"\#(word)"\#(content)}]}"#
            let reply = try dialect.decodeReply(bytes(body))
            #expect(reply == ChatReply(text: "", finish: finish, usage: .absent))
        }
    }

    @Test("counts usage that is odd but true")
    func readsOddUsage() throws {
        let cases: [(String, ReportedUsage)] = [
            ("null", .absent), ("{}", .absent),
            (#"{"promptTokenCount":5}"#, try tokens(5, 0)),
            (#"{"promptTokenCount":5,"candidatesTokenCount":3}"#, try tokens(5, 3)),
            // What only the total counts was generated.
            (
                #"{"promptTokenCount":5,"candidatesTokenCount":3,"totalTokenCount":28}"#,
                try tokens(5, 23, reasoning: 20)
            ),
        ]
        for (usage, expected) in cases { #expect(try read(usage) == expected, "\(usage)") }
    }

    @Test("suspects counts that can't be true", arguments: impossibleCounts)
    func suspectsCounts(count: String) throws {
        let names = [
            "cachedContentTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount",
            "thoughtsTokenCount", "totalTokenCount",
        ]
        for name in names {
            let usage = try read(#"{"promptTokenCount":5,"\#(name)":\#(count)}"#)
            #expect(usage.isSuspect, "\(name)")
        }
        #expect(try read(#"{"promptTokenCount":\#(count)}"#).isSuspect)
    }

    @Test(
        "suspects usage that contradicts itself",
        arguments: [
            "[]", "7", #"{"totalTokenCount":5}"#, #"{"promptTokenCount":null}"#,
            #"{"promptTokenCount":5,"promptTokenCount":5}"#,
            #"{"promptTokenCount":5,"cachedContentTokenCount":6}"#,
            #"{"promptTokenCount":5,"toolUsePromptTokenCount":5,"cachedContentTokenCount":6}"#,
            #"{"promptTokenCount":5,"candidatesTokenCount":5,"totalTokenCount":9}"#,
        ])
    func suspectsContradictions(usage: String) throws {
        #expect(try read(usage).isSuspect)
    }

    @Test(
        "takes what is no answer for a defect and keeps its usage",
        arguments: [
            #""candidates":[]"#, #""candidates":null"#, #""candidates":[7]"#, #""x":1"#,
            #""promptFeedback":{}"#, #""candidates":[{"content":7}]"#,
            #""candidates":[{"content":{"parts":{}}}]"#, #""candidates":[{"content":{}}]"#,
            #""candidates":[{"content":{"parts":[7]}}]"#,
            #""candidates":[{"content":{"parts":[{"functionCall":{}}]}}]"#,
        ])
    func readsDefects(members: String) throws {
        let usage = #""usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2}"#
        let found = defect(dialect, #"{\#(members),\#(usage)}"#)
        #expect(found?.usage == (try tokens(4, 2)))
    }

    private func read(_ usage: String) throws -> ReportedUsage {
        let body = #"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":\#(usage)}"#
        return try dialect.decodeReply(bytes(body)).usage
    }
}
