package import WeirCore

/// What a caller may see of the ledger and of the budgets: its own tenants' and nobody else's.
package struct UsageQueries: Sendable {
    let directory: Directory
    let ledger: any LedgerStore
    let budget: BudgetGuard
    let catalogue: ModelCatalogue
    let calendar: BillingCalendar
    let time: any TimeSource

    package static let pageLimit = 500

    package init(
        directory: Directory, ledger: any LedgerStore, budget: BudgetGuard,
        catalogue: ModelCatalogue, calendar: BillingCalendar, time: any TimeSource
    ) {
        self.directory = directory
        self.ledger = ledger
        self.budget = budget
        self.catalogue = catalogue
        self.calendar = calendar
        self.time = time
    }

    package struct Usage: Sendable, Equatable {
        package let period: Period
        package let report: UsageReport
    }

    /// One tenant's month by one dimension. Nil stands for the caller's only tenant and for the
    /// tenant's current month, here and below.
    package func usage(
        of tenant: TenantID?, in period: Period?, by grouping: UsageGrouping, for caller: Caller
    ) async throws(WeirError) -> Usage {
        let tenant = try find(tenant, for: caller)
        let period = period ?? currentPeriod(of: tenant)
        do {
            let report = try await ledger.usage(tenant: tenant.id, period: period, by: grouping)
            return Usage(period: period, report: report)
        } catch {
            throw WeirError(error)
        }
    }

    package struct RowPage: Sendable, Equatable {
        package let period: Period
        package let rows: [LedgerRow]
        /// Where the next page begins; nil on the last one.
        package let next: AttemptID?
    }

    /// A page of the rows themselves, newest first.
    package func rows(
        of tenant: TenantID?, in period: Period?, below cursor: AttemptID?, limit: Int,
        for caller: Caller
    ) async throws(WeirError) -> RowPage {
        let tenant = try find(tenant, for: caller)
        let period = period ?? currentPeriod(of: tenant)
        let limit = min(max(limit, 1), UsageQueries.pageLimit)
        do {
            let found = try await ledger.rows(
                tenant: tenant.id, period: period, below: cursor, limit: limit + 1)
            let rows = Array(found.prefix(limit))
            return RowPage(
                period: period, rows: rows, next: found.count > limit ? rows.last?.attempt : nil)
        } catch {
            throw WeirError(error)
        }
    }

    /// What a tenant may call now, with prices.
    package func models(
        of tenant: TenantID?, for caller: Caller
    ) throws(WeirError) -> (tenant: TenantID, routes: [Route]) {
        let tenant = try find(tenant, for: caller)
        let snapshot = directory.snapshot
        let routes = catalogue.routes(prices: snapshot.prices, at: time.now()).filter { route in
            let targets: [KillSwitches.Target] = [
                .all, .tenant(tenant.id), .provider(route.provider), .model(route.name),
                .model(route.model),
            ]
            return (tenant.models.isEmpty || tenant.models.contains(route.name))
                && snapshot.switches.first(of: targets) == nil
        }
        return (tenant.id, routes)
    }

    /// The tenant that is asked about: 400 where none is named and the key reaches several, 403
    /// outside of its reach, 404 where nobody knows it.
    func find(_ tenant: TenantID?, for caller: Caller) throws(WeirError) -> Tenant {
        guard let id = tenant ?? caller.onlyTenant else {
            throw WeirError(.invalidRequest, "tenant_id is missing", param: "tenant_id")
        }
        try caller.require(id)
        guard let tenant = directory.snapshot.tenants[id] else {
            throw WeirError(.notFound, "There is no tenant \(id)", param: "tenant_id")
        }
        return tenant
    }

    func currentPeriod(of tenant: Tenant) -> Period {
        calendar.date(of: time.now(), in: tenant.timeZone).period
    }
}
