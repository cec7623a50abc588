import WeirCore

/// A plan in force, with what has become of it: one immutable value, replaced as a whole.
struct GatewayState: Sendable {
    let plan: GatewayPlan
    let pools: [InstancePoolName: BalancedPool]
    let sources: [InstancePoolName: any InstanceSource]
    /// The longest prefix first.
    let routes: [RegularRoute]
    /// By prefix.
    let gates: [String: RateGate]

    /// - Parameter gates: those of an earlier plan, whose counts go on.
    init(
        _ plan: GatewayPlan, pools: [InstancePoolName: BalancedPool],
        sources: [InstancePoolName: any InstanceSource], gates: [String: RateGate] = [:]
    ) {
        self.plan = plan
        self.pools = pools
        self.sources = sources
        routes = plan.routes.sorted { $0.prefix.utf8.count > $1.prefix.utf8.count }
        var own: [String: RateGate] = [:]
        for route in plan.routes {
            let policy = LimitPolicy(of: route)
            if let gate = gates[route.prefix] {
                gate.replace(policy)
                own[route.prefix] = gate
            } else {
                own[route.prefix] = RateGate(policy)
            }
        }
        self.gates = own
    }

    func pool(of destination: GatewayCall.Destination) throws(WeirError) -> BalancedPool {
        let name: InstancePoolName
        switch destination {
        case .ai(let feature): name = plan.routing.pool(for: feature)
        case .jobs:
            guard let jobs = plan.jobsPool else {
                throw WeirError(.notFound, "Nobody keeps jobs here")
            }
            name = jobs
        case .regular(let pool): name = pool
        }
        guard let pool = pools[name] else {
            throw WeirError(.internalError, "The pool \(name) isn't there")
        }
        return pool
    }

    /// The pools that calls to the AI service go to.
    var aiPools: [BalancedPool] {
        let names = Set(plan.routing.rules.map(\.pool) + [plan.routing.defaultPool])
        return names.compactMap { pools[$0] }
    }
}

extension LimitPolicy {
    /// Each key's, or of all callers together where none is asked for.
    fileprivate init(of route: RegularRoute) {
        self.init()
        tenant = CallLimits()
        key = route.limits
    }
}
