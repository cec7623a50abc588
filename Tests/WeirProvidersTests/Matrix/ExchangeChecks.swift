import Testing
import WeirCore
import WeirProviders

/// A recorded exchange with clients of all four wires in the place of the one that it was recorded
/// with. Each check gives what is wrong, in words; empty where all is well.
struct ExchangeChecks {
    let exchange: RecordedExchange
    let context: ReplyContext

    init(_ exchange: RecordedExchange) throws {
        self.exchange = exchange
        context = ReplyContext(
            request: try #require(RequestID("req_0123456789abcdef")),
            model: try #require(ModelName("a-model")),
            createdAt: Timestamp(milliseconds: 1_768_775_279_999))
    }

    /// Who reads a wire again that a client dialect wrote.
    static func reader(of wire: Wire) -> (any ProviderDialect)? {
        ProviderKind.allCases.map(\.dialect).first { $0.wires.contains(wire) }
    }

    /// Everything that can be said of the provider's side.
    func replyFaults() -> [String] {
        do {
            if exchange.status >= 400 { return failureFaults() }
            guard let wire = exchange.wire else { return try sideFaults() }
            return exchange.isStream
                ? try streamFaults(wire) + relayFaults(wire) : try wholeFaults(wire)
        } catch {
            return ["\(error)"]
        }
    }

    /// The whole reply, written for each kind of client and read again, says the same.
    private func wholeFaults(_ wire: Wire) throws -> [String] {
        var reply = try exchange.readWhole(wire)
        if reply.usage == .absent { reply.usage = .reported(.zero) }
        let expected = MatrixAnswer(reply)
        return ClientDialects.chat.flatMap { client -> [String] in
            do {
                let reader = try #require(Self.reader(of: client.wire))
                let again = try reader.decodeReply(
                    client.encode(reply, context), wire: client.wire)
                return expected.differences(from: MatrixAnswer(again), in: client.wire)
            } catch {
                return ["\(client.wire): \(error)"]
            }
        }
    }

    /// So does the stream, which is the same stream however it is cut.
    private func streamFaults(_ wire: Wire) throws -> [String] {
        let steps = try exchange.readSteps(wire)
        var faults: [String] = []
        for size in [3_001, 127] {
            let starts = stride(from: 0, to: exchange.reply.count, by: size)
            let pieces = starts.map { Array(exchange.reply[$0...].prefix(size)) }
            if try exchange.readSteps(wire, pieces: pieces) != steps {
                faults.append("differs in pieces of \(size)")
            }
        }
        let expected = MatrixAnswer(steps)
        if expected.hasEnded == expected.hasFailed { faults.append("ends and fails, or neither") }
        for client in ClientDialects.chat {
            faults += try translationFaults(steps, expected, client)
        }
        return faults
    }

    private func translationFaults(
        _ steps: [StreamStep], _ expected: MatrixAnswer, _ client: any ClientDialect
    ) throws -> [String] {
        var encoder = client.stream(context, StreamOptions(includesUsage: true))
        var bytes = steps.flatMap { encoder.encode($0.events) }
        let reader = try #require(Self.reader(of: client.wire))
            .replyStream(wire: client.wire, includesUsage: true)
        if MatrixAnswer(try reader.steps(of: [bytes])).hasEnded {
            return ["\(client.wire.rawValue): ends before its end"]
        }
        if expected.hasFailed {
            bytes += encoder.fail(WeirError(.providerError, "The provider gave up."))
            // Behind events a Gemini client gets the error's JSON alone, which no event is.
            let again = MatrixAnswer(try reader.steps(of: [bytes]))
            let isTold = again.hasFailed || client.wire == .generateContent
            return isTold && !again.hasEnded ? [] : ["\(client.wire.rawValue): no failure"]
        }
        let end = StreamEnd(
            finish: expected.finish ?? .other, stopSequence: expected.stopSequence,
            usage: expected.usage ?? .zero, cost: .zero)
        bytes += encoder.complete(end, withheld: [])
        return expected.differences(
            from: MatrixAnswer(try reader.steps(of: [bytes])), in: client.wire)
    }

