import WeirCore

/// Reads `:streamGenerateContent?alt=sse`: every event is a whole GenerateContentResponse, and the
/// stream just ends.
///
/// What has a finish reason or a block completes the answer, so that it and all behind it is kept
/// back. Of the usage the last event's word counts. An error is an event, or JSON without any
/// framing that ends the body.
struct GeminiStreamDecoder: EventStreamDecoder {
    private let dialect: GeminiDialect
    var lines = ServerSentEvents()
    var pending: ReplyDefect?
    private var hasStarted = false
    private var isComplete = false
    private var hasFailed = false
    private var calls = 0
    private var webSearches: Int64 = 0
    /// The JSON behind the events, and the last byte before it.
    private var tail: [UInt8] = []
    private var lastByte: UInt8 = 0x0A

    /// An error's JSON is a few hundred bytes.
    private static let tailLimit = 1 << 16

    init(_ dialect: GeminiDialect) { self.dialect = dialect }

    mutating func feed(_ bytes: [UInt8]) throws(ReplyDefect) -> [StreamStep] {
        try read(takeTail(bytes))
    }

    mutating func finish() throws(ReplyDefect) -> [StreamStep] {
        if let pending { throw pending }
        if !tail.isEmpty {
            let error = try replyObject(tail)["error"] ?? .null
            return [
                StreamStep(
                    name: nil, data: [], events: [.failed(failure(error, tail))], relay: .drop)
            ]
        }
        guard isComplete, !hasFailed, !lines.isInsideEvent else { return [] }
        return [StreamStep(name: nil, data: [], events: [.ended], relay: .drop)]
    }

    /// Keeps back what begins with a brace at the start of a line: no field of an event does.
    private mutating func takeTail(_ bytes: [UInt8]) -> [UInt8] {
        guard tail.isEmpty else {
            tail += bytes.prefix(max(0, GeminiStreamDecoder.tailLimit - tail.count))
            return []
        }
        var before = lastByte
        lastByte = bytes.last ?? lastByte
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "{"), before == 0x0A || before == 0x0D {
                tail = Array(bytes[index...].prefix(GeminiStreamDecoder.tailLimit))
                return Array(bytes[..<index])
            }
            before = byte
        }
        return bytes
    }

    mutating func step(_ name: String?, _ data: [UInt8]) throws(ReplyDefect) -> StreamStep {
        let reply = try replyObject(data)
        if let error = reply["error"], !error.isNull {
            hasFailed = true
            return StreamStep(
                name: name, data: data, events: [.failed(failure(error, data))], relay: .drop)
        }
        let answer = try GeminiAnswer(reply)
        var told: [ChatEvent] = []
        if !hasStarted {
            hasStarted = true
            told.append(.started(model: answer.model))
        }
        for piece in answer.pieces { tell(piece, &told) }
        if let word = answer.finish {
            isComplete = true
            told.append(.finish(.gemini(word, hasCalls: calls > 0), stopSequence: nil))
        } else if answer.isBlocked {
            isComplete = true
            told.append(.finish(.contentFilter, stopSequence: nil))
        }
        webSearches = max(webSearches, dialect.webSearches(in: reply))
        let usage = dialect.usage(of: reply, webSearches: webSearches)
        if usage != .absent { told.append(.usage(usage)) }
        return StreamStep(
            name: name, data: data, events: told, relay: isComplete ? .withhold : .forward)
    }

    private mutating func tell(_ piece: GeminiAnswer.Piece, _ told: inout [ChatEvent]) {
        switch piece {
        case .text(let text): told.append(.text(text))
        case .thought(let text): told.append(.thinking(text))
        case .proof(let proof): told.append(.thinkingSignature(proof))
        case .call(let call):
            told.append(
                .toolCall(
                    index: calls, id: call.id, name: call.name, signature: call.signature))
            told.append(.toolArguments(index: calls, call.arguments.text))
            calls += 1
        }
    }

    /// The status stands in the error itself: the reply's own was 200 long before.
    private func failure(_ error: JSON, _ data: [UInt8]) -> ProviderFailure {
        let code = error["code"]?.integer.flatMap { (400...599).contains($0) ? Int($0) : nil }
        return dialect.decodeFailure(status: code ?? 502, body: data)
    }
}
