import Synchronization
package import WeirCore

/// One pool of instances, shared by all calls. Where each has as many as it may have, calls wait.
package final class BalancedPool: Sendable {
    private let state: Mutex<State>
    private let room: WaitingRoom<InstanceLease>
    private let time: any TimeSource
    private let dice: @Sendable () -> UInt64

    private struct State {
        var pool: InstancePool
        var plan: PoolPlan
        /// As far as they have said it.
        var ids: [InstanceName: InstanceID] = [:]
    }

    /// Without instances.
    ///
    /// - Parameter dice: uniform over all of UInt64.
    package init(
        _ plan: PoolPlan, _ queue: Adjustable<QueueSettings>, time: any TimeSource,
        dice: @escaping @Sendable () -> UInt64
    ) {
        state = Mutex(
            State(pool: InstancePool(rules: plan.rules, at: time.now()), plan: plan))
        room = WaitingRoom(queue, time: time)
        self.time = time
        self.dice = dice
    }

    package var plan: PoolPlan { state.withLock { $0.plan } }

    package var snapshots: [InstanceSnapshot] {
        let now = time.now()
        return state.withLock { $0.pool }.snapshots(at: now)
    }

    /// Calls that wait for a place.
    package var waiting: Int { room.count }

    /// Whether some instance would take calls, full or not.
    package var isAvailable: Bool { outage == nil }

    /// Throws as `lease` does where no instance is healthy; takes no place.
    package func requireAvailable() throws(WeirError) {
        if let outage { throw BalancedPool.outage(outage) }
    }

    /// Seconds after which another try makes sense.
    private var outage: Int? {
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
        serve()
    }

    /// The instances from now on.
    package func set(_ instances: [InstanceName]) {
        let now = time.now()
        let named = Set(instances)
        state.withLock { state in
            _ = state.pool.set(instances, at: now)
            state.ids = state.ids.filter { named.contains($0.key) }
        }
        serve()
    }

    /// What an instance calls itself; nil where it hasn't said so yet.
    func id(of instance: InstanceName) -> InstanceID? { state.withLock { $0.ids[instance] } }

    /// Takes in what an instance calls itself.
    package func learn(_ id: InstanceID, of instance: InstanceName) {
        state.withLock { $0.ids[instance] = id }
    }

    /// Takes in a health check's result.
    package func check(_ instance: InstanceName, passed: Bool) {
        let now = time.now()
        state.withLock { $0.pool.check(instance, passed: passed, at: now) }
        serve()
    }

    /// Waits for a place, in an order that is fair to tenants.
    ///
    /// - Parameter tried: those that couldn't be sent the call. A place that it has waited for may
    ///   be at one of them all the same.
    /// - Throws: `ai_service_unavailable` at once where no instance is healthy, or when the last
    ///   one goes out; `overloaded` where no place comes free in time.
    func lease(
        for tenant: TenantID?, _ tier: Tenant.Tier, client: (any ClientConnection)?,
        excluding tried: Set<InstanceName>
    ) async throws(WeirError) -> InstanceLease {
        // Time alone lets an instance in again, and tells nobody.
        if waiting > 0 { serve() }
        return try await room.enter(
            tenant, tier, "The service has all the calls that it can take", client: client
        ) { () throws(WeirError) in try take(excluding: tried) }
    }

    private func serve() {
        room.serve { () throws(WeirError) in try take() }
    }

    private func take(
        excluding tried: Set<InstanceName> = []
    ) throws(WeirError) -> InstanceLease? {
        let (now, dice) = (time.now(), dice())
        let choice = state.withLock {
            $0.pool.choose(at: now, dice: dice, excluding: tried)
        }
        switch choice {
        case .leased(let lease): return lease
        case .refused(.allFull): return nil
        case .refused(.noneHealthy(let seconds)): throw BalancedPool.outage(seconds)
        }
    }

    /// A second time it does nothing.
    func end(_ lease: InstanceLease, _ outcome: InstanceOutcome) {
        let now = time.now()
        state.withLock { $0.pool.end(lease, outcome, at: now) }
        serve()
    }

    private static func outage(_ seconds: Int) -> WeirError {
        WeirError(
            .serviceUnavailable, "No instance of the service is available", retryAfter: seconds)
    }
}
