package import WeirCore

/// Carries requests to instances of a service, and their replies back as they come. Two
/// implementations: real HTTP, and a fake for tests.
package protocol InstanceTransport: Sendable {
    /// Sends one request once, and returns with the reply's head. Never retries after a byte of it
    /// has left; where the caller's task is cancelled, the exchange ends.
    func forward(_ call: InstanceCall) async -> InstanceOpening

    /// Asks an instance how it is, on a connection like any other's.
    ///
    /// - Returns: nil where no whole reply came in time, or one with a body over 64 KiB.
    func check(
        _ instance: InstanceName, path: String, within timeout: Duration
    ) async -> InstanceAnswer?
}

/// What an instance says of how it is.
package struct InstanceAnswer: Sendable, Equatable {
    package let status: Int
    package let headers: [HeaderField]
    package let body: [UInt8]

    package init(status: Int, headers: [HeaderField] = [], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// One request to one instance, as its caller sent it.
package struct InstanceCall: Sendable, Equatable {
    package let instance: InstanceName
    package let method: String
    /// Path and query.
    package let target: String
    /// Those that are meant for the instance, and none of the message's framing.
    package let headers: [HeaderField]
    package let body: [UInt8]
    package let limits: InstanceLimits
    /// Whether it asks for WebSocket: behind a 101 the body carries whatever comes, both ways.
    package let isUpgrade: Bool

    package init(
        instance: InstanceName, method: String, target: String, headers: [HeaderField],
        body: [UInt8], limits: InstanceLimits, isUpgrade: Bool = false
    ) {
        self.instance = instance
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.limits = limits
        self.isUpgrade = isUpgrade
    }
}

/// How long an instance may take; what takes longer is lost by timeout.
package struct InstanceLimits: Sendable, Equatable {
    /// From nothing to a connection.
    package var connect = Duration.seconds(2)
    /// From sending to the reply's head, and from each piece of its body to the next. Time in which
    /// nobody takes what has come doesn't count.
    package var read = Duration.seconds(60)
    /// From sending to the reply's last byte.
    package var total = Duration.seconds(660)

    package init() {}
}

/// What became of a request to an instance.
package enum InstanceOpening: Sendable {
    /// Any status; the body is read by one task, to its end or until it is cancelled.
    case reply(status: Int, headers: [HeaderField], body: any InstanceBody)
    /// Proved: no byte of the request left this process.
    case notSent(String)
    case lost(UpstreamOutcome.Loss)
}

/// The body of an instance's reply.
package protocol InstanceBody: UpstreamBody {
    /// What came behind the body; there once `next` has told its end.
    var trailers: [HeaderField] { get }

    /// Sends more to the instance, behind a 101; one piece after the other.
    ///
    /// - Returns: whether the connection has taken it.
    func send(_ bytes: [UInt8]) async -> Bool
}
