import Synchronization
package import WeirCore

/// One pool of instances, shared by all calls.
package final class BalancedPool: Sendable {
    private let state: Mutex<State>
    private let time: any TimeSource
    private let dice: @Sendable () -> UInt64

    private struct State {
        var pool: InstancePool
        var plan: PoolPlan
    }

    /// Without instances.
    ///
    /// - Parameter dice: uniform over all of UInt64.
    package init(
        _ plan: PoolPlan, time: any TimeSource, dice: @escaping @Sendable () -> UInt64
    ) {
        state = Mutex(
            State(pool: InstancePool(rules: plan.rules, at: time.now()), plan: plan))
        self.time = time
        self.dice = dice
    }

    package var plan: PoolPlan { state.withLock { $0.plan } }

    package var snapshots: [InstanceSnapshot] {
        let now = time.now()
        return state.withLock { $0.pool }.snapshots(at: now)
    }

    /// Whether some instance would take calls, full or not.
    package var isAvailable: Bool { outage == nil }

    /// Throws as `lease` does where no instance is healthy; takes no place.
    package func requireAvailable() throws(WeirError) {
        if let outage { throw BalancedPool.error(outage) }
    }

    private var outage: InstanceRefusal? {
        let now = time.now()
        return state.withLock { $0.pool.outage(at: now) }
    }

    /// The pool by another plan; what is known of its instances stays.
    package func set(_ plan: PoolPlan) {
        let now = time.now()
        state.withLock { state in
            state.plan = plan
            state.pool.set(plan.rules, at: now)
        }
    }

    /// The instances from now on.
    package func set(_ instances: [InstanceName]) {
        let now = time.now()
        state.withLock { _ = $0.pool.set(instances, at: now) }
    }

    /// Takes in a health check's result.
    package func check(_ instance: InstanceName, passed: Bool) {
        let now = time.now()
        state.withLock { $0.pool.check(instance, passed: passed, at: now) }
    }

    /// - Throws: `ai_service_unavailable` at once where no instance is healthy, `overloaded` where
    ///   each has all the calls that it may have.
    func lease(excluding tried: Set<InstanceName>) throws(WeirError) -> InstanceLease {
        let (now, dice) = (time.now(), dice())
        let choice = state.withLock {
            $0.pool.choose(at: now, dice: dice, excluding: tried)
        }
        switch choice {
        case .leased(let lease): return lease
        case .refused(let refusal): throw BalancedPool.error(refusal)
        }
    }

    /// A second time it does nothing.
    func end(_ lease: InstanceLease, _ outcome: InstanceOutcome) {
        let now = time.now()
        state.withLock { $0.pool.end(lease, outcome, at: now) }
    }

    private static func error(_ refusal: InstanceRefusal) -> WeirError {
        switch refusal {
        case .noneHealthy(let retryAfter):
            WeirError(
                .serviceUnavailable, "No instance of the service is available",
                retryAfter: retryAfter)
        case .allFull:
            WeirError(.overloaded, "The service has all the calls that it can take")
        }
    }
}
