import Testing
import WeirCore
import WeirProviders

@Suite("OpenAI")
struct OpenAIDialectTests {
    let dialect = OpenAIDialect()

    @Test("encodes everything a plain conversation can have")
    func encodesFully() throws {
        let encoded = try dialect.encode(try fullRequest(model: "gpt-5"), isStream: false)
        #expect(encoded.path == "/chat/completions")
        #expect(encoded.headers.isEmpty)
        #expect(
            text(encoded.body)
                == #"{"model":"gpt-5","messages":[{"role":"system","content":"Say \"hé\"\n"},"#
                + #"{"role":"assistant","content":"First."},"#
                + "{\"role\":\"user\",\"content\":\"日本 \u{1F600} "
                + #"\\ \u0001"}],"max_completion_tokens":1099511627776,"temperature":0.70,"#
                + #""top_p":1e-1,"stop":["END","\"\n"]}"#)
        #expect(dialect.credentials("k") == [HeaderField("authorization", "Bearer k")])
    }

    @Test("sends compatible servers the older cap")
    func encodesOlderCap() throws {
        let body = try OpenAIDialect(outputCap: .maxTokens)
            .encode(try smallRequest(model: "a/b"), isStream: false).body
        #expect(
            text(body)
                == #"{"model":"a/b","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}"#)
    }

    @Test("reads text, calls and the parts of usage")
    func readsReply() throws {
        let reply = try dialect.decodeReply(
            bytes(
                #"{"model":"m","service_tier":"flex","choices":[{"finish_reason":"tool_calls","#
                    + #""message":{"content":null,"refusal":null,"reasoning":"hm","tool_calls":["#
                    + #"{"id":"c1","function":{"name":"f","arguments":"{\"a\":[1e2]}"}},"#
                    + #"{"id":"c2","function":{"name":"g","arguments":"{broken"}},"#
                    + #"{"function":{"name":"h"}},{"function":{"name":"i","arguments":""}},"#
                    + #"{"custom":{"name":"j","input":"raw"}}]}}],"usage":{"prompt_tokens":30,"#
                    + #""prompt_tokens_details":{"cached_tokens":10,"cache_write_tokens":5},"#
                    + #""completion_tokens":20,"completion_tokens_details":{"#
                    + #""reasoning_tokens":8,"rejected_prediction_tokens":4},"total_tokens":50}}"#
            ))
        let nothing = JSON.object(JSONObject())
        #expect(
            reply.toolCalls == [
                ToolCall(id: "c1", name: "f", arguments: ["a": .array([.number("1e2")])]),
                ToolCall(id: "c2", name: "g", arguments: .string("{broken")),
                ToolCall(id: nil, name: "h", arguments: nothing),
                ToolCall(id: nil, name: "i", arguments: nothing),
                ToolCall(id: nil, name: "j", arguments: .string("raw")),
            ])
        #expect(reply.text == "" && reply.finish == .toolCalls && reply.model == "m")
        let usage = try tokens(30, 20, read: 10, written: 5, reasoning: 8, tier: .flex)
        #expect(reply.usage == usage)
    }

    @Test(
        "reads content in every form",
        arguments: [
            (#""content":"a""#, "a", FinishReason.stop), (#""content":null"#, "", .stop),
            (#""role":"assistant""#, "", .stop), (#""content":[]"#, "", .stop),
            (#""content":null,"refusal":"I can't.""#, "I can't.", .contentFilter),
            (
                #""content":[{"type":"text","text":"a"},{"type":"thinking"},{"type":"text","#
                    + #""text":"b"}]"#, "ab", .stop
            ),
            (#""content":"","tool_calls":[{"function":{"name":"f"}}]"#, "", .toolCalls),
        ])
    func readsContent(members: String, expected: String, finish: FinishReason) throws {
        let body = #"{"choices":[{"finish_reason":"stop","message":{\#(members)}}]}"#
        let reply = try dialect.decodeReply(bytes(body))
        #expect(reply.text == expected && reply.finish == finish && reply.usage == .absent)
    }

    @Test(
        "maps finish reasons",
        arguments: [
            ("stop", FinishReason.stop), ("eos", .stop), ("length", .length),
            ("model_length", .length), ("tool_calls", .toolCalls), ("function_call", .toolCalls),
            ("content_filter", .contentFilter), ("sensitive", .contentFilter),
            ("insufficient_system_resource", .other), ("error", .other),
        ])
    func mapsFinish(word: String, finish: FinishReason) throws {
        let body = #"{"choices":[{"finish_reason":"\#(word)","message":{"content":"a"}}]}"#
        #expect(try dialect.decodeReply(bytes(body)).finish == finish)
    }

    @Test(
        "takes what is no answer for a defect and keeps its usage",
        arguments: [
            #""choices":[]"#, #""choices":null"#, #""choices":[null]"#, #""choices":{}"#,
            #""choices":[{"finish_reason":"stop"}]"#, #""error":{"message":"x","code":502}"#,
            #""choices":[{"finish_reason":"stop","message":{"content":7}}]"#,
            #""choices":[{"finish_reason":"stop","message":{"content":["a"]}}]"#,
            #""choices":[{"finish_reason":"stop","message":{"tool_calls":{}}}]"#,
            #""choices":[{"finish_reason":"stop","message":{"tool_calls":[{"id":"x"}]}}]"#,
            #""choices":[{"finish_reason":"stop","message":{"tool_calls":["#
                + #"{"function":{"name":7}}]}}]"#,
            #""choices":[{"finish_reason":null,"message":{"content":""}}]"#,
        ])
    func readsDefects(members: String) throws {
        let found = defect(
            dialect, #"{\#(members),"usage":{"prompt_tokens":4,"completion_tokens":2}}"#)
        #expect(found?.usage == (try tokens(4, 2)))
    }
}
