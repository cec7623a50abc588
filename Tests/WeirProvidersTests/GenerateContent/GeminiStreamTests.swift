import Testing
import WeirCore
@testable import WeirProviders

@Suite("Streams of Gemini")
struct GeminiStreamTests {
    @Test(
        "recorded ones are read the same however they are cut",
        .enabled(if: GeminiRecording.isThere, Comment(rawValue: Recordings.absence)))
    func recordedStreams() throws {
        for recording in GeminiRecording.all("streamGenerateContent") {
            let whole = try read([recording.reply])
            #expect(whole.last == .ended)
            try checkUsage(whole, recording)
            let areSame = try read(recording.reply.map { [$0] }) == whole
            #expect(areSame, "\(recording.id) byte by byte")
            try cutEverywhere(recording)
        }
    }

    /// Cuts each event at every byte, a huge one at many. What was read before is taken over.
    private func cutEverywhere(_ recording: GeminiRecording) throws {
        var before = GeminiStreamDecoder(GeminiDialect())
        let ends = recording.ends + [recording.reply.count]
        var start = 0
        for (index, end) in ends.dropLast().enumerated() {
            let event = recording.reply[start..<end]
            let next = recording.reply[end..<ends[index + 1]].prefix(64)
            var whole = before
            let expected = try whole.feed(Array(event + next))
            for place in stride(from: start, to: end, by: event.count > 4_000 ? 101 : 1) {
                var cut = before
                let steps =
                    try cut.feed(Array(event[..<place])) + cut.feed(Array(event[place...] + next))
                #expect(steps == expected, "\(recording.id) cut after \(place)")
            }
            _ = try before.feed(Array(event))
            start = end
        }
    }

    @Test(
        "recorded ones that break off have no end",
        .enabled(if: GeminiRecording.isThere, Comment(rawValue: Recordings.absence)))
    func recordedTruncations() throws {
        for recording in GeminiRecording.all("streamGenerateContent") {
            var decoder = GeminiStreamDecoder(GeminiDialect())
            let steps = try decoder.feed(recording.reply)
            // The recorded streams have one event with a finish reason, the last.
            #expect(steps.dropLast().allSatisfy { $0.relay == .forward })
            #expect(steps.last?.relay == .withhold)
            for end in recording.ends.dropLast() {
                let events = try read([Array(recording.reply[..<end])])
                #expect(!events.contains(.ended), "\(recording.id) broken off after \(end)")
            }
            let cut = try read([Array(recording.reply.dropLast(3))])
            #expect(!cut.contains(.ended))
        }
    }

    @Test("tell thoughts, proofs, texts, calls and usage")
    func tells() throws {
        let stream = [
            #"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}],"#
                + #""usageMetadata":{"promptTokenCount":5,"totalTokenCount":9},"#
                + #""modelVersion":"v"}"#,
            #"{"candidates":[{"content":{"parts":[{"text":"a","thoughtSignature":"S"},"#
                + #"{"functionCall":{"name":"f","id":"i","args":{"x":[1.0]}},"#
                + #""thoughtSignature":"T"},"#
                + #"{"functionCall":{"name":"g"}}]}}]}"#,
            #"{"candidates":[{"finishReason":"STOP","index":0}],"#
                + #""usageMetadata":{"promptTokenCount":6,"candidatesTokenCount":2,"#
                + #""thoughtsTokenCount":3,"totalTokenCount":11}}"#,
        ]
        let own = { ThoughtSignature(origin: .generateContent, value: $0) }
        let events = try read([bytes(stream.map { "data: \($0)\r\n\r\n" }.joined())])
        #expect(
            events == [
                .started(model: "v"), .thinking("hm"), .usage(try tokens(5, 4, reasoning: 4)),
                .thinkingSignature(own("S")), .text("a"),
                .toolCall(index: 0, id: "i", name: "f", signature: own("T")),
                .toolArguments(index: 0, #"{"x":[1.0]}"#),
                .toolCall(index: 1, id: nil, name: "g", signature: nil),
                .toolArguments(index: 1, "{}"), .finish(.toolCalls, stopSequence: nil),
                .usage(try tokens(6, 5, reasoning: 3)), .ended,
            ])
    }

    @Test("keep back all behind the finish reason")
    func keepsBack() throws {
        var decoder = GeminiStreamDecoder(GeminiDialect())
        let steps = try decoder.feed(
            bytes(
                ": hello\n\ndata:{}\n\n" + #"data: {"candidates":[{"finishReason":"MAX_TOKENS"}]}"#
                    + "\n\n" + #"data: {"usageMetadata":{"promptTokenCount":1}}"# + "\n\n"))
        #expect(steps.map(\.relay) == [.forward, .forward, .withhold, .withhold])
        #expect(steps[0] == .keepAlive)
        #expect(try decoder.finish().flatMap(\.events) == [.ended])
    }

    @Test(
        "with a byte-order mark, other line ends, events by name and in several lines",
        arguments: ["\n", "\r", "\r\n"])
    func readsFraming(end: String) throws {
        let stream =
            "\u{FEFF}event: x\(end)data: {\"candidates\":\(end)"
            + "data: [{\"finishReason\":\"STOP\"}]}\(end)\(end)"
        let events = try read(bytes(stream).map { [$0] })
        #expect(
            events == [.started(model: nil), .finish(.stop, stopSequence: nil), .ended])
    }

    @Test("tell a blocked prompt as a filtered answer")
    func tellsBlock() throws {
        let stream =
            #"data: {"promptFeedback":{"blockReason":"SAFETY"},"#
            + #""usageMetadata":{"promptTokenCount":4}}"# + "\n\n"
        #expect(
            try read([bytes(stream)]) == [
                .started(model: nil), .finish(.contentFilter, stopSequence: nil),
                .usage(try tokens(4, 0)), .ended,
            ])
    }

