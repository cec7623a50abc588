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
}

/// A reply with what is to be done to it, and what is to be written to the truth log.
struct SandboxAnswer: Sendable {
    var reply: SandboxReply
    var behaviour = SandboxBehaviour()
    var latencyMilliseconds = 0
    var truth: SandboxTruth?
}