    /// A client of the provider's own wire gets every event that is forwarded byte for byte, and
    /// nothing of what is dropped.
    private func relayFaults(_ wire: Wire) throws -> [String] {
        let came = plainEvents(exchange.reply)
        var faults: [String] = []
        for includesUsage in [false, true] {
            let steps = try exchange.readSteps(wire, includesUsage: includesUsage)
                .filter { !$0.data.isEmpty }
            if steps.map(\.data) != came { faults.append("events are not as they came") }
            let sent = steps.filter { $0.relay != .drop }.map(\.data)
            let hasFailed = MatrixAnswer(steps).hasFailed
            if includesUsage, sent.count < came.count - (hasFailed ? 1 : 0) {
                faults.append("relay: an event is dropped")
            }
            let client = try #require(ClientDialects.chat.first { $0.wire == wire })
            for isArray in wire == .generateContent ? [false, true] : [false] {
                var encoder = client.stream(
                    context, StreamOptions(includesUsage: includesUsage, isArray: isArray))
                var bytes: [UInt8] = []
                for step in steps where step.relay == .forward { bytes += encoder.relay(step) }
                let withheld = steps.filter { $0.relay == .withhold }
                if !hasFailed {
                    bytes += encoder.complete(
                        StreamEnd(finish: .stop, usage: .zero, cost: .zero), withheld: withheld)
                }
                let array: [UInt8] = Array("[".utf8) + sent.joined(separator: [0x2C])
                let isSame =
                    isArray ? bytes == array + Array("]".utf8) : plainEvents(bytes) == sent
                if !isSame { faults.append("relay: not byte for byte, array \(isArray)") }
            }
        }
        return faults
    }

    /// The data of each event, cut without the reader under test.
    private func plainEvents(_ bytes: [UInt8]) -> [[UInt8]] {
        let lines = bytes.filter { $0 != 0x0D }.split(separator: 0x0A)
        let mark = Array("data: ".utf8)
        return lines.filter { $0.starts(with: mark) }.map { Array($0.dropFirst(mark.count)) }
    }

    /// An error reply keeps its kind and its message, whichever client is told.
    private func failureFaults() -> [String] {
        let failure = exchange.dialect.decodeFailure(status: exchange.status, body: exchange.reply)
        var faults: [String] = []
        if failure.kind != .badRequest { faults.append("kind \(failure.kind)") }
        if failure.message.hasPrefix("provider answered") { faults.append("no message") }
        let error = WeirError(.invalidRequest, failure.message)
        for client in ClientDialects.chat {
            let body = client.encode(error, request: context.request)
            let again = Self.reader(of: client.wire)?
                .decodeFailure(status: error.code.status, body: body)
            if again?.kind != failure.kind || again?.message != failure.message {
                faults.append("\(client.wire): error \(String(decoding: body, as: UTF8.self))")
            }
        }
        return faults
    }

    /// Vectors and counts.
    private func sideFaults() throws -> [String] {
        if exchange.endpoint == "count_tokens" {
            let dialect = try #require(exchange.dialect.tokenCount)
            let count = try dialect.decodeCount(exchange.reply)
            let said = try JSONParser.parse(exchange.reply, .reply)["input_tokens"]?.integer
            let kept = try ClientDialects.tokenCounts.compactMap { client -> Int64? in
                let reader = Self.reader(of: client.wire)?.tokenCount
                return try reader?.decodeCount(client.encode(count: count))
            }
            return said == count && kept == [count, count] ? [] : ["count \(count), \(kept)"]
        }
        return try embeddingFaults()
    }

    private func embeddingFaults() throws -> [String] {
        let dialect = try #require(exchange.dialect.embeddings)
        let isOpenAI = exchange.endpoint == "embeddings"
        let reply = try dialect.decodeReply(exchange.reply, wire: isOpenAI ? .embeddings : nil)
        let asked = try readEmbeddings().get()
        var faults: [String] = []
        if !isOpenAI, reply.vectors.count != asked.embedding.inputs.count {
            faults.append("\(reply.vectors.count) vectors")
        }
        let body = try JSONParser.parse(exchange.reply, .reply)
        let said = body["usage"]?["prompt_tokens"]?.integer
        if let said, case .reported(let usage) = reply.usage, usage.input != said {
            faults.append("usage \(usage.input)")
        }
        return faults
    }

    func readEmbeddings() -> Result<ClientEmbeddingRequest, WeirError> {
        do throws(WeirError) {
            let wire =
                exchange.endpoint == "embeddings" ? EmbeddingWire.embeddings : .batchEmbedContents
            guard let client = ClientDialects.embeddings.first(where: { $0.wire == wire }) else {
                throw WeirError(.notFound, "no such client")
            }
            return .success(try client.decode(exchange.request, model: exchange.model))
        } catch {
            return .failure(error)
        }
    }
}
