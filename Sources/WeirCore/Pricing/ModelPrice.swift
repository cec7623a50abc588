/// What one model costs from some day on.
package struct ModelPrice: Sendable, Equatable {
    package let provider: String
    package let model: String
    /// Further names: exact ones, or prefixes that end in `*`.
    package let match: [String]
    /// The first moment at which it applies; nil is always.
    package let effectiveFrom: Timestamp?
    package let contextWindow: Int64?
    package let maxOutputTokens: Int64?
    /// Nil where the document doesn't say: an older layer of the book may know.
    package let hiddenThoughts: HiddenThoughts?
    package let standard: RateCard
    /// Dearer cards for long inputs, lowest threshold first.
    package let tiers: [LongContextTier]
    package let serviceTiers: [ServiceTier: ServiceRates]
    /// Money per call of a tool that the provider runs, `web_search` for one.
    package let perCall: [String: Money]
    /// The version of the price document that it stands in; pinned in every row.
    package let version: String

    package struct LongContextTier: Sendable, Equatable {
        package let aboveInputTokens: Int64
        package let rates: PartialRates
    }

    /// The rates of one service tier, and its own changes for long inputs, lowest threshold first.
    package struct ServiceRates: Sendable, Equatable {
        package let rates: PartialRates
        package let tiers: [LongContextTier]

        package init(rates: PartialRates, tiers: [LongContextTier] = []) {
            self.rates = rates
            self.tiers = tiers.sorted { $0.aboveInputTokens < $1.aboveInputTokens }
        }
    }

    package init(
        provider: String, model: String, match: [String] = [], effectiveFrom: Timestamp? = nil,
        contextWindow: Int64? = nil, maxOutputTokens: Int64? = nil,
        hiddenThoughts: HiddenThoughts? = nil, standard: RateCard,
        tiers: [LongContextTier] = [], serviceTiers: [ServiceTier: ServiceRates] = [:],
        perCall: [String: Money] = [:], version: String
    ) {
        self.provider = provider
        self.model = model
        self.match = match
        self.effectiveFrom = effectiveFrom
        self.contextWindow = contextWindow
        self.maxOutputTokens = maxOutputTokens
        self.hiddenThoughts = hiddenThoughts
        self.standard = standard
        self.tiers = tiers.sorted { $0.aboveInputTokens < $1.aboveInputTokens }
        self.serviceTiers = serviceTiers
        self.perCall = perCall
        self.version = version
    }
}

/// The rates of one model at one level. A cache rate that isn't said is the input rate.
package struct RateCard: Sendable, Equatable {
    package let input: Rate
    package let output: Rate
    package let cacheRead: Rate?
    package let cacheWrite5m: Rate?
    package let cacheWrite1h: Rate?

    package init(
        input: Rate, output: Rate, cacheRead: Rate? = nil, cacheWrite5m: Rate? = nil,
        cacheWrite1h: Rate? = nil
    ) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite5m = cacheWrite5m
        self.cacheWrite1h = cacheWrite1h
    }

    /// This card with what `rates` says in place of its own.
    func replacing(by rates: PartialRates?) -> RateCard {
        guard let rates else { return self }
        return RateCard(
            input: rates.input ?? input, output: rates.output ?? output,
            cacheRead: rates.cacheRead ?? cacheRead,
            cacheWrite5m: rates.cacheWrite5m ?? cacheWrite5m,
            cacheWrite1h: rates.cacheWrite1h ?? cacheWrite1h)
    }

    /// The dearest way in which an input token can be charged.
    var dearestInput: Rate {
        [input, cacheRead ?? input, cacheWrite5m ?? input, cacheWrite1h ?? input].max() ?? input
    }
}

/// The rates that a tier changes.
package struct PartialRates: Sendable, Equatable {
    package let input: Rate?
    package let output: Rate?
    package let cacheRead: Rate?
    package let cacheWrite5m: Rate?
    package let cacheWrite1h: Rate?

    package init(
        input: Rate?, output: Rate?, cacheRead: Rate?, cacheWrite5m: Rate?, cacheWrite1h: Rate?
    ) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite5m = cacheWrite5m
        self.cacheWrite1h = cacheWrite1h
    }
}
