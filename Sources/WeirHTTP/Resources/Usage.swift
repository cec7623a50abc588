import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    private enum Format: String, CaseIterable { case json, csv }

    /// `GET /ai/usage`
    func usage(_ call: Call) async throws(WeirError) -> Answer {
        let grouping = try call.query.choice("group_by", UsageGrouping.self) ?? .user
        let format = try call.query.choice("format", Format.self) ?? .json
        let usage = try await ai().usage.usage(
            of: try call.query.tenant(), in: try call.query.period(), by: grouping,
            for: call.caller)
        switch format {
        case .json: return json(usage, grouping)
        case .csv: return csv(usage, grouping)
        }
    }

    /// `GET /ai/usage/tenants`
    func tenantsUsage(_ call: Call) async throws(WeirError) -> Answer {
        let overviews = try await ai().usage.tenants(
            in: try call.query.period(), for: call.caller)
        var writer = JSONWriter()
        writer.beginArray()
        for overview in overviews {
            writer.beginObject()
            writer.member("tenant_id", overview.tenant.number)
            writer.member("tier", overview.tier.rawValue)
            writer.member("budget_usd", overview.budget.usd)
            writer.member("spent_usd", JSON(overview.spent))
            writer.name("pct_used")
            writer.raw(overview.usedPerMille.map(percent) ?? "null")
            writer.endObject()
        }
        writer.endArray()
        return Answer(body: writer.bytes)
    }

    private func json(_ usage: UsageQueries.Usage, _ grouping: UsageGrouping) -> Answer {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("period", usage.period.description)
        writer.name(grouping.listName)
        writer.beginArray()
        for line in usage.report.lines {
            writer.beginObject()
            writer.member(grouping.memberName, grouping.value(line.name))
            writer.totals(line.totals)
            writer.endObject()
        }
        writer.endArray()
        writer.totals(usage.report.totals)
        writer.endObject()
        return Answer(body: writer.bytes)
    }

    /// RFC 4180. Names are slugs, numbers or days, so that nothing has to be quoted.
    private func csv(_ usage: UsageQueries.Usage, _ grouping: UsageGrouping) -> Answer {
        var text = "period,\(grouping.memberName),calls,tokens,cost_usd\r\n"
        for line in usage.report.lines {
            let totals = line.totals
            text += "\(usage.period),\(line.name),\(totals.calls),\(totals.tokens),"
            text += "\(totals.cost.usd)\r\n"
        }
        return Answer(body: Array(text.utf8), contentType: "text/csv; charset=utf-8")
    }
}

extension UsageGrouping {
    fileprivate var listName: String { "\(rawValue)s" }

    fileprivate var memberName: String {
        switch self {
        case .user: "user_id"
        case .feature: "feature_slug"
        case .key: "key_id"
        case .model, .provider, .day: rawValue
        }
    }

    fileprivate func value(_ name: String) -> JSON {
        self == .user ? Int64(name).map { JSON($0) } ?? .string(name) : .string(name)
    }
}

extension JSONWriter {
    fileprivate mutating func totals(_ totals: UsageTotals) {
        member("calls", totals.calls)
        member("tokens", totals.tokens)
        member("cost_usd", JSON(totals.cost))
    }
}

extension BudgetLimit {
    /// A number of USD; null where it is unlimited.
    var usd: JSON {
        switch self {
        case .capped(let money): JSON(money)
        case .unlimited: .null
        }
    }
}

/// Per mille as per cent with one decimal: `32.1`.
func percent(_ mille: Int64) -> String { "\(mille / 10).\(mille % 10)" }
