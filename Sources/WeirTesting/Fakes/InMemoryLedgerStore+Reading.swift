import Synchronization
package import WeirCore
package import WeirService

extension InMemoryLedgerStore {
    package func claim(
        tenant: TenantID, key: String, now: Timestamp
    ) async throws(StoreError) -> IdempotencyRecord? {
        state.withLock { state in
            let found = state.claims[ClaimKey(tenant: tenant, key: key)]
            return found.flatMap { now < $0.expiresAt ? $0.record : nil }
        }
    }

    package func counters(
        _ keys: [BudgetBook.CounterKey]
    ) async throws(StoreError) -> [SettledCounter] {
        state.withLock { state in
            keys.map { key in
                let rows = state.sorted {
                    $0.tenant == key.tenant && $0.date.period == key.period
                        && $0.isCounted(on: key.scope)
                }
                return SettledCounter(
                    settled: rows.totals.cost, announced: state.announced[key] ?? [])
            }
        }
    }

    package func usage(
        tenant: TenantID, period: Period, by grouping: UsageGrouping
    ) async throws(StoreError) -> UsageReport {
        let rows = settled(tenant, period)
        let groups = Dictionary(grouping: rows) { $0.name(by: grouping) }
        let lines = groups.map { UsageReport.Line(name: $0.key, totals: $0.value.totals) }
        return UsageReport(
            totals: rows.totals,
            lines: lines.sorted {
                ($1.totals.cost, $0.name) < ($0.totals.cost, $1.name)
            })
    }

    package func tenantTotals(
        period: Period
    ) async throws(StoreError) -> [TenantID: UsageTotals] {
        let rows = state.withLock { state in
            state.sorted { $0.date.period == period && $0.outcome != nil }
        }
        return Dictionary(grouping: rows, by: \.tenant).mapValues(\.totals)
    }

    package func rows(
        tenant: TenantID, period: Period, below cursor: AttemptID?, limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        state.withLock { state in
            let rows = state.sorted { row in
                row.tenant == tenant && row.date.period == period
                    && cursor.map { row.attempt < $0 } ?? true
            }
            return Array(rows.reversed().prefix(limit))
        }
    }

    package func row(
        tenant: TenantID, attempt: AttemptID
    ) async throws(StoreError) -> LedgerRow? {
        state.withLock { state in
            state.rows[attempt].flatMap { $0.tenant == tenant ? $0 : nil }
        }
    }

    package func adjustments(
        tenant: TenantID, of attempt: AttemptID
    ) async throws(StoreError) -> Money {
        state.withLock { state in
            state.sorted { $0.tenant == tenant && $0.adjusts == attempt }.totals.cost
        }
    }

    package func highestAttempt() async throws(StoreError) -> AttemptID {
        state.withLock { $0.rows.keys.max() ?? AttemptID(number: 0) }
    }

    private func settled(_ tenant: TenantID, _ period: Period) -> [LedgerRow] {
        state.withLock { state in
            state.sorted {
                $0.tenant == tenant && $0.date.period == period && $0.outcome != nil
            }
        }
    }
}

extension LedgerRow {
    fileprivate func isCounted(on scope: BudgetScope) -> Bool {
        switch scope {
        case .tenant: true
        case .user(let number): user.number == number
        case .feature(let slug): feature.description == slug
        case .key(let id): key.description == id
        }
    }

    fileprivate func name(by grouping: UsageGrouping) -> String {
        switch grouping {
        case .user: String(user.number)
        case .feature: feature.description
        case .model: model.description
        case .provider: provider.description
        case .day: date.day.description
        case .key: key.description
        }
    }
}

extension [LedgerRow] {
    fileprivate var totals: UsageTotals {
        reduce(into: .zero) { totals, row in
            guard let outcome = row.outcome else { return }
            totals.calls += row.kind == .adjustment ? 0 : 1
            totals.inputTokens += outcome.usage.input
            totals.outputTokens += outcome.usage.output
            totals.cost = totals.cost.saturatingAdd(outcome.cost)
        }
    }
}
