import Testing
import WeirCore
import WeirProviders

@Suite("OpenAI's Responses")
struct OpenAIResponsesTests {
    let dialect = OpenAIDialect()
    let usage =
        #""usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":10,"#
        + #""cache_write_tokens":5},"output_tokens":20,"output_tokens_details":{"#
        + #""reasoning_tokens":8},"total_tokens":50}"#

    @Test("are read with their calls, searches and usage")
    func readsReply() throws {
        let reply = try dialect.decodeResponsesReply(
            bytes(
                #"{"status":"completed","model":"m","service_tier":"priority","output":["#
                    + #"{"type":"reasoning","summary":[]},{"type":"web_search_call","action":{"#
                    + #""type":"search"}},{"type":"web_search_call","action":{"#
                    + #""type":"open_page"}},"#
                    + #"{"type":"message","content":[{"type":"output_text","text":"a"},"#
                    + #"{"type":"output_text","text":"b"}]},{"type":"function_call","call_id":"c","#
                    + #""id":"x","name":"f","arguments":"{\"a\":1}"},"#
                    + #"{"type":"custom_tool_call","name":"g","input":"raw"}],\#(usage)}"#))
        let calls = [
            ToolCall(id: "c", name: "f", arguments: ["a": 1]),
            ToolCall(id: nil, name: "g", arguments: "raw"),
        ]
        let expected = try tokens(
            30, 20, read: 10, written: 5, reasoning: 8, searches: 1, tier: .priority)
        #expect(
            reply
                == ChatReply(
                    text: "ab", toolCalls: calls, finish: .toolCalls, usage: expected, model: "m"))
    }

    @Test("are read with what is shown of their thoughts")
    func readsThoughts() throws {
        let reply = try dialect.decodeResponsesReply(
            bytes(
                #"{"output":[{"type":"reasoning","summary":[{"text":"a"},{"text":"b"}],"#
                    + #""encrypted_content":"gAAA"},{"type":"reasoning","summary":[],"#
                    + #""content":[{"type":"reasoning_text","text":"c"}]},"#
                    + #"{"type":"reasoning","summary":[],"encrypted_content":"gBBB"}]}"#))
        let seals = ["gAAA", "gBBB"].map { ThoughtSignature(origin: .responses, value: $0) }
        #expect(
            reply.thinking == [
                Thinking(text: "a\n\nb", signature: seals[0]), Thinking(text: "c"),
                Thinking(text: "", signature: seals[1]),
            ])
    }

    @Test(
        "end for their reason",
        arguments: [
            (#""status":"completed""#, FinishReason.stop), (#""status":"complete""#, .stop),
            (#""x":1"#, .stop), (#""status":"incomplete","incomplete_details":null"#, .length),
            (
                #""status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}"#,
                .length
            ),
            (
                #""status":"incomplete","incomplete_details":{"reason":"content_filter"}"#,
                .contentFilter
            ),
        ])
    func mapsFinish(members: String, finish: FinishReason) throws {
        let reply = try dialect.decodeResponsesReply(bytes(#"{\#(members),"output":[]}"#))
        #expect(reply == ChatReply(text: "", finish: finish, usage: .absent))
    }

    @Test("take a refusal for a filtered answer")
    func readsRefusal() throws {
        let body = #"{"output":[{"type":"message","content":[{"type":"refusal","refusal":"No"}]}]}"#
        let reply = try dialect.decodeResponsesReply(bytes(body))
        #expect(reply.text == "No" && reply.finish == .contentFilter)
    }

    @Test(
        "that are no answer keep their usage",
        arguments: [
            #""output":null"#, #""output":[7]"#, #""output":[],"status":"failed","error":{}"#,
            #""output":[],"status":"queued""#, #""output":[{"type":"message"}]"#,
            #""output":[],"status":"in_progress""#, #""output":[],"status":"cancelled""#,
            #""output":[{"type":"function_call","arguments":"{}"}]"#,
        ])
    func readsDefects(members: String) throws {
        let expected = try tokens(30, 20, read: 10, written: 5, reasoning: 8)
        do {
            _ = try dialect.decodeResponsesReply(bytes(#"{\#(members),\#(usage)}"#))
            Issue.record("an answer was read")
        } catch {
            #expect(error.usage == expected)
        }
    }

    @Test("suspect a count of searches that can't be true")
    func suspectsSearches() throws {
        let body =
            #"{"output":[],"tool_usage":{"web_search":{"num_requests":9223372036854775807}},"#
            + usage + "}"
        #expect(try dialect.decodeResponsesReply(bytes(body)).usage.isSuspect)
    }
}
