package import WeirCore

/// What is to happen when a tenant's budget has been changed.
package typealias BudgetChange = @Sendable (TenantID) async -> Void

/// Creates, changes and shows tenants.
package final class TenantAdministration: Sendable {
    private let directory: Directory
    private let time: any TimeSource
    /// Reading, changing and putting a tenant is one step: no change is lost to another one.
    private let changes = SerialGate()
    private let onBudget: BudgetChange?

    /// - Parameter onBudget: is told whose budget was put, once it is in force.
    package init(
        directory: Directory, time: any TimeSource, onBudget: BudgetChange? = nil
    ) {
        self.directory = directory
        self.time = time
        self.onBudget = onBudget
    }

    /// Every tenant, by id.
    package func list(by caller: Caller) throws(WeirError) -> [Tenant] {
        try caller.requireAdmin()
        return directory.snapshot.tenants.values.sorted { $0.id < $1.id }
    }

    package func get(_ id: TenantID, by caller: Caller) throws(WeirError) -> Tenant {
        try caller.requireAdmin()
        guard let tenant = directory.snapshot.tenants[id] else {
            throw WeirError(.notFound, "There is no tenant \(id)")
        }
        return tenant
    }

    /// Creates a tenant, or replaces the fields that are given and keeps the others. A new tenant
    /// is inactive, with a budget of zero, unless the change says otherwise.
    package func put(
        _ id: TenantID, _ change: TenantChange, by caller: Caller
    ) async throws(WeirError) -> Tenant {
        try caller.requireAdmin()
        try change.validate()
        await changes.enter()
        defer { changes.leave() }
        let old = directory.snapshot.tenants[id]
        let next = change.applied(to: old ?? Tenant(id: id, name: "Tenant \(id)"))
        let entry = AuditEntry(
            at: time.now(), actor: caller.key.description, action: "tenant.put", tenant: id,
            subject: "tenant:\(id)", details: details(next, isNew: old == nil))
        try await directory.apply(.putTenant(next), audit: entry)
        if next.budget != old?.budget || next.caps != old?.caps { await onBudget?(id) }
        return next
    }

    private func details(_ tenant: Tenant, isNew: Bool) -> JSON {
        let budget: JSON =
            switch tenant.budget {
            case .capped(let money): .number(money.exactUSD)
            case .unlimited: "unlimited"
            }
        return [
            "created": .bool(isNew), "tier": .string(tenant.tier.rawValue),
            "is_active": .bool(tenant.isActive),
            "expires_at": tenant.expiresAt.map { .string($0.rfc3339) } ?? .null,
            "budget_usd": budget, "timezone": .string(tenant.timeZone),
            "features": JSON(tenant.features.count), "models": JSON(tenant.models.count),
            "has_own_limits": .bool(tenant.limits != TenantLimits()),
        ]
    }
}
