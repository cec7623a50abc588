/// Bounds of everything that the transport holds or waits for.
package struct TransportLimits: Sendable, Equatable {
    /// Open connections to one endpoint, on all event loops together.
    package var connections = 1_024
    /// Of these, how many may stay open without work.
    package var idleConnections = 256
    /// Calls that wait for a connection to one endpoint; the next one is refused.
    package var waitingCalls = 4_096
    /// The longest wait for a connection, connecting included.
    package var waitTimeout = Duration.seconds(15)
    /// For the name and TCP; then once more for the TLS handshake.
    package var connectTimeout = Duration.seconds(5)
    /// After that long without work a connection is closed; each takes off up to a quarter by
    /// chance, and a server's own `keep-alive: timeout` shortens it.
    package var idleTimeout = Duration.seconds(60)
    /// After that long a connection takes no further request, so that a name that has moved to
    /// other addresses is followed; each takes off up to a quarter by chance. Nil: no end.
    package var connectionAge: Duration?
    /// Bytes of a reply's body.
    package var replyBodyBytes = 32 << 20
    /// Bytes of a streamed reply's body, all together; a token takes some 250 in most wires.
    package var streamBodyBytes = 256 << 20
    /// Bytes of a reply's head, and of its trailers.
    package var replyHeadBytes = 64 << 10
    /// How long `shutdown` waits for exchanges in flight before it cuts them off.
    package var drainTimeout = Duration.seconds(30)

    package init() {}

    /// Interim replies (1xx) before the real one.
    static let interimReplies = 16
    /// No call waits longer than this for its reply, whatever it asked for.
    static let longestTimeout = Duration.seconds(3_600)

    /// What is wrong with the numbers; nil where nothing is.
    var defect: String? {
        if connections < 1 { return "at least one connection is needed" }
        if idleConnections < 0 || waitingCalls < 0 { return "a limit must not be negative" }
        if replyBodyBytes < 1 || streamBodyBytes < 1 || replyHeadBytes < 1 {
            return "a reply must be allowed a byte"
        }
        let times = [
            waitTimeout, connectTimeout, idleTimeout, drainTimeout, connectionAge ?? idleTimeout,
        ]
        if times.contains(where: { $0 <= .zero }) { return "a timeout must be longer than zero" }
        return nil
    }
}
