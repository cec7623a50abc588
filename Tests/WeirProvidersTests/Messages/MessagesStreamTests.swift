import Testing
import WeirCore
import WeirProviders

@Suite("Anthropic's streams")
struct MessagesStreamTests {
    @Test(
        "are read alike however they are cut, with the recording's own usage",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)),
        arguments: MessagesExchange.streams)
    func everySplit(exchange: MessagesExchange) throws {
        let body = exchange.response
        let whole = try MessagesFixture.steps([body])
        #expect(whole.last?.events == [.ended] && whole.last?.relay == .withhold)
        // The stop reason, and the end mark behind it.
        #expect(whole.dropLast().last?.name == "message_delta")
        #expect(whole.suffix(2).allSatisfy { $0.relay == .withhold })
        #expect(whole.dropLast(2).allSatisfy { $0.relay == .forward })
        let again = whole.flatMap { step in
            let lines = step.name.map { "event: \($0)\n" } ?? ""
            return bytes("\(lines)data: \(text(step.data))\n\n")
        }
        #expect(again == body)
        let last = lastUsage(whole)
        #expect(last == (try recordedUsage(body)))
        let places = try splitsThatDiffer(body, whole)
        #expect(places.isEmpty, "cut at \(places)")
        #expect(try MessagesFixture.steps(body.map { [$0] }) == whole)
        for seed in 1...20 {
            #expect(try MessagesFixture.steps(pieces(body, seed: UInt64(seed))) == whole)
        }
    }

    @Test(
        "that stop early never end",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)),
        arguments: MessagesExchange.streams)
    func truncated(exchange: MessagesExchange) throws {
        let body = exchange.response
        let mark = bytes("event: message_stop")
        let limit = try #require(
            body.indices.last { body[$0...].starts(with: mark) })
        // Every end of an event, and many places between.
        let ends = body.indices.dropFirst().filter { body[$0] == 0x0A && body[$0 - 1] == 0x0A }
        let places = Set(ends.map { $0 + 1 } + stride(from: 0, to: limit, by: 37))
        var decoder = MessagesFixture.provider.replyStream(wire: .messages, includesUsage: false)
        var start = 0
        for place in places.sorted() where place <= limit {
            var steps = try decoder.feed(Array(body[start..<place]))
            start = place
            var copy = decoder
            steps += try copy.finish()
            #expect(!steps.contains { $0.events.contains(.ended) })
        }
        #expect(start == limit)
    }

    @Test(
        "say what the whole message would say",
        .enabled(if: Recordings.folder != nil, Comment(rawValue: Recordings.absence)),
        arguments: MessagesExchange.wholes)
    func sameAsWhole(exchange: MessagesExchange) throws {
        let reply = try MessagesFixture.provider.decodeReply(exchange.response)
        let message = try JSONParser.parse(exchange.response, .reply)
        let steps = try MessagesFixture.steps([stream(of: message)])
        var meter = StreamMeter()
        var gathered = ChatReply(text: "", finish: .other, usage: .absent)
        meter.add(steps.flatMap(\.events))
        for event in steps.flatMap(\.events) { gathered.take(event) }
        #expect(gathered.text == reply.text)
        #expect(gathered.thinking == reply.thinking)
        #expect(gathered.toolCalls.map(\.id) == reply.toolCalls.map(\.id))
        #expect(gathered.toolCalls.map(\.name) == reply.toolCalls.map(\.name))
        for (call, other) in zip(gathered.toolCalls, reply.toolCalls) {
            #expect(isSame(call.arguments, other.arguments))
        }
        #expect(meter.finish == reply.finish && meter.stopSequence == reply.stopSequence)
        #expect(meter.usage == reply.usage && meter.hasEnded)
    }

    /// Two pieces at every place; in the longest events at many. What comes before the
    /// event with the cut in it is read once, by a decoder that is copied from there on.
    private func splitsThatDiffer(_ body: [UInt8], _ whole: [StreamStep]) throws -> [Int] {
        var decoder = MessagesFixture.provider.replyStream(wire: .messages, includesUsage: false)
        var found: [Int] = []
        var start = 0
        for step in whole {
            let rest = body[start...]
            let gap = try #require(
                rest.indices.dropFirst().first { body[$0] == 0x0A && body[$0 - 1] == 0x0A })
            let end = gap + 1
            for place in stride(from: start, through: end, by: end - start > 2_000 ? 31 : 1) {
                var copy = decoder
                let head = try copy.feed(Array(body[start..<place]))
                let tail = try copy.feed(Array(body[place..<end]))
                if head + tail != [step] { found.append(place) }
            }
            #expect(try decoder.feed(Array(body[start..<end])) == [step])
            start = end
        }
        return found
    }

    /// The usage of the last `message_delta`, read by another way.
    private func recordedUsage(_ body: [UInt8]) throws -> ReportedUsage {
        var counts: [String: Int64] = [:]
        var searches: Int64 = 0
        for line in text(body).split(separator: "\n") where line.hasPrefix("data: ") {
            let json = try JSONParser.parse(bytes(String(line.dropFirst(6))), .reply)
            let usage = json["message"]?["usage"] ?? json["usage"]
            for member in usage?.object?.members ?? [] {
                if let count = member.value.integer { counts[member.name] = count }
            }
            searches = usage?["server_tool_use"]?["web_search_requests"]?.integer ?? searches
        }
        let read = counts["cache_read_input_tokens"] ?? 0
        let written = counts["cache_creation_input_tokens"] ?? 0
        return try tokens(
            (counts["input_tokens"] ?? -1) + read + written, counts["output_tokens"] ?? -1,
            read: read, written: written, searches: searches)
    }

    private func lastUsage(_ steps: [StreamStep]) -> ReportedUsage {
        var meter = StreamMeter()
        meter.add(steps.flatMap(\.events))
        return meter.usage
    }

    private func pieces(_ body: [UInt8], seed: UInt64) -> [[UInt8]] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        var pieces: [[UInt8]] = []
        var rest = body[...]
        while !rest.isEmpty {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            pieces.append(Array(rest.prefix(Int(state >> 33) % 300)))
            rest = rest.dropFirst(pieces.last?.count ?? 0)
        }
        return pieces
    }

    /// A message as the API would have streamed it, in small deltas.
    private func stream(of message: JSON) -> [UInt8] {
        var start = message.object ?? JSONObject()
        start.set("content", [])
        start.set("stop_reason", .null)
        start.set("stop_sequence", .null)
        var events: [JSON] = [["type": "message_start", "message": .object(start)]]
        for (index, block) in (message["content"]?.array ?? []).enumerated() {
            events += self.events(of: block, at: JSON(index))
        }
        let stop: JSON = [
            "stop_reason": message["stop_reason"] ?? .null,
            "stop_sequence": message["stop_sequence"] ?? .null,
        ]
        events.append(["type": "message_delta", "delta": stop, "usage": message["usage"] ?? .null])
        events.append(["type": "message_stop"])
        return events.flatMap { event in
            bytes("event: \(event["type"]?.string ?? "")\ndata: \(event.text)\n\n")
        }
    }

    private func events(of block: JSON, at index: JSON) -> [JSON] {
        var empty = block.object ?? JSONObject()
        var deltas: [JSON] = []
        let members = [("text", "text_delta"), ("thinking", "thinking_delta")]
        for (name, type) in members {
            guard let text = block[name]?.string else { continue }
            empty.set(name, "")
            for character in text {
                deltas.append(["type": .string(type), .init(name): .string(String(character))])
            }
        }
        if let proof = block["signature"] {
            empty.set("signature", "")
            deltas.append(["type": "signature_delta", "signature": proof])
        }
        if block["type"] == "tool_use", let input = block["input"] {
            empty.set("input", [:])
            deltas.append(["type": "input_json_delta", "partial_json": ""])
            for piece in input == [:] ? [] : Array(input.text) {
                deltas.append(["type": "input_json_delta", "partial_json": .string(String(piece))])
            }
        }
        let head: JSON = [
            "type": "content_block_start", "index": index, "content_block": .object(empty),
        ]
        return [head]
            + deltas.map { ["type": "content_block_delta", "index": index, "delta": $0] }
            + [["type": "content_block_stop", "index": index]]
    }
}

