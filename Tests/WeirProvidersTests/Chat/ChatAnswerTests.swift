import Testing
import WeirCore

@testable import WeirProviders

@Suite("Chat answers")
struct ChatAnswerTests {
    let client = OpenAIChatClient()

    @Test("hold all that the SDKs look for")
    func writesReply() throws {
        let proof = ThoughtSignature(origin: .messages, value: "P")
        let reply = ChatReply(
            text: "",
            thinking: [
                Thinking(text: "Hm.", signature: proof),
                Thinking(text: "", redacted: ThoughtSignature(origin: .messages, value: "R")),
            ],
            toolCalls: [
                ToolCall(
                    id: nil, name: "f", arguments: ["a": 1],
                    signature: ThoughtSignature(origin: .generateContent, value: "S")),
                ToolCall(id: "c", name: "g", arguments: "{broken"),
            ], finish: .toolCalls,
            usage: try tokens(30, 20, read: 10, written: 3, hour: 2, reasoning: 8, tier: .flex),
            model: "provider-name")
        #expect(
            text(client.encode(reply, try chatContext()))
                == #"{"id":"chatcmpl-req_abc","object":"chat.completion","created":1800000000,"#
                + #""model":"caller-name","choices":[{"index":0,"message":{"role":"assistant","#
                + #""content":null,"refusal":null,"annotations":[],"reasoning_content":"Hm.","#
                + #""reasoning_details":[{"type":"reasoning.text","index":0,"text":"Hm.","#
                + #""signature":"weir:messages:P"},{"type":"reasoning.encrypted","index":1,"#
                + #""data":"weir:messages:R"}],"tool_calls":[{"id":"call_req_abc_0","#
                + #""type":"function","function":{"name":"f","arguments":"{\"a\":1}"},"#
                + #""extra_content":{"google":{"thought_signature":"weir:generate_content:S"}}},"#
                + #"{"id":"c","type":"function","function":{"name":"g","arguments":"{broken"}}]},"#
                + #""logprobs":null,"finish_reason":"tool_calls"}],"service_tier":"flex","#
                + #""system_fingerprint":null,"usage":{"prompt_tokens":30,"completion_tokens":20,"#
                + #""total_tokens":50,"prompt_tokens_details":{"cached_tokens":10,"#
                + #""cache_write_tokens":5,"audio_tokens":0},"completion_tokens_details":{"#
                + #""reasoning_tokens":8,"audio_tokens":0,"accepted_prediction_tokens":0,"#
                + #""rejected_prediction_tokens":0}}}"#)
    }

    @Test("end with one of the five words", arguments: FinishReason.allCases)
    func writesFinish(reason: FinishReason) throws {
        let reply = ChatReply(text: "a", finish: reason, usage: .absent)
        let body = try JSONParser.parse(client.encode(reply, try chatContext()), .reply)
        let word = body["choices"]?.array?.first?["finish_reason"]?.string ?? ""
        #expect(["stop", "length", "tool_calls", "content_filter"].contains(word))
        #expect(body["choices"]?.array?.first?["message"]?["content"] == "a")
        #expect(body["usage"]?["total_tokens"] == 0)
    }

