/// What one scope of a tenant may ask for; nil: as much as it likes.
package struct CallLimits: Sendable, Equatable {
    /// Calls.
    package var calls: RateLimit?
    /// Tokens, read and generated. A minute's worth may go at once.
    package var tokens: RateLimit?
    /// Calls in flight, streams to their end.
    package var concurrent: Int?

    package init(calls: RateLimit? = nil, tokensPerMinute: Int? = nil, concurrent: Int? = nil) {
        self.calls = calls
        tokens = tokensPerMinute.map { RateLimit(perMinute: $0, burst: max(1, $0) - 1) }
        self.concurrent = concurrent.map { max(1, $0) }
    }

    package var isUnlimited: Bool { self == CallLimits() }

    /// In force where nothing is configured.
    package static let standard = CallLimits(calls: RateLimit(perMinute: 100, burst: 20))
}

/// The limits that are in force: a tenant may have its own, else its tier's, else every tenant the
/// same; and each user, each feature and each key of a tenant.
package struct LimitPolicy: Sendable, Equatable {
    package var tenant = CallLimits.standard
    package var tiers: [Tenant.Tier: CallLimits] = [:]
    package var user = CallLimits()
    package var feature = CallLimits()
    package var key = CallLimits()

    package init() {}

    /// The limits that a call must pass, the tenant's own first; none for what is unlimited.
    package func limits(
        of tenant: Tenant, user: UserID, feature: FeatureSlug, key: KeyID
    ) -> [LimitedScope] {
        let all: [(BudgetScope, CallLimits)] = [
            (.tenant, tenant.limits.over(tiers[tenant.tier] ?? self.tenant)),
            (.user(user.number), self.user),
            (.feature(feature.description), self.feature), (.key(key.description), self.key),
        ]
        return all.filter { !$1.isUnlimited }.map { scope, limits in
            LimitedScope(counter: .init(tenant: tenant.id, scope: scope), limits: limits)
        }
    }
}

/// A scope of a tenant, with what it may ask for.
package struct LimitedScope: Sendable, Equatable {
    package let counter: Counter
    package let limits: CallLimits

    package struct Counter: Sendable, Hashable {
        package let tenant: TenantID
        package let scope: BudgetScope

        package init(tenant: TenantID, scope: BudgetScope) {
            self.tenant = tenant
            self.scope = scope
        }
    }

    package init(counter: Counter, limits: CallLimits) {
        self.counter = counter
        self.limits = limits
    }

    /// The same without limits of calls.
    package var ofTokensAlone: LimitedScope {
        var limits = CallLimits()
        limits.tokens = self.limits.tokens
        return LimitedScope(counter: counter, limits: limits)
    }
}
