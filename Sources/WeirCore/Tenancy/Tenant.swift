/// A customer of the system that Weir serves.
package struct Tenant: Sendable, Equatable {
    package var id: TenantID
    package var name: String
    package var tier: Tier
    package var isActive: Bool
    package var expiresAt: Timestamp?
    package var budget: BudgetLimit
    /// Optional caps inside the tenant's own.
    package var caps: ScopeCaps
    /// An IANA name; budgets and roll-ups follow this zone's months and days.
    package var timeZone: String
    /// Switches by feature; `*` speaks for the features that aren't named. On where nothing is
    /// said.
    package var features: [String: Bool]
    /// The models it may call; empty means every priced one.
    package var models: [ModelName]
    /// In the place of its tier's.
    package var limits: TenantLimits

    package enum Tier: String, Sendable, CaseIterable { case starter, growth, enterprise }

    package init(
        id: TenantID, name: String, tier: Tier = .starter, isActive: Bool = false,
        expiresAt: Timestamp? = nil, budget: BudgetLimit = .capped(.zero),
        caps: ScopeCaps = ScopeCaps(), timeZone: String = "UTC", features: [String: Bool] = [:],
        models: [ModelName] = [], limits: TenantLimits = TenantLimits()
    ) {
        self.id = id
        self.name = name
        self.tier = tier
        self.isActive = isActive
        self.expiresAt = expiresAt
        self.budget = budget
        self.caps = caps
        self.timeZone = timeZone
        self.features = features
        self.models = models
        self.limits = limits
    }
}

/// A month's hard cap. Zero blocks; unlimited has to be said.
package enum BudgetLimit: Sendable, Equatable {
    case capped(Money)
    case unlimited
}

/// Optional monthly caps by user, feature and key; `*` speaks for each one that isn't named.
package struct ScopeCaps: Sendable, Equatable {
    package var users: [String: Money]
    package var features: [String: Money]
    package var keys: [String: Money]

    package init(
        users: [String: Money] = [:], features: [String: Money] = [:], keys: [String: Money] = [:]
    ) {
        self.users = users
        self.features = features
        self.keys = keys
    }
}
