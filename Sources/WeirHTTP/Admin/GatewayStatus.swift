import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/gateway`: the instances of each pool, and what leads to it.
    func showGateway(_ call: Call) async throws(WeirError) -> Answer {
        guard let gateway = use.gateway?.gateway else {
            throw WeirError(.notFound, "This process is no gateway")
        }
        let plan = gateway.plan
        return Answer([
            "pools": .array(gateway.pools.map { json($0.pool) }),
            "default_pool": .string(plan.routing.defaultPool.description),
            "features": .array(
                plan.routing.rules.map { rule in
                    [
                        "pattern": .string(rule.pattern.description),
                        "pool": .string(rule.pool.description),
                    ]
                }),
            "routes": .array(plan.routes.map(json)),
        ])
    }

    private func json(_ pool: BalancedPool) -> JSON {
        let plan = pool.plan
        return [
            "pool": .string(plan.name.description),
            "balance": .string(plan.rules.method.rawValue),
            "available": .bool(pool.isAvailable), "waiting": JSON(pool.waiting),
            "instances": .array(pool.snapshots.map(json)),
        ]
    }

    private func json(_ instance: InstanceSnapshot) -> JSON {
        let state: String
        var ejected: JSON = .null
        switch instance.state {
        case .healthy: state = "healthy"
        case .unhealthy: state = "unhealthy"
        case .draining: state = "draining"
        case .ejected(let time):
            state = "ejected"
            ejected = JSON(Timestamp(milliseconds: 0).advanced(by: time).milliseconds)
        }
        return [
            "instance": .string(instance.name.description), "state": .string(state),
            "ejected_for_ms": ejected, "in_flight": JSON(instance.inFlight),
            "share_pct": .number(percent(Int64(instance.share))),
            "expected_ms": instance.expectedMilliseconds.map { JSON($0) } ?? .null,
            "calls": JSON(instance.counts.calls), "failures": JSON(instance.counts.failures),
            "ejections": JSON(instance.counts.ejections),
        ]
    }

    private func json(_ route: RegularRoute) -> JSON {
        [
            "prefix": .string(route.prefix), "pool": .string(route.pool.description),
            "requires_key": .bool(route.requiresKey),
            "passes_identity": .bool(route.passesIdentity),
            "body_limit": JSON(route.bodyLimit),
        ]
    }
}
