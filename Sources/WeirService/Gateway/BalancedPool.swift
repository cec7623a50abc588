import Synchronization
package import WeirCore

/// One pool of instances, shared by all calls.
package final class BalancedPool: Sendable {
    private let pool: Mutex<InstancePool>
    private let time: any TimeSource
    private let dice: @Sendable () -> UInt64
    package let limits: InstanceLimits

    /// - Parameter dice: uniform over all of UInt64.
    package init(
        _ pool: InstancePool, limits: InstanceLimits, time: any TimeSource,
        dice: @escaping @Sendable () -> UInt64
    ) {
        self.pool = Mutex(pool)
        self.limits = limits
        self.time = time
        self.dice = dice
    }

    package var snapshots: [InstanceSnapshot] {
        let now = time.now()
        return pool.withLock { $0.snapshots(at: now) }
    }

    /// Takes in a health check's result.
    package func check(_ instance: InstanceName, passed: Bool) {
        let now = time.now()
        pool.withLock { $0.check(instance, passed: passed, at: now) }
    }

    /// - Throws: `ai_service_unavailable` at once where no instance is healthy, `overloaded` where
    ///   each has all the calls that it may have.
    func lease(excluding tried: Set<InstanceName>) throws(WeirError) -> InstanceLease {
        let (now, dice) = (time.now(), dice())
        let choice = pool.withLock { $0.choose(at: now, dice: dice, excluding: tried) }
        switch choice {
        case .leased(let lease): return lease
        case .refused(.noneHealthy(let retryAfter)):
            throw WeirError(
                .serviceUnavailable, "The AI service is not available", retryAfter: retryAfter)
        case .refused(.allFull):
            throw WeirError(.overloaded, "The AI service has all the calls that it can take")
        }
    }

    /// A second time it does nothing.
    func end(_ lease: InstanceLease, _ outcome: InstanceOutcome) {
        let now = time.now()
        pool.withLock { $0.end(lease, outcome, at: now) }
    }
}
