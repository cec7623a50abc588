package import WeirCore

/// What usage is grouped by.
package enum UsageGrouping: String, Sendable, CaseIterable {
    case user, feature, model, provider, day, key
}

/// Sums over ledger rows. Replays and cache hits count as calls that cost nothing; an adjustment
/// adds its amount and no call.
package struct UsageTotals: Sendable, Equatable {
    package var calls: Int64
    package var inputTokens: Int64
    package var outputTokens: Int64
    package var cost: Money

    package init(calls: Int64, inputTokens: Int64, outputTokens: Int64, cost: Money) {
        self.calls = calls
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cost = cost
    }

    package static let zero = UsageTotals(calls: 0, inputTokens: 0, outputTokens: 0, cost: .zero)
    package var tokens: Int64 { inputTokens + outputTokens }
}

package struct UsageReport: Sendable, Equatable {
    package let totals: UsageTotals
    /// By cost, dearest first; equal costs by name.
    package let lines: [Line]

    package struct Line: Sendable, Equatable {
        /// A user's number, a slug, a model, a provider, `2026-04-23`, or a key's id.
        package let name: String
        package let totals: UsageTotals

        package init(name: String, totals: UsageTotals) {
            self.name = name
            self.totals = totals
        }
    }

    package init(totals: UsageTotals, lines: [Line]) {
        self.totals = totals
        self.lines = lines
    }
}
