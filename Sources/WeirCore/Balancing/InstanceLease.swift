/// A call's place at an instance; goes back with `InstancePool.end`, once.
package struct InstanceLease: Sendable, Hashable {
    package let instance: InstanceName
    let number: UInt64
    let generation: Int
    /// Milliseconds of the pool's own clock.
    let start: Int64
}

package enum InstanceChoice: Sendable, Equatable {
    case leased(InstanceLease)
    case refused(InstanceRefusal)
}

package enum InstanceRefusal: Sendable, Equatable {
    /// No instance is in, but for those that were excluded: nothing is gained by queueing. Seconds,
    /// at least one, after which another try makes sense.
    case noneHealthy(retryAfter: Int)
    /// There are healthy ones, each with all the calls that it may have.
    case allFull
}

/// How a call ended, as far as the instance is to blame.
package enum InstanceOutcome: Sendable, Equatable, CaseIterable {
    /// It answered, whatever it said to the caller.
    case success
    /// No connection, a reset, no answer in time, or an answer by which it says of itself that it
    /// isn't available. A provider's failure that it passes on is none.
    case failure
    /// Nothing is known: the caller left.
    case neutral
}
