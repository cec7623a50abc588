import WeirCore
import WeirService

extension Routes {
    /// `GET /ai/models`
    func models(_ call: Call) async throws(WeirError) -> Answer {
        let found = try ai().usage.models(of: try call.query.tenant(), for: call.caller)
        return Answer([
            "tenant_id": JSON(found.tenant.number),
            "models": .array(found.routes.map(json)),
        ])
    }

    private func json(_ route: Route) -> JSON {
        var object = JSONObject()
        object.append("model", .string(route.name.description))
        object.append("provider", .string(route.provider.description))
        object.append("upstream_model", .string(route.model.description))
        route.price.describe(in: &object)
        return .object(object)
    }
}

extension ModelPrice {
    /// Limits and rates, in USD per million tokens.
    func describe(in object: inout JSONObject) {
        object.append("context_window", contextWindow.map { JSON($0) } ?? .null)
        object.append("max_output_tokens", maxOutputTokens.map { JSON($0) } ?? .null)
        object.append(
            "hidden_thoughts", .string((hiddenThoughts ?? .always).rawValue))
        object.append("price_version", .string(version))
        object.append("usd_per_million", standard.json)
        object.append("long_context", longContext(tiers))
        object.append(
            "service_tiers",
            .object(
                JSONObject(
                    serviceTiers.sorted { $0.key.rawValue < $1.key.rawValue }.map { tier, rates in
                        .init(
                            name: tier.rawValue,
                            value: [
                                "usd_per_million": rates.rates.json,
                                "long_context": longContext(rates.tiers),
                            ])
                    })))
        object.append(
            "usd_per_call",
            .object(
                JSONObject(
                    perCall.sorted { $0.key < $1.key }
                        .map { .init(name: $0.key, value: .number($0.value.exactUSD)) })))
    }
}

private func longContext(_ tiers: [ModelPrice.LongContextTier]) -> JSON {
    .array(
        tiers.map { tier in
            [
                "above_input_tokens": JSON(tier.aboveInputTokens),
                "usd_per_million": tier.rates.json,
            ]
        })
}

extension RateCard {
    fileprivate var json: JSON {
        rates(input, output, cacheRead, cacheWrite5m, cacheWrite1h)
    }
}

extension PartialRates {
    fileprivate var json: JSON {
        rates(input, output, cacheRead, cacheWrite5m, cacheWrite1h)
    }
}

/// The rates that are said; one that isn't is the standard card's, or the input rate.
private func rates(
    _ input: Rate?, _ output: Rate?, _ cacheRead: Rate?, _ write5m: Rate?, _ write1h: Rate?
) -> JSON {
    var object = JSONObject()
    let named: [(String, Rate?)] = [
        ("input", input), ("output", output), ("cache_read", cacheRead),
        ("cache_write_5m", write5m), ("cache_write_1h", write1h),
    ]
    for (name, rate) in named {
        if let rate { object.append(name, .number(rate.usdPerMillion)) }
    }
    return .object(object)
}
