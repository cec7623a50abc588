import Foundation
import Testing
import WeirCore
import WeirProviders

@Suite("Answers for Anthropic's clients")
struct MessagesAnswerTests {
    private let proof = ThoughtSignature(origin: .messages, value: "sig")
    private let foreign = ThoughtSignature(origin: .generateContent, value: "g+/=")

    private func reply() throws -> ChatReply {
        ChatReply(
            text: "Héllo \"x\"\n",
            thinking: [
                Thinking(text: "Hm", signature: proof),
                Thinking(text: "", redacted: ThoughtSignature(origin: .responses, value: "r")),
                Thinking(text: "unproved"),
            ],
            toolCalls: [
                ToolCall(id: "call_1", name: "f", arguments: ["a": .number("1.50")]),
                ToolCall(id: nil, name: "g", arguments: [:], signature: foreign),
                ToolCall(id: "c", name: "h", arguments: .string("{oops")),
            ],
            finish: .toolCalls,
            usage: try tokens(
                37, 9, read: 20, written: 3, hour: 4, reasoning: 5, searches: 2, tier: .priority),
            model: "upstream")
    }

    @Test("have every member that the SDKs know")
    func whole() throws {
        let body = MessagesFixture.client.encode(try reply(), try MessagesFixture.context())
        #expect(
            text(body)
                == #"{"id":"msg_req_1","type":"message","role":"assistant","model":"claude-x","#
                + #""content":[{"type":"thinking","thinking":"Hm","signature":"sig"},"#
                + #"{"type":"redacted_thinking","data":"weir:responses:r"},"#
                + #"{"type":"thinking","thinking":"unproved","signature":""},"#
                + #"{"type":"text","text":"Héllo \"x\"\n"},"#
                + #"{"type":"tool_use","id":"call_1","name":"f","input":{"a":1.50}},"#
                + #"{"type":"redacted_thinking","data":"weir:generate_content:g+/="},"#
                + #"{"type":"tool_use","id":"toolu_req_1_1","name":"g","input":{}},"#
                + #"{"type":"tool_use","id":"c","name":"h","input":{"arguments":"{oops"}}],"#
                + #""stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":10,"#
                + #""cache_creation_input_tokens":7,"cache_read_input_tokens":20,"#
                + #""cache_creation":{"ephemeral_5m_input_tokens":3,"#
                + #""ephemeral_1h_input_tokens":4},"output_tokens":9,"#
                + #""output_tokens_details":{"thinking_tokens":5},"server_tool_use":{"#
                + #""web_search_requests":2,"web_fetch_requests":0},"service_tier":"priority","#
                + #""inference_geo":null}}"#)
    }

