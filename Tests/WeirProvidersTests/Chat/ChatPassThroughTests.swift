import Testing
import WeirCore

@testable import WeirProviders

@Suite("Chat requests, passed through")
struct ChatPassThroughTests {
    @Test(
        "change what must be and keep the order",
        arguments: [
            // The client's own name of the cap stays where the provider knows both.
            (
                #""max_tokens":9,"x":1"#, #""max_tokens":7,"x":1,"stream":true"#,
                #""max_tokens":7,"x":1,"stream":true"#
            ),
            (
                #""max_completion_tokens":9,"x":1"#,
                #""max_completion_tokens":7,"x":1,"stream":true"#,
                #""max_tokens":7,"x":1,"stream":true"#
            ),
            (
                #""max_completion_tokens":9,"x":1,"max_tokens":8"#,
                #""max_completion_tokens":7,"x":1,"max_tokens":7,"stream":true"#,
                #""x":1,"max_tokens":7,"stream":true"#
            ),
            (
                #""max_completion_tokens":9,"max_tokens":null"#,
                #""max_completion_tokens":7,"max_tokens":null,"stream":true"#,
                #""max_tokens":7,"stream":true"#
            ),
            (
                #""max_completion_tokens":null,"x":null"#,
                #""max_completion_tokens":7,"x":null,"stream":true"#,
                #""x":null,"max_tokens":7,"stream":true"#
            ),
            (
                #""x":[1.50,{"a":null}]"#,
                #""x":[1.50,{"a":null}],"max_completion_tokens":7,"stream":true"#,
                #""x":[1.50,{"a":null}],"max_tokens":7,"stream":true"#
            ),
        ])
    func changes(members: String, openAI: String, others: String) throws {
        let body = #"{"model":"m",\#(members)}"#
        let tail = #","stream_options":{"include_usage":true}}"#
        #expect(try sent(body, OpenAIDialect()) == #"{"model":"p","# + openAI + tail)
        for dialect in [DeepSeekDialect(), OpenAIDialect(outputCap: .maxTokens)]
            as [any ProviderDialect]
        {
            #expect(try sent(body, dialect) == #"{"model":"p","# + others + tail)
        }
    }

    @Test("ask for usage and stream as it is asked of them")
    func asksForUsage() throws {
        let cases: [(String, Bool, String)] = [
            (
                #""stream":true,"stream_options":{"include_obfuscation":false}"#, true,
                #""stream":true,"stream_options":{"include_obfuscation":false,"#
                    + #""include_usage":true}"#
            ),
            (
                #""stream":true,"stream_options":{"include_usage":false}"#, true,
                #""stream":true,"stream_options":{"include_usage":true}"#
            ),
            (
                #""stream":true,"stream_options":null"#, true,
                #""stream":true,"stream_options":{"include_usage":true}"#
            ),
            (#""stream":false"#, false, #""stream":false"#),
            (#""stream":true,"stream_options":{}"#, false, #""stream":false"#),
        ]
        for (members, isStream, expected) in cases {
            let body = #"{"max_tokens":7,\#(members),"model":"m"}"#
            let found = try sent(body, OpenAIDialect(), isStream: isStream)
            #expect(found == #"{"max_tokens":7,\#(expected),"model":"p"}"#)
        }
    }

    @Test("leave out the proofs of other wires, and nothing else")
    func dropsForeignProofs() throws {
        let own = #"{"type":"reasoning.text","signature":"x"}"#
        let foreign = #"{"type":"reasoning.text","signature":"weir:messages:x"}"#
        let sealed = #"{"type":"reasoning.encrypted","data":"weir:responses:x"}"#
        let google = #""extra_content":{"google":{"thought_signature":"s"}}"#
        let marked = #""extra_content":{"google":{"thought_signature":"weir:generate_content:s"}}"#
        let cases = [
            (#""reasoning_details":[\#(own),\#(foreign)]"#, #""reasoning_details":[\#(own)]"#),
            (#""content":"a","reasoning_details":[\#(sealed)]"#, #""content":"a""#),
            (#""tool_calls":[{"id":"c",\#(google)}]"#, #""tool_calls":[{"id":"c",\#(google)}]"#),
            (#""tool_calls":[{"id":"c",\#(marked)}]"#, #""tool_calls":[{"id":"c"}]"#),
            (#""reasoning_content":"weir:messages:a""#, #""reasoning_content":"weir:messages:a""#),
            // What DeepSeek insists on while it thinks: its thoughts with every call, empty or not.
            (
                #""content":null,"reasoning_content":"hm","tool_calls":[{"id":"c"}]"#,
                #""content":null,"reasoning_content":"hm","tool_calls":[{"id":"c"}]"#
            ),
            (
                #""reasoning_content":"","tool_calls":[{"id":"c"}]"#,
                #""reasoning_content":"","tool_calls":[{"id":"c"}]"#
            ),
        ]
        for (before, after) in cases {
            let body = #"{"max_tokens":7,"model":"p","messages":[{"role":"assistant",\#(before)}]}"#
            for dialect: any ProviderDialect in [OpenAIDialect(), DeepSeekDialect()] {
                let found = try sent(body, dialect, isStream: false)
                #expect(found == body.replacing(before, with: after))
            }
        }
    }

    private func sent(
        _ body: String, _ dialect: any ProviderDialect, isStream: Bool = true
    ) throws -> String {
        let model = try #require(ModelName("p"))
        let encoded = dialect.passThrough(
            PassThrough(
                body: try chatObject(body), wire: .chatCompletions, model: model, maxTokens: 7,
                isStream: isStream))
        #expect(encoded.path == "/chat/completions" && encoded.headers.isEmpty)
        return text(encoded.body)
    }
}