    @Test(
        "are read again as they were written",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func readsRepliesAgain() throws {
        var count = 0
        for exchange in try ChatTraffic.load() where !exchange.isStream && exchange.status == 200 {
            var reply = try exchange.dialect.decodeReply(exchange.reply)
            let written = client.encode(reply, try chatContext())
            let again = try OpenAIDialect().decodeReply(written)
            reply.model = "caller-name"
            if reply.finish == .other { reply.finish = .stop }
            let isSame = again == reply
            #expect(isSame, "\(exchange.id)")
            count += 1
        }
        #expect(count == 152)
    }

    @Test(
        "that stream are read again as they were written",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func readsStreamsAgain() throws {
        for stream in try ChatTraffic.streams() {
            var decoder = stream.dialect.replyStream(wire: .chatCompletions, includesUsage: false)
            let steps = try decoder.feed(stream.reply)
            var expected = ChatFold(steps)
            guard expected.failure == nil, case .reported(let usage) = expected.usage else {
                continue
            }
            for asks in [true, false] {
                var encoder = client.stream(
                    try chatContext(), StreamOptions(includesUsage: asks))
                #expect(encoder.contentType == "text/event-stream")
                var written: [UInt8] = []
                for step in steps { written += encoder.encode(step.events) }
                #expect(!text(written).contains("[DONE]"))
                let end = StreamEnd(
                    finish: expected.finish ?? .other, usage: usage, cost: Money(nanos: 1))
                written += encoder.complete(end, withheld: [])
                var reader = ChatStreamDecoder(OpenAIDialect(), includesUsage: true)
                let again = ChatFold(try reader.feed(written))
                expected.model = "caller-name"
                expected.usage = asks ? .reported(usage) : .absent
                #expect(again == expected, "\(stream.id)")
            }
        }
    }

    @Test("pass a stream through byte for byte")
    func relays() throws {
        let body =
            "data: {\"a\":1}\n\n: wait\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,"
            + "\"completion_tokens\":1}}\n\ndata: [DONE]\n\n"
        for asks in [true, false] {
            var decoder = ChatStreamDecoder(OpenAIDialect(), includesUsage: asks)
            var encoder = client.stream(try chatContext(), StreamOptions(includesUsage: asks))
            let steps = try decoder.feed(bytes(body))
            var relayed: [UInt8] = []
            for step in steps { relayed += encoder.relay(step) }
            let usage =
                asks
                ? #"data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#
                    + "\n\n" : ""
            #expect(text(relayed) == "data: {\"a\":1}\n\n: keep-alive\n\n" + usage)
            let end = StreamEnd(finish: .stop, usage: .zero, cost: .zero)
            let rest = encoder.complete(end, withheld: steps.filter { $0.relay == .withhold })
            #expect(text(rest) == "data: [DONE]\n\n")
        }
    }

    @Test("stream everything that an answer can have")
    func streamsEverything() throws {
        var encoder = client.stream(try chatContext(), StreamOptions(includesUsage: true))
        let proof = ThoughtSignature(origin: .messages, value: "P")
        let google = ThoughtSignature(origin: .generateContent, value: "S")
        let written = encoder.encode([
            .started(model: "p"), .thinking("Hm."), .thinkingSignature(proof),
            .redactedThinking(proof), .text("Hi"), .text(""),
            .toolCall(index: 0, id: nil, name: "f", signature: google),
            .toolArguments(index: 0, ""),
            .toolCall(index: 1, id: "c", name: "g", signature: nil),
            .toolArguments(index: 1, "{}"),
            .toolCall(index: 2, id: "d", name: "h", signature: nil), .usage(.absent),
            .finish(.stop, stopSequence: nil), .ended,
        ])
        let end = encoder.complete(
            StreamEnd(finish: .toolCalls, usage: .zero, cost: .zero), withheld: [])
        let chunks = try chunks(written + end)
        let deltas = chunks.compactMap { $0["choices"]?.array?.first?["delta"]?.text }
        #expect(
            deltas == [
                #"{"role":"assistant","content":"","refusal":null}"#,
                #"{"reasoning_content":"Hm."}"#,
                #"{"reasoning_details":[{"type":"reasoning.text","index":0,"text":"Hm.","#
                    + #""signature":"weir:messages:P"}]}"#,
                #"{"reasoning_details":[{"type":"reasoning.encrypted","index":1,"#
                    + #""data":"weir:messages:P"}]}"#, #"{"content":"Hi"}"#,
                #"{"tool_calls":[{"index":0,"id":"call_req_abc_0","type":"function","function":{"#
                    + #""name":"f","arguments":""},"extra_content":{"google":{"#
                    + #""thought_signature":"weir:generate_content:S"}}}]}"#,
                // Clients parse the arguments: nothing is no JSON.
                #"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#,
                #"{"tool_calls":[{"index":1,"id":"c","type":"function","function":{"name":"g","#
                    + #""arguments":""}}]}"#,
                #"{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}"#,
                #"{"tool_calls":[{"index":2,"id":"d","type":"function","function":{"name":"h","#
                    + #""arguments":""}}]}"#,
                #"{"tool_calls":[{"index":2,"function":{"arguments":"{}"}}]}"#, "{}",
            ])
        #expect(chunks.dropLast().allSatisfy { $0["usage"] == .null })
        #expect(chunks.last?["choices"] == [] && chunks.last?["usage"]?["total_tokens"] == 0)
        #expect(text(end).hasSuffix("data: [DONE]\n\n"))
    }

    @Test("begin and end even where nothing was said")
    func streamsNothing() throws {
        var encoder = client.stream(try chatContext(), StreamOptions())
        let end = StreamEnd(finish: .length, usage: .zero, cost: .zero)
        let chunks = try chunks(encoder.complete(end, withheld: []))
        #expect(chunks.count == 2 && chunks.allSatisfy { $0["usage"] == nil })
        #expect(chunks[1]["choices"]?.array?.first?["finish_reason"] == "length")
    }

    @Test(
        "tell errors in four members, with a code that is a promise",
        arguments: WeirError.Code.allCases)
    func writesErrors(code: WeirError.Code) throws {
        let error = WeirError(code, "No \"way\".", param: "messages[0]")
        let request = try #require(RequestID("req_1"))
        let body = try JSONParser.parse(client.encode(error, request: request), .reply)
        let members = body["error"]?.object?.members ?? []
        #expect(members.map(\.name) == ["message", "type", "param", "code"])
        #expect(body["error"]?["code"]?.string == code.rawValue)
        #expect(body["error"]?["param"] == "messages[0]")
        #expect(body["error"]?["type"]?.string?.isEmpty == false)
        var encoder = client.stream(try chatContext(), StreamOptions())
        let event = encoder.fail(error)
        #expect(text(event) == "data: \(body.text)\n\n")
        let bare = client.encode(WeirError(code, "x"), request: request)
        #expect(try JSONParser.parse(bare, .reply)["error"]?["param"] == .null)
    }

    private func chunks(_ bytes: [UInt8]) throws -> [JSON] {
        var events = ServerSentEvents()
        var chunks: [JSON] = []
        for case .event(_, let data) in try events.feed(bytes) where data.first == 0x7B {
            chunks.append(try JSONParser.parse(data, .reply))
        }
        return chunks
    }
}
