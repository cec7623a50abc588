/// How a provider sandbox is started.
package struct SandboxConfiguration: Sendable {
    /// The address to bind, and the port (0: any free one).
    package var host: String
    package var port: Int
    /// Paths of recordings (`.jsonl`), or of folders that hold them; none: echo only.
    package var recordings: [String]
    /// The file that gets one JSON line a request: what this provider would have billed.
    package var truthLogPath: String?
    /// Time that every provider answer takes before its first byte.
    package var latencyMilliseconds: Int
    /// The only credential that is accepted; nil: any but `sk-bad`.
    package var requiredKey: String?

    package init(
        host: String = "127.0.0.1",
        port: Int = 0,
        recordings: [String] = [],
        truthLogPath: String? = nil,
        latencyMilliseconds: Int = 0,
        requiredKey: String? = nil
    ) {
        self.host = host
        self.port = port
        self.recordings = recordings
        self.truthLogPath = truthLogPath
        self.latencyMilliseconds = latencyMilliseconds
        self.requiredKey = requiredKey
    }
}

/// The bounds that the sandbox keeps, whatever it is sent.
enum SandboxLimits {
    static let bodyBytes = 64 << 20
    static let pipelinedRequests = 16
    static let jsonDepth = 128
    /// Requests kept for `GET /_sandbox/requests`, and what is kept of each body.
    static let keptRequests = 200
    static let keptBodyBytes = 64 << 10
    /// Text that an answer may hold, and the events that it is cut into.
    static let textBytes = 64 << 20
    static let streamEvents = 2_000
    static let deliverySteps = 200_000
    /// A provider that hangs lets go after this time.
    static let hangMilliseconds = 600_000
    static let recordingsBytes = 256 << 20
    static let behaviourRules = 100
    /// Batches, and as many files.
    static let batches = 10_000
}
