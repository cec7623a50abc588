import WeirCore
import WeirService

/// What a transaction adds to the roll-ups, gathered over all of its rows, so that a batch of one
/// tenant costs a few upserts.
struct RollupBatch {
    private(set) var sums: [Key: UsageTotals] = [:]

    /// What calls are counted by. The raw value is stored.
    enum Dimension: String, CaseIterable {
        case total, user, feature, model, provider, day, key
    }

    struct Key: Hashable {
        let tenant: TenantID
        let period: Period
        let dimension: Dimension
        let value: String
    }

    /// Counts a terminal row. A void one counts nothing; an adjustment adds its amount and no call.
    /// - Throws: A refusal where a sum leaves Int64; the batch is of no use then.
    mutating func add(_ row: LedgerRow, _ outcome: LedgerRow.Outcome) throws(SQLiteError) {
        guard row.state == .settled else { return }
        let added = UsageTotals(
            calls: row.kind == .adjustment ? 0 : 1, inputTokens: outcome.usage.input,
            outputTokens: outcome.usage.output, cost: outcome.cost)
        for dimension in Dimension.allCases {
            let key = Key(
                tenant: row.tenant, period: row.date.period, dimension: dimension,
                value: row.value(of: dimension))
            guard let sum = sums[key, default: .zero].adding(added) else {
                throw .refusal("a sum of the month leaves 64 bits")
            }
            sums[key] = sum
        }
    }

    mutating func removeAll() { sums.removeAll(keepingCapacity: true) }
}

extension UsageTotals {
    /// The sum, or nil where a part of it leaves Int64.
    func adding(_ other: UsageTotals) -> UsageTotals? {
        let (calls, over1) = calls.addingReportingOverflow(other.calls)
        let (input, over2) = inputTokens.addingReportingOverflow(other.inputTokens)
        let (output, over3) = outputTokens.addingReportingOverflow(other.outputTokens)
        guard let cost = cost.adding(other.cost), !over1, !over2, !over3 else { return nil }
        return UsageTotals(calls: calls, inputTokens: input, outputTokens: output, cost: cost)
    }
}

extension LedgerRow {
    fileprivate func value(of dimension: RollupBatch.Dimension) -> String {
        switch dimension {
        case .total: ""
        case .user: String(user.number)
        case .feature: feature.description
        case .model: model.description
        case .provider: provider.description
        case .day: date.day.description
        case .key: key.description
        }
    }
}
