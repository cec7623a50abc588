import WeirCore
import WeirService

extension LimitPolicy {
    /// The section `limits.ai`: a tenant's own figures, those of its tier, of each user, each
    /// feature and each key. A tier has the tenants' figures where it says nothing.
    init(_ section: ConfigurationSection) {
        self.init()
        tenant = CallLimits(section, default: .standard)
        let tiers = section.section("tiers")
        for tier in Tenant.Tier.allCases {
            let own = CallLimits(tiers.section(tier.rawValue), default: tenant)
            if own != tenant { self.tiers[tier] = own }
        }
        user = CallLimits(section.section("users"), default: CallLimits())
        feature = CallLimits(section.section("features"), default: CallLimits())
        key = CallLimits(section.section("keys"), default: CallLimits())
    }

    /// With every figure that is in force.
    var listed: JSON {
        let tiers = Tenant.Tier.allCases.map { tier in
            JSONObject.Member(
                name: tier.rawValue, value: .object(JSONObject((self.tiers[tier] ?? tenant).listed))
            )
        }
        return .object(
            JSONObject(
                tenant.listed + [
                    .init(name: "users", value: .object(JSONObject(user.listed))),
                    .init(name: "features", value: .object(JSONObject(feature.listed))),
                    .init(name: "keys", value: .object(JSONObject(key.listed))),
                    .init(name: "tiers", value: .object(JSONObject(tiers))),
                ]))
    }
}

extension CallLimits {
    /// Zero means: no limit.
    fileprivate init(_ section: ConfigurationSection, default standard: CallLimits) {
        let calls = section.integer(
            "per_minute", in: 0...TenantLimits.mostCalls,
            default: Int(standard.calls?.perMinute ?? 0))
        let burst = section.integer(
            "burst", in: 0...TenantLimits.mostCalls,
            default: Int(standard.calls?.burst ?? Int64(TenantLimits.standardBurst)))
        let tokens = section.integer(
            "tokens_per_minute", in: 0...RateLimit.most,
            default: Int(standard.tokens?.perMinute ?? 0))
        let concurrent = section.integer(
            "concurrent", in: 0...TenantLimits.mostConcurrent, default: standard.concurrent ?? 0)
        self.init(
            calls: calls > 0 ? RateLimit(perMinute: calls, burst: burst) : nil,
            tokensPerMinute: tokens > 0 ? tokens : nil,
            concurrent: concurrent > 0 ? concurrent : nil)
    }

    /// A route to another service, whose calls have no tokens; none where nothing is said.
    init(ofRoute section: ConfigurationSection) {
        let calls = section.integer("per_minute", in: 0...TenantLimits.mostCalls, default: 0)
        let burst = section.integer(
            "burst", in: 0...TenantLimits.mostCalls, default: TenantLimits.standardBurst)
        let concurrent = section.integer(
            "concurrent", in: 0...TenantLimits.mostConcurrent, default: 0)
        self.init(
            calls: calls > 0 ? RateLimit(perMinute: calls, burst: burst) : nil,
            concurrent: concurrent > 0 ? concurrent : nil)
    }

    var listedOfRoute: JSON {
        .object(JSONObject(listed.filter { $0.name != "tokens_per_minute" }))
    }

    fileprivate var listed: [JSONObject.Member] {
        [
            .init(name: "per_minute", value: JSON(calls?.perMinute ?? 0)),
            .init(
                name: "burst", value: JSON(calls?.burst ?? Int64(TenantLimits.standardBurst))),
            .init(name: "tokens_per_minute", value: JSON(tokens?.perMinute ?? 0)),
            .init(name: "concurrent", value: JSON(concurrent ?? 0)),
        ]
    }
}

extension QueueSettings {
    /// The section `limits.queue`.
    init(_ section: ConfigurationSection) {
        self.init()
        limits.wait = section.duration(
            "wait", in: .milliseconds(1) ... .seconds(60), default: limits.wait)
        limits.perTenant = section.integer(
            "per_tenant", in: 0...100_000, default: limits.perTenant)
        limits.inAll = section.integer("in_all", in: 0...100_000, default: limits.inAll)
        let section = section.section("weights")
        for (tier, weight) in weights {
            weights[tier] = section.integer(tier.rawValue, in: 1...1_000, default: weight)
        }
    }

    var listed: JSON {
        let weights = Tenant.Tier.allCases.map { tier in
            JSONObject.Member(name: tier.rawValue, value: JSON(self.weights[tier] ?? 1))
        }
        return [
            "wait": .string(limits.wait.configured), "per_tenant": JSON(limits.perTenant),
            "in_all": JSON(limits.inAll), "weights": .object(JSONObject(weights)),
        ]
    }
}
