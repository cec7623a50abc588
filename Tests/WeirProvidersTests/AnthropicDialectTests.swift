import Testing
import WeirCore
import WeirProviders

@Suite("Anthropic")
struct AnthropicDialectTests {
    let dialect = AnthropicDialect()

    @Test("encodes everything a plain conversation can have")
    func encodesFully() throws {
        let encoded = try dialect.encode(
            try fullRequest(model: "claude-haiku-4-5"), isStream: false)
        #expect(encoded.path == "/v1/messages")
        #expect(encoded.headers.isEmpty)
        #expect(
            text(encoded.body)
                == #"{"model":"claude-haiku-4-5","max_tokens":1099511627776,"#
                + #""system":"Say \"hé\"\n","messages":[{"role":"assistant","content":"First."},"#
                + "{\"role\":\"user\",\"content\":\"日本 \u{1F600} "
                + #"\\ \u0001"}],"temperature":0.70,"top_p":1e-1,"stop_sequences":["END","\"\n"]}"#)
    }

    @Test("leaves out what isn't asked for")
    func encodesLittle() throws {
        let body = try dialect.encode(try smallRequest(model: "claude-haiku-4-5"), isStream: false)
            .body
        #expect(
            text(body)
                == #"{"model":"claude-haiku-4-5","max_tokens":5,"#
                + #""messages":[{"role":"user","content":"Hi"}]}"#)
        #expect(
            dialect.credentials("k") == [
                HeaderField("x-api-key", "k"), HeaderField("anthropic-version", "2023-06-01"),
            ])
    }

    @Test("reads text, calls and the parts of usage")
    func readsReply() throws {
        let reply = try dialect.decodeReply(
            bytes(
                """
                {"model":"m","stop_reason":"tool_use","stop_sequence":"s","content":[
                {"type":"thinking","thinking":"x","signature":"p"},
                {"type":"thinking","thinking":"y"},{"type":"redacted_thinking","data":"d"},
                {"type":"text","text":"a"},{"type":"text","text":"b"},
                {"type":"tool_use","id":"t1","name":"f","input":{"x":1.50}},
                {"type":"server_tool_use","name":"web_search","input":{}}],
                "usage":{"input_tokens":10,"cache_read_input_tokens":20,
                "cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,
                "ephemeral_1h_input_tokens":4},"output_tokens":9,"service_tier":"priority",
                "output_tokens_details":{"thinking_tokens":5},
                "server_tool_use":{"web_search_requests":2}}}
                """))
        let call = ToolCall(id: "t1", name: "f", arguments: ["x": .number("1.50")])
        let usage = try tokens(
            37, 9, read: 20, written: 3, hour: 4, reasoning: 5, searches: 2, tier: .priority)
        #expect(
            reply
                == ChatReply(
                    text: "ab",
                    thinking: [
                        Thinking(text: "x", signature: proof("p")), Thinking(text: "y"),
                        Thinking(text: "", redacted: proof("d")),
                    ], toolCalls: [call], finish: .toolCalls, stopSequence: "s", usage: usage,
                    model: "m"))
    }

    @Test(
        "maps stop reasons",
        arguments: [
            ("\"end_turn\"", FinishReason.stop), ("\"stop_sequence\"", .stop),
            ("\"max_tokens\"", .length), ("\"model_context_window_exceeded\"", .length),
            ("\"tool_use\"", .toolCalls), ("\"refusal\"", .contentFilter),
            ("\"pause_turn\"", .pause), ("\"new_one\"", .other),
        ])
    func mapsFinish(word: String, finish: FinishReason) throws {
        let reply = try dialect.decodeReply(bytes(#"{"content":[],"stop_reason":\#(word)}"#))
        #expect(reply == ChatReply(text: "", finish: finish, usage: .absent))
    }

    @Test("counts usage that is odd but true")
    func readsOddUsage() throws {
        let cases: [(String, ReportedUsage)] = [
            ("null", .absent), ("{}", .absent),
            (#"{"input_tokens":1,"output_tokens":0}"#, try tokens(1, 0)),
            // Before lifetimes could be chosen, and nullable parts.
            (
                #"{"input_tokens":1,"output_tokens":2,"cache_creation_input_tokens":5,"#
                    + #""cache_read_input_tokens":null,"cache_creation":null,"#
                    + #""server_tool_use":null,"service_tier":"standard"}"#,
                try tokens(6, 2, written: 5)
            ),
            // The step that compacted stands apart, an advisor's is another model's.
            (
                #"{"input_tokens":23,"output_tokens":1,"service_tier":"batch","iterations":["#
                    + #"{"type":"compaction","input_tokens":180,"output_tokens":35},"#
                    + #"{"type":"message","input_tokens":23,"output_tokens":1},"#
                    + #"{"type":"advisor_message","input_tokens":7,"output_tokens":7}]}"#,
                try tokens(203, 36, tier: .batch)
            ),
        ]
        for (usage, expected) in cases {
            let body = #"{"content":[],"stop_reason":"end_turn","usage":\#(usage)}"#
            #expect(try dialect.decodeReply(bytes(body)).usage == expected, "\(usage)")
        }
    }

    @Test("suspects counts that can't be true", arguments: impossibleCounts + ["null"])
    func suspectsCounts(count: String) throws {
        let usages = [
            #"{"input_tokens":\#(count),"output_tokens":1}"#,
            #"{"input_tokens":1,"output_tokens":\#(count)}"#,
        ]
        let parts = [
            #"{"input_tokens":1,"output_tokens":1,"cache_read_input_tokens":\#(count)}"#,
            #"{"input_tokens":1,"output_tokens":1,"cache_creation_input_tokens":\#(count)}"#,
            #"{"input_tokens":1,"output_tokens":1,"#
                + #""server_tool_use":{"web_search_requests":\#(count)}}"#,
            #"{"input_tokens":1,"output_tokens":1,"iterations":[{"type":"compaction","#
                + #""input_tokens":1,"output_tokens":\#(count)}]}"#,
        ]
        for usage in usages + (count == "null" ? [] : parts) {
            try expectSuspect(usage)
        }
    }

    @Test(
        "suspects usage that contradicts itself",
        arguments: [
            "[]", "\"10\"", "7", #"{"output_tokens":1}"#, #"{"input_tokens":1}"#,
            #"{"input_tokens":1,"input_tokens":1,"output_tokens":1}"#,
            #"{"input_tokens":1,"output_tokens":1,"cache_creation":[]}"#,
            #"{"input_tokens":1,"output_tokens":1,"cache_creation_input_tokens":5,"#
                + #""cache_creation":{"ephemeral_5m_input_tokens":1}}"#,
            #"{"input_tokens":1,"output_tokens":1,"output_tokens_details":{"thinking_tokens":2}}"#,
            #"{"input_tokens":1,"output_tokens":1,"iterations":{}}"#,
            #"{"input_tokens":1,"output_tokens":1,"cache_creation":"#
                + #"{"ephemeral_5m_input_tokens":0,"ephemeral_5m_input_tokens":0}}"#,
        ])
    func suspectsContradictions(usage: String) throws {
        try expectSuspect(usage)
    }

    @Test("suspects a usage that is written twice")
    func suspectsTwice() throws {
        let usage = #""usage":{"input_tokens":1,"output_tokens":1}"#
        let body = #"{"content":[],"stop_reason":"end_turn",\#(usage),\#(usage)}"#
        #expect(try dialect.decodeReply(bytes(body)).usage.isSuspect)
    }

    @Test(
        "takes what is no answer for a defect and keeps its usage",
        arguments: [
            #""content":null"#, #""content":"text""#, #""stop_reason":"end_turn""#,
            #""content":[{}]"#, #""content":[7]"#, #""content":[]"#,
            #""content":[{"type":"text"}]"#, #""content":[{"type":"text","text":7}]"#,
            #""content":[{"type":"tool_use","id":"x"}]"#,
            #""type":"error","error":{"type":"overloaded_error","message":"x"}"#,
        ])
    func readsDefects(members: String) throws {
        let found = defect(dialect, #"{\#(members),"usage":{"input_tokens":4,"output_tokens":2}}"#)
        #expect(found?.usage == (try tokens(4, 2)))
    }

    @Test("takes bytes that are no object for a defect", arguments: ["", "{", "[]", "7", "\u{0}"])
    func readsNoObject(body: String) {
        #expect(defect(dialect, body)?.usage == .absent)
    }

    @Test("reads a token count, and nothing else for one")
    func readsTokenCount() throws {
        #expect(try dialect.decodeCount(bytes(#"{"input_tokens":14}"#)) == 14)
        for count in impossibleCounts {
            #expect(throws: ReplyDefect.self) {
                try dialect.decodeCount(bytes(#"{"input_tokens":\#(count)}"#))
            }
        }
    }

    private func proof(_ value: String) -> ThoughtSignature {
        ThoughtSignature(origin: .messages, value: value)
    }

    private func expectSuspect(_ usage: String) throws {
        let body = #"{"content":[],"stop_reason":"end_turn","usage":\#(usage)}"#
        #expect(try dialect.decodeReply(bytes(body)).usage.isSuspect, "\(usage)")
    }
}
