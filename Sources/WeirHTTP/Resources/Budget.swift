import WeirCore
import WeirService

extension Routes {
    /// `GET /ai/budget`
    func budget(_ call: Call) async throws(WeirError) -> Answer {
        let report = try await ai().usage.budgets(
            of: try call.query.tenant(), for: call.caller)
        return Answer([
            "tenant_id": JSON(report.tenant.number),
            "period": .string(report.period.description),
            "resets_at": .string(report.resetsAt.rfc3339),
            "scopes": .array(report.scopes.map { json($0, report) }),
        ])
    }

    private func json(_ standing: BudgetStanding, _ report: BudgetReport) -> JSON {
        let value = standing.scope.value
        return [
            "scope": .string(standing.scope.kind),
            "name": .string(value.isEmpty ? report.tenant.description : value),
            "unlimited": .bool(standing.limit == .unlimited),
            "limit_usd": standing.limit.usd,
            "settled_usd": JSON(standing.settled),
            "held_usd": JSON(standing.held),
            "remaining_usd": standing.remaining.map { JSON($0) } ?? .null,
            "pct_used": standing.limit.usedPerMille(standing.settled)
                .map { .number(percent($0)) } ?? .null,
            "resets_at": .string(report.resetsAt.rfc3339),
        ]
    }
}
