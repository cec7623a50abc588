package import WeirCore

/// One tenant's month against its budget.
package struct TenantOverview: Sendable, Equatable {
    package let tenant: TenantID
    package let tier: Tenant.Tier
    package let budget: BudgetLimit
    package let spent: Money

    /// Used per mille of the budget, rounded half up; nil where it is unlimited. A budget of zero
    /// is used up as soon as anything was spent.
    package var usedPerMille: Int64? { budget.usedPerMille(spent) }
}

extension UsageQueries {
    /// Every tenant's month, by id. Without a period it is each tenant's current month.
    package func tenants(
        in period: Period?, for caller: Caller
    ) async throws(WeirError) -> [TenantOverview] {
        try caller.requireAdmin()
        let tenants = directory.snapshot.tenants.values.sorted { $0.id < $1.id }
        // At any moment the zones of the world are in at most two different months.
        var totals: [Period: [TenantID: UsageTotals]] = [:]
        var overviews: [TenantOverview] = []
        for tenant in tenants {
            let month = period ?? currentPeriod(of: tenant)
            if totals[month] == nil {
                do {
                    totals[month] = try await ledger.tenantTotals(period: month)
                } catch {
                    throw WeirError(error)
                }
            }
            overviews.append(
                TenantOverview(
                    tenant: tenant.id, tier: tenant.tier, budget: tenant.budget,
                    spent: totals[month]?[tenant.id]?.cost ?? .zero))
        }
        return overviews
    }
}

extension BudgetLimit {
    /// Used per mille, rounded half up; nil where there is no limit. Saturates far above any sense.
    package func usedPerMille(_ spent: Money) -> Int64? {
        guard case .capped(let limit) = self else { return nil }
        guard spent > .zero else { return 0 }
        guard limit > .zero else { return 1_000 }
        // limit ≤ 10¹⁸, so that doubling it stays inside of UInt64.
        let product = spent.nanos.magnitude.multipliedFullWidth(by: 2_000)
        let divisor = limit.nanos.magnitude &* 2
        let (low, carry) = product.low.addingReportingOverflow(limit.nanos.magnitude)
        let high = product.high &+ (carry ? 1 : 0)
        guard high < divisor else { return .max }
        return Int64(clamping: divisor.dividingFullWidth((high, low)).quotient)
    }
}