extension ChatReply {
    /// Puts a whole answer together from its events.
    mutating func take(_ event: ChatEvent) {
        switch event {
        case .started(let name): model = name
        case .text(let piece): text += piece
        case .thinking(let piece):
            if thinking.isEmpty || thinking[thinking.count - 1].isProved {
                thinking.append(Thinking(text: ""))
            }
            thinking[thinking.count - 1].text += piece
        case .thinkingSignature(let proof):
            if thinking.isEmpty || thinking[thinking.count - 1].isProved {
                thinking.append(Thinking(text: ""))
            }
            thinking[thinking.count - 1].signature = proof
        case .redactedThinking(let proof): thinking.append(Thinking(text: "", redacted: proof))
        case .toolCall(_, let id, let name, let proof):
            toolCalls.append(
                ToolCall(id: id, name: name, arguments: .string(""), signature: proof))
        case .toolArguments(let index, let piece):
            let text = (toolCalls[index].arguments.string ?? "") + piece
            toolCalls[index].arguments = .string(text)
        case .finish(let reason, let sequence):
            finish = reason
            stopSequence = sequence
        case .usage(let report): usage = report
        case .failed: return
        case .ended:
            for index in toolCalls.indices {
                let text = toolCalls[index].arguments.string ?? ""
                // A call whose text is no JSON keeps it.
                let parsed = try? JSONParser.parse(Array(text.utf8), .reply)
                toolCalls[index].arguments = parsed ?? .string(text)
            }
        }
    }
}

extension Thinking {
    fileprivate var isProved: Bool { signature != nil || redacted != nil }
}
