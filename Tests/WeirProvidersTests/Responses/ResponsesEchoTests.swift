import Testing
import WeirCore
@testable import WeirProviders

@Suite("A Responses answer repeats of its request")
struct ResponsesEchoTests {
    /// What is asked for, and what of it the answer says; nil is what it says of nothing.
    private static let settings: [(asked: String, said: String)] = [
        (#""instructions":"Be brief.""#, #""instructions":"Be brief.""#),
        (#""max_output_tokens":16"#, #""max_output_tokens":16"#),
        (#""max_tool_calls":3"#, #""max_tool_calls":3"#),
        (#""max_tool_calls":"many""#, #""max_tool_calls":null"#),
        (#""parallel_tool_calls":false"#, #""parallel_tool_calls":false"#),
        (#""parallel_tool_calls":null"#, #""parallel_tool_calls":true"#),
        (#""temperature":0.50"#, #""temperature":0.50"#),
        (#""top_p":1"#, #""top_p":1"#),
        (#""tool_choice":"required""#, #""tool_choice":"required""#),
        (#""tool_choice":null"#, #""tool_choice":"auto""#),
        (
            #""tool_choice":{"type":"function","name":"f"}"#,
            #""tool_choice":{"type":"function","name":"f"}"#
        ),
        (
            #""tools":[{"type":"function","name":"f"}]"#,
            #""tools":[{"type":"function","name":"f","description":null,"parameters":null,"#
                + #""strict":null}]"#
        ),
        (
            #""tools":[{"strict":true,"type":"function","name":"f","description":"d","#
                + #""parameters":{"type":"object"}}]"#,
            #""tools":[{"strict":true,"type":"function","name":"f","description":"d","#
                + #""parameters":{"type":"object"}}]"#
        ),
        (#""tools":null"#, #""tools":[]"#),
        (#""reasoning":{"effort":"low"}"#, #""reasoning":{"effort":"low","summary":null}"#),
        (#""reasoning":{"summary":"auto"}"#, #""reasoning":{"summary":"auto","effort":null}"#),
        (
            #""text":{"verbosity":"medium"}"#,
            #""text":{"verbosity":"medium","format":{"type":"text"}}"#
        ),
        (
            #""text":{"format":{"type":"json_schema","name":"n","schema":{}}}"#,
            #""text":{"format":{"type":"json_schema","name":"n","schema":{}}}"#
        ),
        (#""metadata":{"a":"b","c":7}"#, #""metadata":{"a":"b"}"#),
        (#""metadata":"m""#, #""metadata":{}"#),
        (#""user":"u""#, #""user":"u""#),
        (#""user":7"#, #""user":null"#),
        (#""prompt_cache_key":"k""#, #""prompt_cache_key":"k""#),
        (#""safety_identifier":"s""#, #""safety_identifier":"s""#),
        (#""store":true"#, #""store":false"#),
        (#""input":"Secret""#, #""background":false"#),
    ]

    @Test("its settings, whole or streamed", arguments: settings)
    func repeats(asked: String, said: String) throws {
        var context = try responsesContext()
        context.asked = try jsonMembers("{\(asked)}")
        let said = try #require(try jsonMembers("{\(said)}").members.first)
        let client = OpenAIResponsesClient()
        let reply = ChatReply(text: "", finish: .stop, usage: .absent)
        let whole = try JSONParser.parse(client.encode(reply, context), .request)
        #expect(whole[said.name] == said.value)
        #expect(whole["input"] == nil)

        var encoder = client.stream(context, StreamOptions())
        let end = StreamEnd(finish: .stop, usage: .zero, cost: .zero)
        let stream = encoder.encode([.started(model: nil)]) + encoder.complete(end, withheld: [])
        var frames = ServerSentEvents()
        let bodies = try frames.feed(stream).compactMap { item -> JSON? in
            guard case .event(_, let data) = item else { return nil }
            return try JSONParser.parse(data, .request)["response"]
        }
        #expect(bodies.count == 3)
        for body in bodies { #expect(body[said.name] == said.value) }
    }

    @Test("nothing but what was asked for")
    func repeatsNothing() throws {
        var context = try responsesContext()
        context.asked = try jsonMembers(#"{"model":"alias","input":[],"secret":"s","id":"i"}"#)
        let reply = ChatReply(text: "", finish: .stop, usage: .absent)
        let plain = OpenAIResponsesClient().encode(reply, try responsesContext())
        #expect(OpenAIResponsesClient().encode(reply, context) == plain)
    }
}
