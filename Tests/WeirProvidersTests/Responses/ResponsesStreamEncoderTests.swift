import Testing
import WeirCore
@testable import WeirProviders

@Suite("A streamed Responses answer")
struct ResponsesStreamEncoderTests {
    static let signature = ThoughtSignature(origin: .messages, value: "sig")
    static let callSignature = ThoughtSignature(origin: .generateContent, value: "s")

    static let events: [ChatEvent] = [
        .started(model: "claude"), .thinking("th"), .thinking("ink"),
        .thinkingSignature(signature), .redactedThinking(signature), .text("He"), .text(""),
        .text("llo"), .toolCall(index: 0, id: "c0", name: "f", signature: callSignature),
        .toolArguments(index: 0, "{\"a\""),
        .toolCall(index: 1, id: nil, name: "g", signature: nil), .toolArguments(index: 0, ":1}"),
        .text("!"), .finish(.toolCalls, stopSequence: nil), .ended,
    ]

    static func stream(
        _ events: [ChatEvent], _ finish: FinishReason
    ) throws -> (bytes: [UInt8], events: [JSON]) {
        var encoder = OpenAIResponsesClient().stream(try responsesContext(), StreamOptions())
        let usage = TokenUsage(input: 30, output: 20, cacheRead: 10, reasoning: 8)
        var sent: [UInt8] = []
        for event in events { sent += encoder.encode([event]) }
        sent += encoder.complete(
            StreamEnd(finish: finish, usage: try #require(usage), cost: .zero), withheld: [])
        return (sent, try read(sent))
    }

    /// The events' data; each is named as its type says.
    static func read(_ sent: [UInt8]) throws -> [JSON] {
        var reader = ServerSentEvents()
        let items = try reader.feed(sent)
        #expect(!reader.isInsideEvent)
        return try items.compactMap { item in
            guard case .event(let name, let data) = item else { return nil }
            let json = try JSONParser.parse(data, .request)
            #expect(name != nil && json["type"]?.string == name)
            return json
        }
    }

    @Test("tells events in the order of OpenAI's own")
    func keepsOrder() throws {
        let (_, events) = try Self.stream(Self.events, .toolCalls)
        let types = events.map {
            ($0["type"]?.string ?? "").replacing("response.", with: "")
                + ($0["output_index"]?.integer.map { " \($0)" } ?? "")
        }
        #expect(
            types == [
                "created", "in_progress", "output_item.added 0",
                "reasoning_summary_part.added 0", "reasoning_summary_text.delta 0",
                "reasoning_summary_text.delta 0", "reasoning_summary_text.done 0",
                "reasoning_summary_part.done 0", "output_item.done 0", "output_item.added 1",
                "output_item.done 1", "output_item.added 2", "content_part.added 2",
                "output_text.delta 2", "output_text.delta 2", "output_text.done 2",
                "content_part.done 2", "output_item.done 2", "output_item.added 3",
                "output_item.done 3", "output_item.added 4", "function_call_arguments.delta 4",
                "output_item.added 5", "function_call_arguments.delta 4", "output_item.added 6",
                "content_part.added 6", "output_text.delta 6", "function_call_arguments.done 4",
                "output_item.done 4", "function_call_arguments.delta 5",
                "function_call_arguments.done 5", "output_item.done 5", "output_text.done 6",
                "content_part.done 6", "output_item.done 6", "completed",
            ])
        #expect(events.map { $0["sequence_number"] } == (0..<Int64(events.count)).map { JSON($0) })
    }

    @Test("holds at its end what its items were")
    func endsWithAll() throws {
        let (bytes, events) = try Self.stream(Self.events, .toolCalls)
        let done = events.filter { $0["type"] == "response.output_item.done" }
        let items = done.sorted {
            ($0["output_index"]?.integer ?? 0) < ($1["output_index"]?.integer ?? 0)
        }
        let last = try #require(events.last?["response"])
        #expect(last["output"] == .array(items.compactMap { $0["item"] }))
        let whole = try OpenAIDialect().decodeResponsesReply(last.encoded)
        #expect(whole.text == "Hello!" && whole.finish == .toolCalls)
        #expect(whole.usage == (try tokens(30, 20, read: 10, reasoning: 8)))
        let sum = ResponsesSum(try responsesSteps([bytes[...]]))
        #expect(sum.text == "Hello!" && sum.thinking == "think" && sum.isEnded)
        #expect(sum.finish == .toolCalls && sum.usage == whole.usage && sum.model == "a-model")
        #expect(sum.calls.map(\.arguments) == ["{\"a\":1}", "{}"])
        #expect(sum.calls.map(\.id) == whole.toolCalls.map(\.id))
        let request = try readResponses(
            #"{"model":"m","input":\#(try #require(last["output"]).text)}"#)
        let parts = request.chat.messages.flatMap(\.parts)
        #expect(
            parts.prefix(2) == [
                .thinking(Thinking(text: "think", signature: Self.signature)),
                .thinking(Thinking(text: "", redacted: Self.signature)),
            ])
        let calls = parts.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
        #expect(calls.map(\.signature) == [Self.callSignature, nil] && calls[0].id == "c0")
    }

    @Test(
        "that was cut ends as incomplete",
        arguments: [
            (FinishReason.length, "max_output_tokens"), (.contentFilter, "content_filter"),
        ])
    func saysCut(finish: FinishReason, reason: String) throws {
        let (bytes, events) = try Self.stream([.thinking("t"), .text("a")], finish)
        #expect(events.last?["type"] == "response.incomplete")
        #expect(events.last?["response"]?["incomplete_details"] == ["reason": .string(reason)])
        let statuses = events.compactMap { $0["item"]?["status"]?.string }
        #expect(statuses == ["in_progress", "incomplete"])
        #expect(ResponsesSum(try responsesSteps([bytes[...]])).finish == finish)
        #expect(try Self.stream([], finish).events.count == 3)
    }

    @Test("of nothing is an empty message")
    func tellsNothing() throws {
        let (bytes, events) = try Self.stream([.started(model: nil)], .stop)
        #expect(events.last?["response"]?["output"]?.array?.count == 1)
        let sum = ResponsesSum(try responsesSteps([bytes[...]]))
        #expect(sum.text.isEmpty && sum.finish == .stop && sum.isEnded)
    }

    @Test("that breaks off tells an error and no end", arguments: [true, false])
    func fails(isBegun: Bool) throws {
        var encoder = OpenAIResponsesClient().stream(try responsesContext(), StreamOptions())
        let begun = encoder.encode(isBegun ? [.text("a")] : [.usage(.absent)])
        let error = WeirError(.providerError, "broke \n off")
        let events = try Self.read(begun + encoder.fail(error))
        #expect(events.count == (isBegun ? 6 : 1))
        let last = try #require(events.last)
        #expect(last["type"] == "error" && last["message"] == "broke \n off")
        #expect(last["code"] == "provider_error" && last["param"]?.isNull == true)
        #expect(last["sequence_number"] == JSON(Int64(events.count - 1)))
        #expect(last["error"]?["code"] == "provider_error")
        let sum = ResponsesSum(try responsesSteps([(begun + encoder.fail(error))[...]]))
        #expect(!sum.isEnded && sum.failure?.message == "broke  off")
    }

    @Test("counts what it relays, and keeps what was withheld for the end")
    func relays() throws {
        var encoder = OpenAIResponsesClient().stream(try responsesContext(), StreamOptions())
        let delta = StreamStep(
            name: "response.output_text.delta", data: bytes(#"{"a":1}"#), events: [.text("a")])
        #expect(text(encoder.relay(.keepAlive)) == ": keep-alive\n\n")
        #expect(
            text(encoder.relay(delta)) == "event: response.output_text.delta\ndata: {\"a\":1}\n\n")
        let failure = try Self.read(encoder.fail(WeirError(.providerTimeout, "late")))
        #expect(failure.first?["sequence_number"] == 1)
        let end = StreamStep(
            name: nil, data: bytes(#"{"b":2}"#), events: [.ended], relay: .withhold)
        let ending = encoder.complete(
            StreamEnd(finish: .stop, usage: .zero, cost: .zero), withheld: [end])
        #expect(text(ending) == "data: {\"b\":2}\n\n")
        #expect(encoder.contentType == "text/event-stream")
    }
}
