import Testing
import WeirCore
@testable import WeirProviders

@Suite("Recorded Responses streams")
struct ResponsesRecordedStreamTests {
    @Test(
        "say what their last event says, and use what it used",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func agreeWithTheirEnd() throws {
        #expect(ResponsesRecording.streams.count == 18)
        for recording in ResponsesRecording.streams {
            let sum = ResponsesSum(try responsesSteps([recording.reply[...]]))
            let last = try #require(recording.lastResponse)
            let whole = try OpenAIDialect().decodeResponsesReply(last.encoded)
            #expect(sum.isEnded && sum.failure == nil, "\(recording.id)")
            #expect(sum.text == whole.text && sum.finish == whole.finish, "\(recording.id)")
            #expect(sum.usage == whole.usage && sum.model == whole.model, "\(recording.id)")
            // OpenAI seals thoughts anew for its last event.
            #expect(sum.seals.count == whole.thinking.count { $0.signature != nil })
            #expect(sum.calls.map(\.id) == whole.toolCalls.map(\.id), "\(recording.id)")
            let arguments = sum.calls.map { try? JSONParser.parse(bytes($0.arguments), .reply) }
            #expect(arguments == whole.toolCalls.map(\.arguments), "\(recording.id)")
            let usage = try #require(last["usage"])
            guard case .reported(let counted) = sum.usage else {
                Issue.record("\(recording.id): \(String(describing: sum.usage))")
                continue
            }
            #expect(counted.input == usage["input_tokens"]?.integer)
            #expect(counted.output == usage["output_tokens"]?.integer)
        }
    }

    @Test(
        "are the same however they are cut",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)),
        arguments: ResponsesRecording.streams.map(\.id))
    func areCutAnywhere(id: String) throws {
        let reply = try #require(ResponsesRecording.streams.first { $0.id == id }).reply
        let whole = try responsesSteps([reply[...]])
        #expect(try responsesSteps(reply.indices.map { reply[$0...$0] }) == whole)
        var random = Cuts(seed: UInt64(reply.count))
        for _ in 0..<8 {
            var chunks: [ArraySlice<UInt8>] = []
            var rest = reply[...]
            while !rest.isEmpty {
                let length = random.next(upTo: 1 + reply.count / 16)
                chunks.append(rest.prefix(length))
                rest = rest.dropFirst(length)
            }
            #expect(try responsesSteps(chunks) == whole)
        }
    }

    /// Every cut in two, event by event: a decoder that has read whole events is in the same state
    /// however they came, so that only the event in which the cut lies has to be read anew. The
    /// middle of a long line is cut at every eleventh byte; of long streams the first 60 events
    /// and the last one are cut.
    @Test(
        "are the same with a cut at every byte",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)),
        arguments: ResponsesRecording.streams.map(\.id))
    func areCutAtEveryByte(id: String) throws {
        let reply = try #require(ResponsesRecording.streams.first { $0.id == id }).reply
        var decoder = ResponsesStreamDecoder()
        let events = events(of: reply)
        for (index, event) in events.enumerated() {
            var whole = decoder
            let expected = try whole.feed(Array(event))
            #expect(expected.count == 1)
            defer { decoder = whole }
            guard index < 60 || index == events.count - 1 else { continue }
            let long = event.startIndex + 200..<max(event.startIndex + 200, event.endIndex - 200)
            for cut in event.indices where !long.contains(cut) || cut.isMultiple(of: 11) {
                var copy = decoder
                var steps = try copy.feed(Array(event[..<cut]))
                // Before its blank line an event is none.
                if cut < event.endIndex - 1, !steps.isEmpty { Issue.record("early at \(cut)") }
                steps += try copy.feed(Array(event[cut...]))
                if steps != expected { Issue.record("\(id) differs when cut at \(cut)") }
            }
        }
        #expect(try decoder.finish().isEmpty)
    }

    @Test(
        "that are cut off anywhere before their last event never end",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func neverEndEarly() throws {
        for recording in ResponsesRecording.streams {
            var decoder = ResponsesStreamDecoder()
            let events = events(of: recording.reply)
            for (index, event) in events.enumerated() {
                var copy = decoder
                var steps = try copy.feed(Array(event.dropLast(1 + index % event.count)))
                steps += try copy.finish()
                #expect(!steps.contains { $0.events.contains(.ended) }, "\(recording.id) \(index)")
                let whole = try decoder.feed(Array(event))
                let isLast = index == events.count - 1
                #expect(whole.contains { $0.events.contains(.ended) } == isLast)
                #expect(whole.allSatisfy { $0.relay == (isLast ? .withhold : .forward) })
            }
        }
    }

    @Test(
        "are relayed as they came",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func areRelayed() throws {
        for recording in ResponsesRecording.streams {
            var encoder = OpenAIResponsesClient().stream(try responsesContext(), StreamOptions())
            let steps = try responsesSteps([recording.reply[...]])
            var sent = steps.filter { $0.relay == .forward }.flatMap { encoder.relay($0) }
            let end = StreamEnd(finish: .stop, usage: .zero, cost: .zero)
            sent += encoder.complete(end, withheld: steps.filter { $0.relay == .withhold })
            // The recorder left a third line feed at some ends.
            #expect(sent.elementsEqual(recording.reply.prefix(sent.count)), "\(recording.id)")
            #expect(recording.reply.dropFirst(sent.count).allSatisfy { $0 == 0x0A })
        }
    }

    /// Each with the blank line that ends it.
    private func events(of reply: [UInt8]) -> [ArraySlice<UInt8>] {
        var events: [ArraySlice<UInt8>] = []
        var start = 0
        for index in reply.indices.dropLast()
        where index >= start && reply[index] == 0x0A && reply[index + 1] == 0x0A {
            if reply[start..<index].contains(where: { $0 != 0x0A }) {
                events.append(reply[start..<(index + 2)])
            }
            start = index + 2
        }
        return events
    }
}

/// Lengths that are the same in every run.
private struct Cuts {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next(upTo limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return 1 + Int((state >> 33) % UInt64(limit))
    }
}
