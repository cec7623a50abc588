import WeirCore
import WeirService

extension Routes {
    /// `GET /ai/usage/log`
    func usageLog(_ call: Call) async throws(WeirError) -> Answer {
        let cursor = try call.query.integer("cursor").map { AttemptID(number: $0) }
        let limit = try call.query.integer("limit", in: 1...Int64(UsageQueries.pageLimit))
        let page = try await ai().usage.rows(
            of: try call.query.tenant(), in: try call.query.period(), below: cursor,
            limit: Int(limit ?? 100), for: call.caller)
        return Answer([
            "period": .string(page.period.description),
            "rows": .array(page.rows.map(\.json)),
            "next_cursor": page.next.map { .string(String($0.number)) } ?? .null,
        ])
    }
}

extension LedgerRow {
    /// Every column, by the names that clients know.
    var json: JSON {
        var object = JSONObject()
        object.append("attempt_id", .string(String(attempt.number)))
        object.append("request_id", .string(request.description))
        object.append("attempt_no", JSON(attemptNumber))
        object.append("kind", .string(kind.rawValue))
        object.append("state", .string(state.rawValue))
        object.append("tenant_id", JSON(tenant.number))
        object.append("user_id", JSON(user.number))
        object.append("feature_slug", .string(feature.description))
        object.append("key_id", .string(key.description))
        object.append("provider", .string(provider.description))
        object.append("model", .string(model.description))
        object.append("upstream_model", .string(upstreamModel.description))
        object.append("period", .string(date.period.description))
        object.append("day", .string(date.day.description))
        object.append("held_usd", JSON(held))
        object.append("price_version", .string(priceVersion))
        object.append("created_at", .string(createdAt.rfc3339))
        object.append("prompt_sha256", hex(promptDigest))
        object.append("adjusts", adjusts.map { .string(String($0.number)) } ?? .null)
        append(outcome, to: &object)
        return .object(object)
    }

    /// Null where the attempt is open: it has no outcome yet.
    private func append(_ outcome: Outcome?, to object: inout JSONObject) {
        func add(_ name: String, _ value: (Outcome) -> JSON) {
            object.append(name, outcome.map(value) ?? .null)
        }
        add("status") { .string($0.status.rawValue) }
        add("cost_usd") { JSON($0.cost) }
        add("basis") { .string($0.basis.rawValue) }
        add("input_tokens") { JSON($0.usage.input) }
        add("output_tokens") { JSON($0.usage.output) }
        add("cache_read_tokens") { JSON($0.usage.cacheRead) }
        add("cache_write_5m_tokens") { JSON($0.usage.cacheWrite5m) }
        add("cache_write_1h_tokens") { JSON($0.usage.cacheWrite1h) }
        add("reasoning_tokens") { JSON($0.usage.reasoning) }
        add("web_searches") { JSON($0.usage.webSearches) }
        add("service_tier") { $0.usage.serviceTier.map { .string($0.rawValue) } ?? .null }
        add("in_doubt") { .bool($0.isInDoubt) }
        add("usage_suspect") { .bool($0.isUsageSuspect) }
        add("settled_at") { .string($0.settledAt.rfc3339) }
        add("answer_sha256") { hex($0.answerDigest) }
    }

    private func hex(_ digest: [UInt8]) -> JSON {
        digest.isEmpty ? .null : .string(hexadecimal(digest))
    }
}

/// Lower-case hexadecimal.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let alphabet = Array("0123456789abcdef".utf8)
    let characters = bytes.flatMap { [alphabet[Int($0 >> 4)], alphabet[Int($0 & 15)]] }
    return String(decoding: characters, as: UTF8.self)
}