    @Test("come back in the next turn with every proof in its place")
    func comeBack() throws {
        let body = MessagesFixture.client.encode(try reply(), try MessagesFixture.context())
        let content = try #require(try MessagesFixture.object(body)["content"])
        let next = try MessagesFixture.blocks(
            String(content.text.dropFirst().dropLast()), role: "assistant")
        let chat = try MessagesFixture.read(next).get().chat
        let sent = try reply()
        #expect(
            chat.messages[0].parts == [
                .thinking(sent.thinking[0]), .thinking(sent.thinking[1]),
                .thinking(sent.thinking[2]), .text(sent.text), .toolCall(sent.toolCalls[0]),
                .toolCall(
                    ToolCall(
                        id: "toolu_req_1_1", name: "g", arguments: [:], signature: foreign)),
                .toolCall(
                    ToolCall(id: "c", name: "h", arguments: ["arguments": "{oops"])),
            ])
    }

    @Test("tell why the model stopped")
    func stopReasons() throws {
        let cases: [(FinishReason, String?, String)] = [
            (.stop, nil, "end_turn"), (.stop, "END", "stop_sequence"), (.other, nil, "end_turn"),
            (.length, nil, "max_tokens"), (.contentFilter, nil, "refusal"),
            (.pause, nil, "pause_turn"), (.toolCalls, nil, "tool_use"),
        ]
        for (finish, sequence, word) in cases {
            let reply = ChatReply(
                text: "x", finish: finish, stopSequence: sequence, usage: .absent)
            let body = MessagesFixture.client.encode(reply, try MessagesFixture.context())
            let json = try MessagesFixture.object(body)
            #expect(json["stop_reason"]?.string == word)
            #expect(json["stop_sequence"]?.string == sequence)
            #expect(json["usage"]?["input_tokens"]?.integer == 0)
        }
    }

    @Test("are streamed as blocks that follow one another")
    func stream() throws {
        let end = StreamEnd(
            finish: .stop, usage: try #require(TokenUsage(input: 3, output: 2, cacheRead: 1)),
            cost: .zero)
        var encoder = MessagesFixture.client.stream(
            try MessagesFixture.context(), StreamOptions())
        var body = encoder.encode([
            .text("a"), .text(""), .text("b"), .usage(try tokens(3, 2)),
            .toolCall(index: 0, id: "t", name: "f", signature: nil),
            .toolArguments(index: 0, "{"), .toolArguments(index: 0, "}"),
            .toolArguments(index: 7, "lost"),
            .toolCall(index: 1, id: nil, name: "g", signature: nil),
            .finish(.stop, stopSequence: nil), .ended,
        ])
        body += encoder.complete(end, withheld: [])
        #expect(encoder.contentType == "text/event-stream")
        let data = text(body).split(separator: "\n").filter { $0.hasPrefix("data: ") }
            .map { String($0.dropFirst(6)) }
        let expected = #"""
            {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}
            {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}
            {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}}
            {"type":"content_block_stop","index":0}
            {"type":"content_block_start","index":1,"content_block":{"type":"tool_use",\#
            "id":"t","name":"f","input":{}}}
            {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",\#
            "partial_json":"{"}}
            {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",\#
            "partial_json":"}"}}
            {"type":"content_block_stop","index":1}
            {"type":"content_block_start","index":2,"content_block":{"type":"tool_use",\#
            "id":"toolu_req_1_1","name":"g","input":{}}}
            {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta",\#
            "partial_json":"{}"}}
            {"type":"content_block_stop","index":2}
            {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},\#
            "usage":{"input_tokens":2,"cache_creation_input_tokens":0,\#
            "cache_read_input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":0,\#
            "ephemeral_1h_input_tokens":0},"output_tokens":2,\#
            "output_tokens_details":{"thinking_tokens":0},"server_tool_use":{\#
            "web_search_requests":0,"web_fetch_requests":0}}}
            {"type":"message_stop"}
            """#
        #expect(data.dropFirst().joined(separator: "\n") == expected)
        #expect(data[0].hasPrefix(#"{"type":"message_start","message":{"id":"msg_req_1""#))
    }

    @Test("are streamed with calls whose names come before their arguments")
    func interleavedCalls() throws {
        var encoder = MessagesFixture.client.stream(
            try MessagesFixture.context(), StreamOptions())
        var body = encoder.encode([
            .text("a"), .toolCall(index: 0, id: "a", name: "f", signature: nil),
            .toolCall(index: 1, id: "b", name: "g", signature: foreign),
            .toolCall(index: 2, id: "c", name: "h", signature: nil),
            .toolArguments(index: 0, #"{"x":"#), .toolArguments(index: 1, #"{"y":2}"#),
            .toolArguments(index: 0, "1}"), .text("b"),
        ])
        body += encoder.complete(
            StreamEnd(finish: .stop, usage: .zero, cost: .zero), withheld: [])
        var gathered = ChatReply(text: "", finish: .other, usage: .absent)
        for event in try MessagesFixture.steps([body]).flatMap(\.events) { gathered.take(event) }
        #expect(gathered.text == "ab" && gathered.finish == .toolCalls)
        #expect(gathered.toolCalls.map(\.arguments) == [["x": 1], ["y": 2], [:]])
        let starts = text(body).components(separatedBy: "content_block_start\n").count
        let stops = text(body).components(separatedBy: "content_block_stop\n").count
        #expect(starts == 7 && stops == 7)
    }

    @Test("are the same when the stream is read again")
    func readAgain() throws {
        let events: [ChatEvent] = [
            .started(model: "m"), .thinking("Hm "), .thinking("so"), .thinkingSignature(proof),
            .redactedThinking(ThoughtSignature(origin: .messages, value: "r")),
            .thinking("unproved"), .text("é\n"), .text("日本"),
            .toolCall(index: 0, id: "t", name: "f", signature: nil),
            .toolArguments(index: 0, #"{"a":"#), .toolArguments(index: 0, "1}"),
            .text("after"), .thinkingSignature(proof),
        ]
        var encoder = MessagesFixture.client.stream(
            try MessagesFixture.context(), StreamOptions())
        let usage = try #require(
            TokenUsage(
                input: 37, output: 9, cacheRead: 20, cacheWrite5m: 3, reasoning: 5, webSearches: 2))
        var body = encoder.encode(events)
        body += encoder.complete(
            StreamEnd(finish: .length, usage: usage, cost: .zero), withheld: [])
        let read = try MessagesFixture.steps([body]).flatMap(\.events).filter {
            if case .usage = $0 { false } else { true }
        }
        let expected: [ChatEvent] =
            [.started(model: "claude-x")] + events.dropFirst()
            + [.finish(.length, stopSequence: nil), .ended]
        #expect(MessagesFixture.joined(read) == MessagesFixture.joined(expected))
        var meter = StreamMeter()
        meter.add(try MessagesFixture.steps([body]).flatMap(\.events))
        #expect(meter.usage == .reported(usage))
    }

    @Test(
        "of recordings that are translated and read again keep their content",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)),
        arguments: MessagesExchange.streams)
    func translated(exchange: MessagesExchange) throws {
        let steps = try MessagesFixture.steps([exchange.response])
        var encoder = MessagesFixture.client.stream(
            try MessagesFixture.context(), StreamOptions())
        var meter = StreamMeter()
        var body: [UInt8] = []
        for step in steps {
            meter.add(step.events)
            body += encoder.encode(step.events)
        }
        guard case .reported(let usage) = meter.usage, let finish = meter.finish else {
            Issue.record("no usage")
            return
        }
        #expect(text(body).contains("message_stop") == false)
        body += encoder.complete(
            StreamEnd(finish: finish, usage: usage, cost: .zero), withheld: [])
        let content = { (steps: [StreamStep]) in
            MessagesFixture.joined(
                steps.flatMap(\.events).filter {
                    switch $0 {
                    case .usage, .started: false
                    default: true
                    }
                })
        }
        let again = try MessagesFixture.steps([body])
        #expect(content(again) == content(steps))
        var second = StreamMeter()
        second.add(again.flatMap(\.events))
        guard case .reported(let read) = second.usage else { return }
        #expect(read.input == usage.input && read.output == usage.output)
    }

    @Test(
        "of the same wire are relayed byte for byte",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)),
        arguments: MessagesExchange.streams)
    func relayed(exchange: MessagesExchange) throws {
        let steps = try MessagesFixture.steps([exchange.response])
        var encoder = MessagesFixture.client.stream(
            try MessagesFixture.context(), StreamOptions())
        var body = steps.flatMap { encoder.relay($0) }
        #expect(!text(body).contains("message_stop"))
        let end = StreamEnd(finish: .stop, usage: .zero, cost: .zero)
        body += encoder.complete(end, withheld: steps.filter { $0.relay == .withhold })
        #expect(body == exchange.response)
    }

    @Test("keep a connection alive, and end at once where nothing was said")
    func edges() throws {
        var encoder = MessagesFixture.client.stream(
            try MessagesFixture.context(), StreamOptions())
        #expect(text(encoder.relay(.keepAlive)) == ": keep-alive\n\n")
        #expect(encoder.encode([]).isEmpty)
        let dropped = StreamStep(name: "x", data: bytes("{}"), events: [], relay: .drop)
        #expect(encoder.relay(dropped).isEmpty)
        let end = StreamEnd(
            finish: .stop, stopSequence: "END", usage: .zero, cost: .zero)
        let steps = try MessagesFixture.steps([encoder.complete(end, withheld: [])])
        #expect(
            steps.flatMap(\.events) == [
                .started(model: "claude-x"), .usage(try tokens(0, 0)),
                .finish(.stop, stopSequence: "END"), .usage(try tokens(0, 0)), .ended,
            ])
    }

    @Test(
        "that are errors have Anthropic's form and Weir's code",
        arguments: WeirError.Code.allCases)
    func errors(code: WeirError.Code) throws {
        let error = WeirError(code, "No \"way\"", param: "x")
        let request = try #require(RequestID("req_1"))
        let body = try MessagesFixture.object(
            MessagesFixture.client.encode(error, request: request))
        #expect(body["type"] == "error" && body["request_id"] == "req_1")
        #expect(body["error"]?["message"] == "No \"way\"")
        #expect(body["error"]?["details"]?["error_code"]?.string == code.rawValue)
        #expect(body["error"]?["details"]?["param"] == "x")
        let types = [
            400: "invalid_request_error", 401: "authentication_error", 402: "billing_error",
            403: "permission_error", 404: "not_found_error", 405: "invalid_request_error",
            409: "conflict_error", 413: "request_too_large", 415: "invalid_request_error",
            422: "invalid_request_error", 429: "rate_limit_error", 500: "api_error",
            502: "api_error", 503: code == .overloaded ? "overloaded_error" : "api_error",
            504: "timeout_error",
        ]
        #expect(body["error"]?["type"]?.string == types[code.status])
        var encoder = MessagesFixture.client.stream(
            try MessagesFixture.context(), StreamOptions())
        #expect(
            text(encoder.fail(error))
                == "event: error\ndata: \(JSON.object(body).text)\n\n")
    }

    @Test("that are counts")
    func count() {
        #expect(text(MessagesFixture.client.encode(count: 14)) == #"{"input_tokens":14}"#)
    }
}
