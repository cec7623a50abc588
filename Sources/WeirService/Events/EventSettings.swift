/// Bounds of the event streams, and of what they can go back to.
package struct EventSettings: Sendable, Equatable {
    /// How long an event is kept.
    package var retention = Duration.seconds(7 * 86_400)
    /// A stream on which nothing is said for so long says that it lives.
    package var keepAlive = Duration.seconds(15)
    /// How long a subscriber may take over what it was given; one that takes longer is cut.
    package var stall = Duration.seconds(10)
    /// Streams of one tenant.
    package var perTenant = 64
    /// Streams of all together.
    package var inAll = 2_048

    package init() {}

    /// Events that a stream has in its hands at once.
    static let page = 64
    /// Events that are forgotten in one transaction.
    static let forgottenAtOnce = 1_000
}
