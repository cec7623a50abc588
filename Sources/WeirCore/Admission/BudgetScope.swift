/// A counter of one tenant's money.
package enum BudgetScope: Sendable, Hashable, Comparable {
    case tenant
    case user(Int64)
    case feature(String)
    case key(String)

    /// `tenant`, `user`, `feature` or `key`.
    package var kind: String {
        switch self {
        case .tenant: "tenant"
        case .user: "user"
        case .feature: "feature"
        case .key: "key"
        }
    }

    /// Which user, feature or key; empty for the tenant itself.
    package var value: String {
        switch self {
        case .tenant: ""
        case .user(let number): String(number)
        case .feature(let slug): slug
        case .key(let id): id
        }
    }
}

extension BudgetScope: CustomStringConvertible {
    package var description: String { self == .tenant ? "tenant" : "\(kind) \(value)" }
}

/// A scope that a call must pass, with its limit.
package struct ScopeLimit: Sendable, Equatable {
    package let scope: BudgetScope
    package let limit: BudgetLimit

    package init(scope: BudgetScope, limit: BudgetLimit) {
        self.scope = scope
        self.limit = limit
    }
}

extension Tenant {
    /// The four budgets of a call, the tenant's own first. Scopes without a cap are counted all the
    /// same, so that a cap set later finds its true figures.
    package func limits(user: UserID, feature: FeatureSlug, key: KeyID) -> [ScopeLimit] {
        func cap(_ caps: [String: Money], _ name: String) -> BudgetLimit {
            (caps[name] ?? caps["*"]).map(BudgetLimit.capped) ?? .unlimited
        }
        let slug = feature.description
        return [
            ScopeLimit(scope: .tenant, limit: budget),
            ScopeLimit(
                scope: .user(user.number), limit: cap(caps.users, String(user.number))),
            ScopeLimit(scope: .feature(slug), limit: cap(caps.features, slug)),
            ScopeLimit(scope: .key(key.description), limit: cap(caps.keys, key.description)),
        ]
    }
}
