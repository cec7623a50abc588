package import WeirCore
package import WeirService

extension SQLiteStore {
    package func counters(
        _ keys: [BudgetBook.CounterKey]
    ) async throws(StoreError) -> [SettledCounter] {
        try await readers.read { connection throws(SQLiteError) in
            var counters: [SettledCounter] = []
            for key in keys { counters.append(try connection.counter(key)) }
            return counters
        }
    }

    package func usage(
        tenant: TenantID, period: Period, by grouping: UsageGrouping
    ) async throws(StoreError) -> UsageReport {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT calls, input_tokens, output_tokens, cost_nanos, value FROM usage_rollup
                WHERE tenant_id = ? AND period = ? AND dimension = ?
                """)
            var totals = UsageTotals.zero
            query.bind(period: period, of: tenant, dimension: .total)
            try query.each { row throws(SQLiteError) in totals = UsageTotals(row) }
            var lines: [UsageReport.Line] = []
            query.bind(period: period, of: tenant, dimension: RollupBatch.Dimension(grouping))
            try query.each { row throws(SQLiteError) in
                lines.append(UsageReport.Line(name: row.text(4), totals: UsageTotals(row)))
            }
            lines.sort { left, right in
                left.totals.cost == right.totals.cost
                    ? left.name < right.name : left.totals.cost > right.totals.cost
            }
            return UsageReport(totals: totals, lines: lines)
        }
    }

    package func tenantTotals(
        period: Period
    ) async throws(StoreError) -> [TenantID: UsageTotals] {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT calls, input_tokens, output_tokens, cost_nanos, tenant_id FROM usage_rollup
                WHERE period = ? AND dimension = 'total'
                """)
            query.bind(period.column)
            var totals: [TenantID: UsageTotals] = [:]
            try query.each { row throws(SQLiteError) in
                guard let tenant = TenantID(row.int64(4)) else {
                    throw .corrupt("a roll-up of no tenant")
                }
                totals[tenant] = UsageTotals(row)
            }
            return totals
        }
    }
}

extension Connection {
    fileprivate func counter(
        _ key: BudgetBook.CounterKey
    ) throws(SQLiteError) -> SettledCounter {
        let settled = try statement(
            """
            SELECT cost_nanos FROM usage_rollup
            WHERE tenant_id = ? AND period = ? AND dimension = ? AND value = ?
            """)
        settled.bind(
            period: key.period, of: key.tenant, dimension: RollupBatch.Dimension(key.scope))
        settled.bind(key.scope.value)
        let cost = try settled.first { row throws(SQLiteError) in Money(nanos: row.int64(0)) }
        let thresholds = try statement(
            """
            SELECT percent FROM budget_thresholds
            WHERE tenant_id = ? AND period = ? AND scope = ? AND value = ?
            """)
        thresholds.bind(key.tenant.number)
        thresholds.bind(key.period.column)
        thresholds.bind(key.scope.kind)
        thresholds.bind(key.scope.value)
        var announced: Set<Int> = []
        try thresholds.each { row throws(SQLiteError) in
            guard let percent = Int(exactly: row.int64(0)) else { return }
            announced.insert(percent)
        }
        return SettledCounter(settled: cost ?? .zero, announced: announced)
    }
}

extension Statement {
    fileprivate func bind(
        period: Period, of tenant: TenantID, dimension: RollupBatch.Dimension
    ) {
        bind(tenant.number)
        bind(period.column)
        bind(dimension.rawValue)
    }
}

extension UsageTotals {
    /// The first four columns of a roll-up.
    fileprivate init(_ row: borrowing Row) {
        self.init(
            calls: row.int64(0), inputTokens: row.int64(1), outputTokens: row.int64(2),
            cost: Money(nanos: row.int64(3)))
    }
}

extension RollupBatch.Dimension {
    fileprivate init(_ grouping: UsageGrouping) {
        self =
            switch grouping {
            case .user: .user
            case .feature: .feature
            case .model: .model
            case .provider: .provider
            case .day: .day
            case .key: .key
            }
    }

    fileprivate init(_ scope: BudgetScope) {
        self =
            switch scope {
            case .tenant: .total
            case .user: .user
            case .feature: .feature
            case .key: .key
            }
    }
}
