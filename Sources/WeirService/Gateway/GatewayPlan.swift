package import WeirCore

/// What a gateway does with calls, as an operator configures it; replaceable while it runs.
package struct GatewayPlan: Sendable, Equatable {
    /// By name, each one once.
    package var pools: [PoolPlan]
    /// Of the calls to the AI service; names only pools that are there.
    package var routing: FeatureRouting
    /// To services that aren't the AI service; each prefix once, pools that are there.
    package var routes: [RegularRoute]
    /// Whose workers keep jobs; nil: none do.
    package var jobsPool: InstancePoolName?

    package init(
        pools: [PoolPlan], routing: FeatureRouting, routes: [RegularRoute] = [],
        jobsPool: InstancePoolName? = nil
    ) {
        self.pools = pools
        self.routing = routing
        self.routes = routes
        self.jobsPool = jobsPool
    }
}

/// One pool of instances: how calls are spread over them, and how they are watched.
package struct PoolPlan: Sendable, Equatable {
    package let name: InstancePoolName
    package var rules = BalancingRules()
    package var limits = InstanceLimits()
    /// Made each `rules.checkInterval`.
    package var check = HealthCheck()
    /// From one look for the instances' addresses to the next.
    package var resolveEvery = Duration.seconds(30)

    package init(name: InstancePoolName) { self.name = name }
}

/// What an instance is asked to find out whether it is well, and what a well one answers.
package struct HealthCheck: Sendable, Equatable {
    package var path = "/health/ready"
    package var timeout = Duration.seconds(2)
    package var status = 200
    /// Stands somewhere in the body, byte for byte; nil: whatever does.
    package var text: String?

    package init() {}
}

/// Requests below a path that go to a pool of another service, as they are.
package struct RegularRoute: Sendable, Equatable {
    /// Whole segments, `/crm` or `/crm/v2`, compared byte by byte; no slash at its end, none of
    /// Weir's own paths.
    package let prefix: String
    package let pool: InstancePoolName
    /// Whether a caller needs a service key.
    package var requiresKey = true
    /// Whether the service is told who calls, by a signed identity.
    package var passesIdentity = false
    /// Bytes of a request's body.
    package var bodyLimit = 4 << 20
    /// Of each key; where none is asked for, of all callers together.
    package var limits = CallLimits()

    package init(prefix: String, pool: InstancePoolName) {
        self.prefix = prefix
        self.pool = pool
    }
}
