extension ModelPrice {
    /// What the model costs by the provider's batch interface, as a price of its own; nil where
    /// the book has no batch rates for it, which is no rate of zero and none of half.
    package var batch: ModelPrice? {
        guard let service = serviceTiers[.batch] else { return nil }
        let thresholds = Set((tiers + service.tiers).map(\.aboveInputTokens))
        return ModelPrice(
            provider: provider, model: model, match: match, effectiveFrom: effectiveFrom,
            contextWindow: contextWindow, maxOutputTokens: maxOutputTokens,
            hiddenThoughts: hiddenThoughts, standard: standard.replacing(by: service.rates),
            tiers: thresholds.map { threshold in
                let card = card(input: threshold + 1, serviceTier: .batch)
                return LongContextTier(aboveInputTokens: threshold, rates: PartialRates(card))
            },
            perCall: perCall, version: version)
    }

    /// A price document that holds this price alone, under its model's name and since ever: what
    /// a call was admitted at, for as long as it runs.
    package var document: String {
        var members: [JSONObject.Member] = [
            .init(name: "provider", value: .string(provider)),
            .init(name: "model", value: .string(model)),
        ]
        func add(_ name: String, _ value: JSON?) {
            if let value { members.append(.init(name: name, value: value)) }
        }
        add("context_window", contextWindow.map { JSON($0) })
        add("max_output_tokens", maxOutputTokens.map { JSON($0) })
        add("hidden_thoughts", hiddenThoughts.map { .string($0.rawValue) })
        members += PartialRates(standard).members
        add("tiers", list(tiers))
        let services = serviceTiers.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            name, rates in
            JSONObject.Member(
                name: name.rawValue,
                value: .object(
                    JSONObject(
                        rates.rates.members + [.init(name: "tiers", value: list(rates.tiers))])))
        }
        add("service_tiers", services.isEmpty ? nil : .object(JSONObject(services)))
        let fees = perCall.sorted { $0.key < $1.key }.map { name, fee in
            JSONObject.Member(name: name, value: .string(fee.exactUSD))
        }
        add("per_call", fees.isEmpty ? nil : .object(JSONObject(fees)))
        let document: JSON = [
            "version": .string(version), "prices": .array([.object(JSONObject(members))]),
        ]
        return document.text
    }

    /// Reads a document of one price; nil for any other.
    package init?(document: String) {
        // Whatever is wrong with it, it prices nothing.
        guard let book = try? PriceBook(json: document) else { return nil }
        let prices = book.prices(at: Timestamp(milliseconds: 0))
        guard prices.count == 1, let price = prices.first else { return nil }
        self = price
    }

    private func list(_ tiers: [LongContextTier]) -> JSON {
        .array(
            tiers.map { tier in
                let threshold = JSONObject.Member(
                    name: "above_input_tokens", value: JSON(tier.aboveInputTokens))
                return .object(JSONObject([threshold] + tier.rates.members))
            })
    }
}

extension PartialRates {
    fileprivate init(_ card: RateCard) {
        self.init(
            input: card.input, output: card.output, cacheRead: card.cacheRead,
            cacheWrite5m: card.cacheWrite5m, cacheWrite1h: card.cacheWrite1h)
    }

    fileprivate var members: [JSONObject.Member] {
        let rates = [
            ("input", input), ("output", output), ("cache_read", cacheRead),
            ("cache_write_5m", cacheWrite5m), ("cache_write_1h", cacheWrite1h),
        ]
        return rates.compactMap { name, rate in
            rate.map { JSONObject.Member(name: name, value: .string($0.usdPerMillion)) }
        }
    }
}