    @Test("tell an error with its kind and without secrets, and no end after it")
    func tellsErrors() throws {
        let stream =
            #"data: {"candidates":[{"finishReason":"STOP"}]}"# + "\n\n"
            + #"data: {"error":{"code":503,"message":"overloaded at https://x.example/y","#
            + #""status":"UNAVAILABLE"}}"# + "\n\n"
        var decoder = GeminiStreamDecoder(GeminiDialect())
        let steps = try decoder.feed(bytes(stream))
        #expect(steps.last?.relay == .drop)
        let failure = ProviderFailure(kind: .unavailable, message: "overloaded at [redacted]")
        #expect(steps.last?.events == [.failed(failure)])
        #expect(try decoder.finish().isEmpty)
    }

    @Test("tell an error whose bare JSON ends the body, wherever it is cut")
    func tellsBareErrors() throws {
        let error =
            "{\n  \"error\": {\n    \"code\": 429,\n    \"message\": \"slow {down}\"\n  }\n}\n"
        for start in ["", #"data: {"candidates":[{"finishReason":"STOP"}]}"# + "\r\n\r\n"] {
            let stream = bytes(start + error)
            let failure = ProviderFailure(kind: .rateLimited, message: "slow {down}")
            for place in stream.indices {
                let events = try read([Array(stream[..<place]), Array(stream[place...])])
                #expect(events.last == .failed(failure) && !events.contains(.ended))
            }
            #expect(try read(stream.map { [$0] }).last == .failed(failure))
            #expect(throws: ReplyDefect.self) { try read([Array(stream.dropLast(9))]) }
        }
        let endless =
            [bytes("{")] + Array(repeating: Array(repeating: 0x20, count: 9_999), count: 99)
        #expect(throws: ReplyDefect.self) { try read(endless) }
    }

    @Test(
        "take every code of an error",
        arguments: ["429", "0", "-1", "99999999999999999999", "\"503\"", "1e3", "null"])
    func tellsOddErrors(code: String) throws {
        let events = try read([bytes("data: {\"error\":{\"code\":\(code)}}\n\n")])
        guard case .failed(let failure)? = events.last else {
            Issue.record("no failure")
            return
        }
        #expect(failure.kind == (code == "429" ? .rateLimited : .unknown))
    }

    @Test(
        "that can't be read are a defect",
        arguments: [
            "data: {\n\n", "data: 7\n\n", "data: []\n\n", "data: {\"a\":1}}\n\n", "data: \u{0}\n\n",
            #"data: {"candidates":[{"content":7}]}"# + "\n\n",
            #"data: {"candidates":[{"content":{"parts":[7]}}]}"# + "\n\n",
            #"data: {"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}"# + "\n\n",
            "data: " + String(repeating: "[", count: 5_000) + "\n\n",
        ])
    func defects(stream: String) {
        #expect(throws: ReplyDefect.self) { _ = try read([bytes(stream)]) }
    }

    @Test(
        "suspect counts that can't be true, until a later event says better",
        arguments: impossibleCounts)
    func suspects(count: String) throws {
        let bad = #"{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":\#(count)}}"#
        let good =
            #"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5}}"#
        let events = try read([bytes("data: \(bad)\n\ndata: \(good)\n\n")])
        let usages = events.compactMap { event in
            if case .usage(let usage) = event { usage } else { nil }
        }
        #expect(usages.count == 2 && usages[0].isSuspect)
        #expect(usages.last == (try tokens(5, 0)))
    }

    @Test("take lone surrogates and unknown fields")
    func takesOddities() throws {
        let events = try read([
            bytes(
                #"data: {"x":{},"candidates":[{"content":{"parts":[{"text":"\ud83d"},{"y":1}]}}]}"#
                    + "\n\n")
        ])
        #expect(events == [.started(model: nil), .text("\u{FFFD}")])
    }

    private func read(_ pieces: [[UInt8]]) throws -> [ChatEvent] {
        var decoder = GeminiStreamDecoder(GeminiDialect())
        var steps: [StreamStep] = []
        for piece in pieces { steps += try decoder.feed(piece) }
        return (steps + (try decoder.finish())).flatMap(\.events)
    }

    /// The last usage that stands in the stream, counted by hand.
    private func checkUsage(_ events: [ChatEvent], _ recording: GeminiRecording) throws {
        let lines = recording.reply.split(separator: UInt8(ascii: "\n"))
        let last = try #require(lines.last { $0.starts(with: "data: ".utf8) })
        let reply = try JSONParser.parse(Array(last.dropFirst(6)), .reply)
        let usage = try #require(reply["usageMetadata"])
        let count = { (name: String) in usage[name]?.integer ?? 0 }
        let reported = events.compactMap { event in
            if case .usage(let usage) = event { usage.reported } else { nil }
        }
        let read = try #require(reported.last)
        #expect(read.total == count("totalTokenCount"))
        #expect(read.input == count("promptTokenCount") + count("toolUsePromptTokenCount"))
        #expect(read.cacheRead == count("cachedContentTokenCount"))
        #expect(read.reasoning >= count("thoughtsTokenCount"))
    }
}

extension GeminiRecording {
    /// Where the events of a stream end.
    fileprivate var ends: [Int] {
        reply.indices.dropFirst(3).filter { index in
            reply[(index - 3)...index].elementsEqual("\r\n\r\n".utf8)
        }.map { $0 + 1 }
    }
}
