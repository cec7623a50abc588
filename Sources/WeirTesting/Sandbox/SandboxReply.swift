import NIOCore

/// An answer in bytes: one piece, or the events of a stream.
struct SandboxReply: Sendable {
    var status: Int
    var contentType: String
    var headers: [(name: String, value: String)] = []
    var pieces: [ByteBuffer]
    var isStream: Bool
    /// An error in this protocol's stream form, for `error_event`.
    var errorEvent: ByteBuffer?
    /// Whether the answer tells its usage.
    var reportsUsage = false
    /// Of a stream: bytes of the answer in each piece; empty where that isn't known (recordings).
    var generated: [Int] = []
    /// Of a stream: the piece that tells the usage.
    var usageIndex: Int?

    /// A JSON answer.
    init(status: Int = 200, body: String, reportsUsage: Bool = false) {
        self.status = status
        contentType = "application/json"
        pieces = [ByteBuffer(string: body)]
        isStream = false
        self.reportsUsage = reportsUsage
    }

    /// A stream of events, each already framed.
    init(events: [String], errorEvent: String, reportsUsage: Bool) {
        status = 200
        contentType = "text/event-stream; charset=utf-8"
        pieces = events.map { ByteBuffer(string: $0) }
        isStream = true
        self.errorEvent = ByteBuffer(string: errorEvent)
        self.reportsUsage = reportsUsage
    }

    /// A stream of which is known how much of the answer each event brings.
    init(events: [SandboxEvent], errorEvent: String, reportsUsage: Bool) {
        self.init(
            events: events.map(\.text), errorEvent: errorEvent, reportsUsage: reportsUsage)
        generated = events.map(\.generated)
        usageIndex = events.lastIndex { $0.tellsUsage }
    }
}

/// One event of a stream, framed.
struct SandboxEvent: Sendable {
    var text: String
    /// Bytes of the answer that it brings.
    var generated = 0
    /// Whether it tells the usage of the whole answer.
    var tellsUsage = false

    init(_ text: String, generated: Int = 0, tellsUsage: Bool = false) {
        self.text = text
        self.generated = generated
        self.tellsUsage = tellsUsage
    }
}

/// A reply with what is to be done to it, and what is to be written to the truth log.
struct SandboxAnswer: Sendable {
    var reply: SandboxReply
    var behaviour = SandboxBehaviour()
    var latencyMilliseconds = 0
    var truth: SandboxTruth?
}
