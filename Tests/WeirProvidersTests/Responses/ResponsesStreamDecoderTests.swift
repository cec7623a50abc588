import Testing
import WeirCore
@testable import WeirProviders

@Suite("Responses streams")
struct ResponsesStreamDecoderTests {
    static let usage =
        #""usage":{"input_tokens":30,"output_tokens":20,"total_tokens":50,"#
        + #""output_tokens_details":{"reasoning_tokens":8}}"#
    static let end =
        #"{"type":"response.completed","response":{"status":"completed","output":[],\#(usage)}}"#

    @Test("tell thoughts, calls and texts in their order")
    func readsItems() throws {
        let steps = try responsesSteps(
            responsesStream([
                #"{"type":"response.created","response":{"model":"m-1","usage":null}}"#,
                #"{"type":"response.in_progress","response":{"model":"m-1"}}"#,
                #"{"type":"response.output_item.added","output_index":0,"item":{"#
                    + #""type":"reasoning"}}"#,
                #"{"type":"response.reasoning_summary_part.added","output_index":0}"#,
                #"{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"a"}"#,
                #"{"type":"response.reasoning_summary_part.added","output_index":0}"#,
                #"{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"b"}"#,
                #"{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","#
                    + #""summary":[{"text":"a"},{"text":"b"}],"encrypted_content":"gAAA"}}"#,
                #"{"type":"response.output_item.added","output_index":1,"item":{"type":"#
                    + #""function_call","id":"fc","call_id":"c1","name":"f"}}"#,
                #"{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{}"}"#,
                #"{"type":"response.function_call_arguments.done","output_index":1,"#
                    + #""arguments":"{}"}"#,
                #"{"type":"response.output_text.delta","output_index":2,"delta":"Hé"}"#,
                #"{"type":"response.some_news","anything":[1]}"#, Self.end,
            ]))
        #expect(
            steps.flatMap(\.events) == [
                .started(model: "m-1"), .thinking("a"), .thinking("\n\n"), .thinking("b"),
                .thinkingSignature(ThoughtSignature(origin: .responses, value: "gAAA")),
                .toolCall(index: 0, id: "c1", name: "f", signature: nil),
                .toolArguments(index: 0, "{}"), .text("Hé"),
                .usage(try tokens(30, 20, reasoning: 8)), .finish(.toolCalls, stopSequence: nil),
                .ended,
            ])
        #expect(steps.dropLast().allSatisfy { $0.relay == .forward })
        #expect(steps.last?.relay == .withhold)
    }

    @Test(
        "end for the reason that their last event gives",
        arguments: [
            (#""type":"response.completed","response":{"status":"completed""#, FinishReason.stop),
            (#""type":"response.completed","response":{"x":1"#, .stop),
            (#""type":"response.incomplete","response":{"status":"incomplete""#, .length),
            (
                #""type":"response.incomplete","response":{"status":"incomplete","#
                    + #""incomplete_details":{"reason":"content_filter"}"#, .contentFilter
            ),
        ])
    func mapsFinish(members: String, finish: FinishReason) throws {
        let steps = try responsesSteps("data: {\(members),\(Self.usage)}}\n\n")
        #expect(
            steps.flatMap(\.events) == [
                .usage(try tokens(30, 20, reasoning: 8)), .finish(finish, stopSequence: nil),
                .ended,
            ])
        #expect(steps.map(\.relay) == [.withhold])
    }

    @Test("take a refusal for a filtered answer")
    func readsRefusal() throws {
        let sum = ResponsesSum(
            try responsesSteps(
                responsesStream([
                    #"{"type":"response.refusal.delta","output_index":0,"delta":"No"}"#, Self.end,
                ])))
        #expect(sum.text == "No" && sum.finish == .contentFilter)
    }

    @Test("tell what servers leave out of their deltas, and tell it once")
    func fillsGaps() throws {
        let message = #"{"type":"message","content":[{"type":"output_text","text":"whole"}]}"#
        let call = #"{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"}"#
        let custom = #"{"type":"custom_tool_call","call_id":"d","name":"g","input":"a \"b\""}"#
        let items = [message, call, custom].enumerated().map {
            #"{"type":"response.output_item.done","output_index":\#($0),"item":\#($1)}"#
        }
        let whole =
            #"{"type":"response.completed","response":{"status":"completed","output":["#
            + #"\#(message),\#(call),\#(custom)]}}"#
        for events in [items + [Self.end], [whole], items + [whole]] {
            let sum = ResponsesSum(try responsesSteps(responsesStream(events)))
            #expect(sum.text == "whole" && sum.finish == .toolCalls && sum.isEnded)
            #expect(sum.calls.map(\.id) == ["c", "d"])
            #expect(sum.calls.map(\.arguments) == [#"{"a":1}"#, #""a \"b\"""#])
        }
    }

    @Test("tell the plain text of custom tools as a JSON string")
    func readsCustomTools() throws {
        let item = #""item":{"type":"custom_tool_call","call_id":"c","name":"g","input":"#
        let deltas = ["x \\\"", "\\n", "\u{301}y"].map {
            #"{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"\#($0)"}"#
        }
        let done = #"{"type":"response.output_item.done","output_index":0,\#(item)"x"}}"#
        let added = #"{"type":"response.output_item.added","output_index":0,\#(item)""}}"#
        let sum = ResponsesSum(
            try responsesSteps(responsesStream([added] + deltas + [done, Self.end])))
        let arguments = try JSONParser.parse(bytes(sum.calls[0].arguments), .reply)
        #expect(arguments == .string("x \"\n\u{301}y"))
        let empty = ResponsesSum(
            try responsesSteps(
                responsesStream([added, done.replacing(#""x""#, with: #""""#), Self.end])))
        #expect(empty.calls[0].arguments == "\"\"")
    }

    @Test("count each search once, however it is told")
    func countsSearches() throws {
        let search =
            #"{"type":"response.output_item.done","output_index":0,"#
            + #""item":{"type":"web_search_call","action":{"type":"search"}}}"#
        let page = search.replacing("\"search\"", with: "\"open_page\"")
        let sum = ResponsesSum(try responsesSteps(responsesStream([search, page, Self.end])))
        #expect(sum.usage == (try tokens(30, 20, reasoning: 8, searches: 1)))
    }

    @Test("that fail are no answer, but bill what they used")
    func readsFailure() throws {
        let steps = try responsesSteps(
            responsesStream([
                #"{"type":"response.output_text.delta","output_index":0,"delta":"a"}"#,
                #"{"type":"response.failed","response":{"status":"failed","error":{"code":"#
                    + #""server_error","message":"at https://api.openai.com/x"},\#(Self.usage)}}"#,
            ]))
        let sum = ResponsesSum(steps)
        #expect(sum.usage == (try tokens(30, 20, reasoning: 8)))
        #expect(sum.failure?.message == "at [redacted]" && sum.failure?.kind == .unknown)
        #expect(!sum.isEnded && sum.finish == nil && steps.last?.relay == .drop)
    }

    @Test(
        "that break off tell why",
        arguments: [
            (
                #"{"type":"error","code":"rate_limit_exceeded","message":"slow"}"#,
                ProviderFailure.Kind.rateLimited
            ),
            (
                #"{"type":"error","error":{"type":"x","code":"insufficient_quota","#
                    + #""message":"slow"}}"#,
                .account
            ),
            (
                #"{"type":"error","error":{"code":"context_length_exceeded","message":"slow"}}"#,
                .badRequest
            ),
            (#"{"type":"error","code":null,"message":"slow"}"#, .unknown),
        ])
    func readsErrors(event: String, kind: ProviderFailure.Kind) throws {
        let failed =
            #"{"type":"response.failed","response":{"status":"failed","error":null,"#
            + Self.usage + "}}"
        let steps = try responsesSteps(responsesStream([event, failed]))
        let expected = ChatEvent.failed(ProviderFailure(kind: kind, message: "slow"))
        #expect(
            steps.flatMap(\.events) == [expected, .usage(try tokens(30, 20, reasoning: 8))])
        #expect(steps.map(\.relay) == [.drop, .drop])
        let late = try responsesSteps(responsesStream([event, Self.end]))
        #expect(!ResponsesSum(late).isEnded)
    }

    @Test("suspect what can't be true", arguments: impossibleCounts)
    func suspectsUsage(count: String) throws {
        let last = Self.end.replacing(":30,", with: ":\(count),")
        let sum = ResponsesSum(try responsesSteps(responsesStream([last])))
        #expect(sum.usage?.isSuspect == true && sum.isEnded)
    }

    @Test("suspect a usage that is told twice")
    func suspectsTwice() throws {
        let inner = Self.end.replacing(#""output":[]"#, with: Self.usage)
        let outer = Self.end.dropLast() + #","response":{"status":"completed"}}"#
        for event in [inner, String(outer)] {
            let sum = ResponsesSum(try responsesSteps(responsesStream([event])))
            #expect(sum.usage?.isSuspect == true)
        }
    }

    @Test(
        "that are no events are no reply",
        arguments: [
            "data: {\n\n", "data: 7\n\n", "data: \u{FF}\n\n", "data: {\"type\":}\n\n",
            "data: {\"type\":\"response.completed\"}\n\n",
            "data: {\"type\":\"response.completed\",\"response\":[]}\n\n",
            "data: " + String(repeating: "[", count: 200) + "\n\n",
        ])
    func refusesNonsense(stream: String) {
        #expect(throws: ReplyDefect.self) { try responsesSteps(stream) }
    }

    @Test(
        "pass odd members over",
        arguments: [
            #"{"type":"response.output_text.delta","delta":7}"#, "{}", #"{"type":7,"delta":"a"}"#,
            #"{"type":"response.output_text.delta","output_index":1e400,"delta":""}"#,
            #"{"type":"response.function_call_arguments.delta","output_index":99,"delta":"a"}"#,
            #"{"type":"response.output_item.added","output_index":-9223372036854775808,"item":7}"#,
            #"{"type":"response.output_item.done","item":{"type":"message"}}"#,
            #"{"type":"response.output_item.added","item":{"type":"function_call"}}"#,
        ])
    func survivesOddities(event: String) throws {
        let steps = try responsesSteps(responsesStream([event, Self.end]))
        #expect(steps.count == 2 && steps[0].events.isEmpty && steps[0].relay == .forward)
        #expect(steps[0].data == bytes(event))
    }

    @Test("in other framings say the same")
    func readsFramings() throws {
        let delta = #"{"type":"response.output_text.delta","delta":"\ud800 a"}"#
        let plain = try responsesSteps(responsesStream([delta, Self.end]))
        #expect(ResponsesSum(plain).text == "\u{FFFD} a")
        let framed =
            "\u{FEFF}: hello\r\nevent: x\r\ndata:\(delta)\r\n\r\n:\r\ndata: \(Self.end)\r\n\r\n"
            + "data:\r\n\r\ndata: [DONE]\r\n\r\n"
        let steps = try responsesSteps(framed)
        #expect(steps.flatMap(\.events) == plain.flatMap(\.events))
        #expect(steps.map(\.name) == [nil, "x", nil, nil, nil, nil])
        #expect(
            steps.map(\.relay) == [.forward, .forward, .forward, .withhold, .forward, .withhold])
        #expect(steps[0] == .keepAlive && steps[2] == .keepAlive && steps[4] == .keepAlive)
    }
}
