/// The tokens of one attempt, one convention for all providers.
///
/// `input` holds everything that was read, cached or not; `output` everything that was generated,
/// reasoning included. The parts never exceed their whole: the initialiser refuses otherwise.
package struct TokenUsage: Sendable, Hashable {
    package let input: Int64
    package let output: Int64
    /// Part of `input` that came from the provider's prompt cache.
    package let cacheRead: Int64
    /// Part of `input` that was written to a cache for five minutes, and for an hour.
    package let cacheWrite5m: Int64
    package let cacheWrite1h: Int64
    /// Part of `output` that the caller doesn't see.
    package let reasoning: Int64
    /// Searches that the provider ran and bills per call.
    package let webSearches: Int64
    /// The provider's word for the tier that it served at; nil is its standard tier.
    package let serviceTier: ServiceTier?

    /// Nil where a count is negative, above 2⁴⁰, or a part exceeds its whole.
    package init?(
        input: Int64, output: Int64, cacheRead: Int64 = 0, cacheWrite5m: Int64 = 0,
        cacheWrite1h: Int64 = 0, reasoning: Int64 = 0, webSearches: Int64 = 0,
        serviceTier: ServiceTier? = nil
    ) {
        let counts = [
            input, output, cacheRead, cacheWrite5m, cacheWrite1h, reasoning, webSearches,
        ]
        guard counts.allSatisfy({ (0...TokenUsage.largestCount).contains($0) }) else { return nil }
        guard cacheRead + cacheWrite5m + cacheWrite1h <= input, reasoning <= output else {
            return nil
        }
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite5m = cacheWrite5m
        self.cacheWrite1h = cacheWrite1h
        self.reasoning = reasoning
        self.webSearches = webSearches
        self.serviceTier = serviceTier
    }

    package static let zero = TokenUsage(unchecked: 0)
    /// Far above any context window, far below where a sum could overflow.
    package static let largestCount: Int64 = 1 << 40

    package var total: Int64 { input + output }

    /// Input that was neither read from a cache nor written to one.
    package var uncachedInput: Int64 { input - cacheRead - cacheWrite5m - cacheWrite1h }

    private init(unchecked input: Int64) {
        self.input = input
        output = 0
        cacheRead = 0
        cacheWrite5m = 0
        cacheWrite1h = 0
        reasoning = 0
        webSearches = 0
        serviceTier = nil
    }

    private init(_ usage: TokenUsage, at tier: ServiceTier) {
        input = usage.input
        output = usage.output
        cacheRead = usage.cacheRead
        cacheWrite5m = usage.cacheWrite5m
        cacheWrite1h = usage.cacheWrite1h
        reasoning = usage.reasoning
        webSearches = usage.webSearches
        serviceTier = tier
    }

    /// The same tokens, served at a tier that is known from elsewhere.
    package func served(at tier: ServiceTier) -> TokenUsage { TokenUsage(self, at: tier) }
}

/// A price level of a provider beside its standard one.
package enum ServiceTier: String, Sendable, Hashable, CaseIterable {
    case batch, flex, priority, fast
}
