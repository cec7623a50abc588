package import WeirCore

extension Gateway {
    /// Puts another plan in force. Calls in flight keep what they have. A pool whose name stays
    /// keeps what is known of its instances; a new one is asked for its instances before any call
    /// is led to it. The counts of a regular route go on as long as its prefix stays.
    ///
    /// - Parameter sources: of each pool.
    package func apply(
        _ plan: GatewayPlan, sources: [InstancePoolName: any InstanceSource]
    ) async {
        await changes.enter()
        defer { changes.leave() }
        let before = current
        var pools: [InstancePoolName: BalancedPool] = [:]
        for pool in plan.pools {
            pools[pool.name] =
                before.pools[pool.name] ?? BalancedPool(pool, queue, time: time, dice: dice)
        }
        await Gateway.find(pools, sources)
        replace(GatewayState(plan, pools: pools, sources: sources, gates: before.gates))
        for pool in plan.pools { pools[pool.name]?.set(pool) }
    }

    package var plan: GatewayPlan { current.plan }

    /// Every pool with its instances as they are now, by name.
    package var pools: [(name: InstancePoolName, pool: BalancedPool)] {
        current.pools.sorted { $0.key.description < $1.key.description }
            .map { (name: $0.key, pool: $0.value) }
    }

    /// Whether some pool of the AI service has an instance that would take calls.
    package var isAvailable: Bool { current.aiPools.contains(where: \.isAvailable) }

    /// Throws `ai_service_unavailable`, as `open` does, where no instance would take such a call.
    package func requireAvailable(_ destination: GatewayCall.Destination) throws(WeirError) {
        try current.pool(of: destination).requireAvailable()
    }

    /// Throws `ai_service_unavailable` where no instance would take any call to the AI service.
    package func requireAvailable() throws(WeirError) {
        var refusal: WeirError?
        for pool in current.aiPools {
            do throws(WeirError) {
                try pool.requireAvailable()
                return
            } catch {
                guard error.retryAfter ?? 0 < refusal?.retryAfter ?? .max else { continue }
                refusal = error
            }
        }
        throw refusal ?? WeirError(.serviceUnavailable, "The gateway has no pool")
    }

    package var poolHealth: [PoolHealth] {
        pools.map { name, pool in
            let instances = pool.snapshots
            return PoolHealth(
                pool: name, healthy: instances.count { $0.state == .healthy },
                instances: instances.count { $0.state != .draining })
        }
    }

    /// Asks each source for its pool's instances, all at once.
    static func find(
        _ pools: [InstancePoolName: BalancedPool],
        _ sources: [InstancePoolName: any InstanceSource]
    ) async {
        await withDiscardingTaskGroup { group in
            for (name, pool) in pools {
                guard let source = sources[name] else { continue }
                group.addTask {
                    // Where it can't be found out the instances stay what they were.
                    if let instances = await source.instances() { pool.set(instances) }
                }
            }
        }
    }
}

/// How many of a pool's instances take calls.
package struct PoolHealth: Sendable, Equatable {
    package let pool: InstancePoolName
    package let healthy: Int
    package let instances: Int

    package init(pool: InstancePoolName, healthy: Int, instances: Int) {
        self.pool = pool
        self.healthy = healthy
        self.instances = instances
    }
}
