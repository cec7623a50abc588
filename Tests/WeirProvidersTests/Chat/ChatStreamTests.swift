import Testing
import WeirCore

@testable import WeirProviders

@Suite("Chat streams, recorded")
struct ChatStreamTests {
    @Test(
        "read the same however they are cut",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func cutAnywhere() throws {
        let streams = try ChatTraffic.streams()
        #expect(streams.count == 28)
        for stream in streams {
            let whole = try read(stream, [stream.reply])
            var byteByByte = decoder(stream)
            var steps: [StreamStep] = []
            for byte in stream.reply { steps += try byteByByte.feed([byte]) }
            #expect(steps + (try byteByByte.finish()) == whole, "\(stream.id)")
            for seed in 0..<5 {
                #expect(try read(stream, pieces(stream.reply, seed: UInt64(seed))) == whole)
            }
            try cutEachFrame(stream, whole)
        }
    }

    @Test(
        "read the same with other line ends and a mark at the start",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func otherLineEnds() throws {
        for stream in try ChatTraffic.streams() {
            let whole = try read(stream, [stream.reply])
            let lines = stream.reply.split(separator: 0x0A, omittingEmptySubsequences: false)
                .map { $0.last == 0x0D ? Array($0.dropLast()) : Array($0) }
            for end in [[0x0D, 0x0A], [0x0D]] as [[UInt8]] {
                let other = [0xEF, 0xBB, 0xBF] + Array(lines.joined(separator: end))
                #expect(try read(stream, [other]) == whole, "\(stream.id) \(end)")
                #expect(try read(stream, pieces(other, seed: 7)) == whole, "\(stream.id) \(end)")
            }
        }
    }

    @Test(
        "give the usage and the text that the recording has",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func agreeWithTheRecording() throws {
        for stream in try ChatTraffic.streams() {
            let steps = try read(stream, [stream.reply])
            let fold = ChatFold(steps)
            let expected = try StreamOracle(stream.reply)
            #expect(fold.text == expected.text, "\(stream.id)")
            #expect(fold.thinking == expected.thinking, "\(stream.id)")
            #expect(fold.calls.map(\.name) == expected.names, "\(stream.id)")
            #expect(fold.calls.map(\.arguments) == expected.arguments, "\(stream.id)")
            #expect((fold.failure == nil) == fold.hasEnded, "\(stream.id)")
            if expected.hasFailed {
                #expect(fold.failure?.kind == .badRequest, "\(stream.id)")
                #expect(fold.failure?.message.isEmpty == false, "\(stream.id)")
                continue
            }
            guard case .reported(let usage) = fold.usage, let recorded = expected.usage else {
                Issue.record("\(stream.id) has no usage")
                continue
            }
            #expect(usage.input == recorded["prompt_tokens"]?.integer, "\(stream.id)")
            #expect(usage.output == recorded["completion_tokens"]?.integer, "\(stream.id)")
            let details = recorded["completion_tokens_details"]
            #expect(usage.reasoning == details?["reasoning_tokens"]?.integer ?? 0, "\(stream.id)")
            #expect(fold.finish == (fold.calls.isEmpty ? .stop : .toolCalls), "\(stream.id)")
            #expect(fold.model?.isEmpty == false, "\(stream.id)")
        }
    }

    @Test(
        "never end where they break off",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func breakOff() throws {
        for stream in try ChatTraffic.streams() {
            var growing = decoder(stream)
            for frame in frames(stream.reply) {
                let isLast = text(frame).contains("[DONE]")
                for length in [frame.count - 1, frame.count / 2] {
                    var cut = growing
                    let steps = try cut.feed(Array(frame.prefix(length))) + cut.finish()
                    #expect(!ChatFold(steps).hasEnded, "\(stream.id)")
                }
                let steps = try growing.feed(frame)
                var cut = growing
                let hasEnded = ChatFold(steps + (try cut.finish())).hasEnded
                #expect(hasEnded == isLast, "\(stream.id)")
            }
        }
    }

    @Test(
        "keep back what ends them, and drop usage that nobody asked for",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)))
    func relays() throws {
        for stream in try ChatTraffic.streams() {
            for asks in [true, false] {
                var decoder = stream.dialect
                    .replyStream(wire: .chatCompletions, includesUsage: asks)
                let steps = try decoder.feed(stream.reply)
                var hasFinish = false
                for step in steps where step != .keepAlive {
                    let chunk = try? JSONParser.parse(step.data, .reply)
                    let choices = chunk?["choices"]?.array ?? []
                    let isUsage = chunk?["choices"] == [] && chunk?["usage"]?.object != nil
                    hasFinish =
                        hasFinish || choices.contains { $0["finish_reason"]?.string != nil }
                    let expected: StreamStep.Relay =
                        if isUsage && !asks || chunk?["error"]?.object != nil {
                            .drop
                        } else if step.data == bytes("[DONE]") || hasFinish {
                            .withhold
                        } else { .forward }
                    #expect(step.relay == expected, "\(stream.id) \(text(step.data))")
                }
            }
        }
    }

    private func decoder(_ stream: ChatExchange) -> any ReplyStreamDecoder {
        stream.dialect.replyStream(wire: .chatCompletions, includesUsage: false)
    }

    private func read(_ stream: ChatExchange, _ pieces: [[UInt8]]) throws -> [StreamStep] {
        var decoder = decoder(stream)
        var steps: [StreamStep] = []
        for piece in pieces { steps += try decoder.feed(piece) }
        return steps + (try decoder.finish())
    }

    /// Cuts each event at each of its bytes, from the state that all events before it leave behind;
    /// of a long stream at every 16th, other ones in each event (`Fuzz/Splits` does it at all).
    private func cutEachFrame(_ stream: ChatExchange, _ whole: [StreamStep]) throws {
        var growing = decoder(stream)
        var steps: [StreamStep] = []
        let stride = stream.reply.count < 4_096 ? 1 : 16
        for (number, frame) in frames(stream.reply).enumerated() {
            var once = growing
            let expected = try once.feed(frame)
            var differing: [Int] = []
            for place in 1..<max(frame.count, 2) where (place + number) % stride == 0 {
                var twice = growing
                let first = try twice.feed(Array(frame.prefix(place)))
                let second = try twice.feed(Array(frame.dropFirst(place)))
                if first + second != expected { differing.append(place) }
            }
            #expect(differing.isEmpty, "\(stream.id) event \(number)")
            steps += expected
            growing = once
        }
        #expect(steps == whole, "\(stream.id)")
    }

    private func pieces(_ bytes: [UInt8], seed: UInt64) -> [[UInt8]] {
        var dice = ChatDice(seed: seed)
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let length = 1 + dice.below(400)
            pieces.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return pieces
    }

    /// The stream cut behind each blank line.
    private func frames(_ bytes: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var start = 0
        for place in bytes.indices.dropLast() where bytes[place] == 0x0A && bytes[place + 1] == 0x0A
        {
            frames.append(Array(bytes[start..<(place + 2)]))
            start = place + 2
        }
        if start < bytes.count { frames.append(Array(bytes[start...])) }
        return frames
    }
}

/// A second reading of a stream, line by line.
private struct StreamOracle {
    var text = ""
    var thinking = ""
    var names: [String] = []
    var arguments: [String] = []
    var usage: JSON?
    var hasFailed = false

    init(_ bytes: [UInt8]) throws {
        for line in bytes.split(separator: 0x0A) where line.starts(with: "data: {".utf8) {
            let chunk = try JSONParser.parse(Array(line.dropFirst(6)), .reply)
            if chunk["error"] != nil { hasFailed = true }
            if let usage = chunk["usage"], !usage.isNull { self.usage = usage }
            let delta = chunk["choices"]?.array?.first?["delta"]
            text += delta?["content"]?.string ?? ""
            thinking += delta?["reasoning_content"]?.string ?? delta?["reasoning"]?.string ?? ""
            for call in delta?["tool_calls"]?.array ?? [] {
                if let name = call["function"]?["name"]?.string {
                    names.append(name)
                    arguments.append("")
                }
                arguments[arguments.count - 1] += call["function"]?["arguments"]?.string ?? ""
            }
        }
    }
}
