extension ModelPrice {
    /// What a usage costs: every component rounded up to a nano by itself. Nil where the sum leaves
    /// Int64, or something was used that has no price.
    package func cost(of usage: TokenUsage) -> Money? {
        let card = card(input: usage.input, serviceTier: usage.serviceTier)
        let parts = [
            card.input.cost(of: usage.uncachedInput),
            (card.cacheRead ?? card.input).cost(of: usage.cacheRead),
            (card.cacheWrite5m ?? card.input).cost(of: usage.cacheWrite5m),
            (card.cacheWrite1h ?? card.input).cost(of: usage.cacheWrite1h),
            card.output.cost(of: usage.output),
            fee("web_search", calls: usage.webSearches),
            requestFee,
        ]
        var total = Money.zero
        for part in parts {
            guard let part, let sum = total.adding(part) else { return nil }
            total = sum
        }
        return total
    }

    /// The most that a request can cost: every input token at the dearest input rate and every
    /// output token at the dearest output rate of all the levels that such an input can reach.
    package func worstCase(input: Int64, output: Int64) -> Money? {
        var cards = [standard]
        for tier in tiers where input > tier.aboveInputTokens {
            cards.append(standard.replacing(by: tier.rates))
        }
        for card in cards {
            for service in serviceTiers.values {
                let base = card.replacing(by: service.rates)
                cards.append(base)
                for tier in service.tiers where input > tier.aboveInputTokens {
                    cards.append(base.replacing(by: tier.rates))
                }
            }
        }
        let dearestInput = cards.map(\.dearestInput).max() ?? standard.dearestInput
        let dearestOutput = cards.map(\.output).max() ?? standard.output
        // One nano more for each way in which the input can be split, since each part rounds up.
        guard let first = dearestInput.cost(of: input), let second = dearestOutput.cost(of: output),
            let sum = first.adding(second)
        else { return nil }
        return sum.adding(requestFee)?.adding(Money(nanos: 3))
    }

    /// What each answered request costs by itself: some models search on every call.
    private var requestFee: Money { perCall["request"] ?? .zero }

    /// Whether a model reads more than it is sent: one that searches on every call.
    var hasOpenInput: Bool { perCall["request"] != nil }

    /// Whether it prices all that a model of this name bills. OpenAI's search models search the web
    /// with every answer, unasked, at a fee for each, and read what they find.
    /// https://platform.openai.com/docs/pricing
    func covers(_ model: String) -> Bool {
        let searches = model.contains("-search-preview") || model.contains("-search-api")
        return !searches || perCall["request"] != nil
    }

    /// The card in force for an input of this length at this service tier.
    func card(input: Int64, serviceTier: ServiceTier?) -> RateCard {
        let tier = tiers.last { input > $0.aboveInputTokens }
        let service = serviceTier.flatMap { serviceTiers[$0] }
        let serviceTier = service?.tiers.last { input > $0.aboveInputTokens }
        return standard.replacing(by: tier?.rates)
            .replacing(by: service?.rates)
            .replacing(by: serviceTier?.rates)
    }

    private func fee(_ tool: String, calls: Int64) -> Money? {
        guard calls > 0 else { return .zero }
        // A fee that isn't known is no fee of zero.
        guard let fee = perCall[tool] else { return nil }
        let (nanos, overflow) = fee.nanos.multipliedReportingOverflow(by: calls)
        return overflow ? nil : Money(nanos: nanos)
    }
}
