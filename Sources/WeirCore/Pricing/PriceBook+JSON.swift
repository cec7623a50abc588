/// What is wrong with a price document, and where: `prices[3].input`.
package struct PriceBookError: Error, Sendable, Equatable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { path.isEmpty ? reason : "\(path): \(reason)" }
}

extension PriceBook {
    /// Reads a price document (docs/prices.md). Unknown fields are mistakes.
    package init(json text: String) throws(PriceBookError) {
        let json: JSON
        do {
            json = try JSONParser.parse(Array(text.utf8), .request)
        } catch {
            throw PriceBookError(path: "", reason: "not JSON: \(error.reason)")
        }
        try self.init(json)
    }

    package init(_ json: JSON) throws(PriceBookError) {
        let document = try Fields(json, path: "")
        try document.allow(["version", "source", "prices"])
        guard let version = try document.text("version"), version.utf8.count <= 64 else {
            throw PriceBookError(path: "version", reason: "a text of at most 64 bytes is missing")
        }
        guard let list = json["prices"]?.array, list.count <= 10_000 else {
            throw PriceBookError(path: "prices", reason: "a list of at most 10,000 is missing")
        }
        var prices: [ModelPrice] = []
        for (index, entry) in list.enumerated() {
            let fields = try Fields(entry, path: "prices[\(index)]")
            prices.append(try modelPrice(fields, version: version))
        }
        self.init(version: version, prices: prices)
    }
}

private let rateNames = ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"]

private func modelPrice(_ fields: Fields, version: String) throws(PriceBookError) -> ModelPrice {
    try fields.allow(
        rateNames + [
            "provider", "model", "match", "effective_from", "context_window", "max_output_tokens",
            "hidden_thoughts", "tiers", "service_tiers", "per_call", "embedding", "audio_input",
            "deprecated",
        ])
    guard let provider = try fields.text("provider"), Slug(provider, limit: 64) != nil else {
        throw fields.error("provider", "a provider's name is missing")
    }
    guard let model = try fields.text("model"), Slug(model) != nil else {
        throw fields.error("model", "a model's name is missing")
    }
    let rates = try partialRates(fields)
    guard let input = rates.input else { throw fields.error("input", "is missing") }
    let isEmbedding = fields.json["embedding"]?.bool ?? false
    guard let output = rates.output ?? (isEmbedding ? .zero : nil) else {
        throw fields.error("output", "is missing")
    }
    return ModelPrice(
        provider: provider, model: model, match: try matches(fields),
        effectiveFrom: try effectiveFrom(fields),
        contextWindow: try fields.count("context_window"),
        maxOutputTokens: try fields.count("max_output_tokens"),
        hiddenThoughts: try hiddenThoughts(fields) ?? (isEmbedding ? .never : nil),
        standard: RateCard(
            input: input, output: output, cacheRead: rates.cacheRead,
            cacheWrite5m: rates.cacheWrite5m, cacheWrite1h: rates.cacheWrite1h),
        tiers: try longContextTiers(fields), serviceTiers: try serviceTiers(fields),
        perCall: try perCall(fields), version: version)
}

private func partialRates(_ fields: Fields) throws(PriceBookError) -> PartialRates {
    PartialRates(
        input: try fields.rate("input"), output: try fields.rate("output"),
        cacheRead: try fields.rate("cache_read"), cacheWrite5m: try fields.rate("cache_write_5m"),
        cacheWrite1h: try fields.rate("cache_write_1h"))
}

private func matches(_ fields: Fields) throws(PriceBookError) -> [String] {
    guard let value = fields.json["match"] else { return [] }
    guard let list = value.array, list.count <= 100 else {
        throw fields.error("match", "must be a list of at most 100 names")
    }
    var names: [String] = []
    for item in list {
        guard let name = item.string, Slug(name.last == "*" ? String(name.dropLast()) : name) != nil
        else { throw fields.error("match", "must hold names, or prefixes ending in *") }
        names.append(name)
    }
    return names
}

private func effectiveFrom(_ fields: Fields) throws(PriceBookError) -> Timestamp? {
    guard let text = try fields.text("effective_from") else { return nil }
    guard let day = Timestamp(utcDay: text) else {
        throw fields.error("effective_from", "must be a date, YYYY-MM-DD")
    }
    return day
}

