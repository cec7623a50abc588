package import WeirCore

/// How one scope of a tenant's budget stands in its current month.
package struct BudgetStanding: Sendable, Equatable {
    package let scope: BudgetScope
    package let limit: BudgetLimit
    package let settled: Money
    package let held: Money

    /// What is left; below zero where settled cost passed the limit, nil where there is none.
    package var remaining: Money? {
        guard case .capped(let limit) = limit else { return nil }
        return limit.saturatingSubtract(settled).saturatingSubtract(held)
    }
}

package struct BudgetReport: Sendable, Equatable {
    package let tenant: TenantID
    package let period: Period
    package let resetsAt: Timestamp
    /// The tenant's own first.
    package let scopes: [BudgetStanding]
}

extension UsageQueries {
    /// The most scopes that one report shows.
    package static let scopeLimit = 2_000

    /// Every scope's standing: the tenant's own, each cap by name, and under a `*` cap each scope
    /// that was used this month; a service's or a tenant's own key is always among them.
    package func budgets(
        of tenant: TenantID?, for caller: Caller
    ) async throws(WeirError) -> BudgetReport {
        let tenant = try find(tenant, for: caller)
        let period = currentPeriod(of: tenant)
        let limits = try await scopes(of: tenant, in: period, for: caller)
        let counters = try await budget.counters(
            limits.map {
                BudgetBook.CounterKey(tenant: tenant.id, period: period, scope: $0.scope)
            })
        return BudgetReport(
            tenant: tenant.id, period: period,
            resetsAt: calendar.end(of: period, in: tenant.timeZone),
            scopes: zip(limits, counters).map { limit, counter in
                BudgetStanding(
                    scope: limit.scope, limit: limit.limit, settled: counter.settled,
                    held: counter.held)
            })
    }

    private func scopes(
        of tenant: Tenant, in period: Period, for caller: Caller
    ) async throws(WeirError) -> [ScopeLimit] {
        let (caps, key) = (tenant.caps, caller.key.description)
        let users = try await names(caps.users, tenant, period, .user)
        let features = try await names(caps.features, tenant, period, .feature)
        var keys = try await names(caps.keys, tenant, period, .key)
        if caller.role != .admin { keys.insert(key) }
        var limits = [ScopeLimit(scope: .tenant, limit: tenant.budget)]
        limits += users.compactMap { Int64($0) }.sorted().map {
            .init(scope: .user($0), limit: cap(caps.users, String($0)))
        }
        limits += features.sorted().map {
            .init(scope: .feature($0), limit: cap(caps.features, $0))
        }
        limits += keys.sorted().map { .init(scope: .key($0), limit: cap(caps.keys, $0)) }
        return Array(limits.prefix(UsageQueries.scopeLimit))
    }

    /// The names under a table of caps; a `*` adds those that the ledger has seen.
    private func names(
        _ caps: [String: Money], _ tenant: Tenant, _ period: Period, _ grouping: UsageGrouping
    ) async throws(WeirError) -> Set<String> {
        var names = Set(caps.keys)
        guard names.remove("*") != nil else { return names }
        do {
            let report = try await ledger.usage(tenant: tenant.id, period: period, by: grouping)
            return names.union(report.lines.prefix(UsageQueries.scopeLimit).map(\.name))
        } catch {
            throw WeirError(error)
        }
    }

    private func cap(_ caps: [String: Money], _ name: String) -> BudgetLimit {
        (caps[name] ?? caps["*"]).map(BudgetLimit.capped) ?? .unlimited
    }
}