private func hiddenThoughts(_ fields: Fields) throws(PriceBookError) -> HiddenThoughts? {
    guard let text = try fields.text("hidden_thoughts") else { return nil }
    guard let thoughts = HiddenThoughts(rawValue: text) else {
        throw fields.error(
            "hidden_thoughts", "must be never, on_request, by_default or always")
    }
    return thoughts
}

private func longContextTiers(
    _ fields: Fields
) throws(PriceBookError) -> [ModelPrice.LongContextTier] {
    var tiers: [ModelPrice.LongContextTier] = []
    for (index, entry) in try fields.list("tiers").enumerated() {
        let tier = try Fields(entry, path: "\(fields.path).tiers[\(index)]")
        try tier.allow(rateNames + ["above_input_tokens"])
        guard let threshold = try tier.count("above_input_tokens") else {
            throw tier.error("above_input_tokens", "is missing")
        }
        tiers.append(.init(aboveInputTokens: threshold, rates: try partialRates(tier)))
    }
    return tiers
}

private func serviceTiers(
    _ fields: Fields
) throws(PriceBookError) -> [ServiceTier: ModelPrice.ServiceRates] {
    var tiers: [ServiceTier: ModelPrice.ServiceRates] = [:]
    for member in try fields.members("service_tiers") {
        let path = "\(fields.path).service_tiers.\(member.name)"
        guard let name = ServiceTier(rawValue: member.name) else {
            throw PriceBookError(path: path, reason: "must be batch, flex, priority or fast")
        }
        let tier = try Fields(member.value, path: path)
        try tier.allow(rateNames + ["tiers"])
        tiers[name] = .init(
            rates: try partialRates(tier), tiers: try longContextTiers(tier))
    }
    return tiers
}

private func perCall(_ fields: Fields) throws(PriceBookError) -> [String: Money] {
    var fees: [String: Money] = [:]
    for member in try fields.members("per_call") {
        guard let text = member.value.string, let fee = Money(decimalUSD: text) else {
            throw fields.error("per_call.\(member.name)", "must be a decimal in quotes, in USD")
        }
        fees[member.name] = fee
    }
    return fees
}

/// An object's members, read by name, with its path for messages.
private struct Fields {
    let json: JSON
    let path: String

    init(_ json: JSON, path: String) throws(PriceBookError) {
        guard json.object != nil else { throw PriceBookError(path: path, reason: "no object") }
        self.json = json
        self.path = path
    }

    func error(_ name: String, _ reason: String) -> PriceBookError {
        PriceBookError(path: path.isEmpty ? name : "\(path).\(name)", reason: reason)
    }

    func allow(_ names: [String]) throws(PriceBookError) {
        for member in json.object?.members ?? [] where !names.contains(member.name) {
            throw error(member.name, "is unknown")
        }
    }

    func text(_ name: String) throws(PriceBookError) -> String? {
        guard let value = json[name] else { return nil }
        guard let text = value.string else { throw error(name, "must be a text") }
        return text
    }

    /// At most 100 elements; none where there is no such field.
    func list(_ name: String) throws(PriceBookError) -> [JSON] {
        guard let value = json[name] else { return [] }
        guard let list = value.array, list.count <= 100 else {
            throw error(name, "must be a list of at most 100")
        }
        return list
    }

    func members(_ name: String) throws(PriceBookError) -> [JSONObject.Member] {
        guard let value = json[name] else { return [] }
        guard let object = value.object, object.members.count <= 100 else {
            throw error(name, "must be an object of at most 100")
        }
        return object.members
    }

    func count(_ name: String) throws(PriceBookError) -> Int64? {
        guard let value = json[name] else { return nil }
        guard let count = value.wholeNumber, (1...TokenUsage.largestCount).contains(count) else {
            throw error(name, "must be a positive integer")
        }
        return count
    }

    /// A decimal in quotes: USD per million tokens.
    func rate(_ name: String) throws(PriceBookError) -> Rate? {
        guard let value = json[name] else { return nil }
        guard let text = value.string, let rate = Rate(decimalUSDPerMillion: text) else {
            throw error(name, "must be a decimal in quotes, in USD per million tokens")
        }
        return rate
    }
}
