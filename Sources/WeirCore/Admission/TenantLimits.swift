/// What one tenant may ask for, in the place of its tier's figures; nil: the tier's figure. Zero is
/// no limit, as a burst no more than the calls come evenly.
package struct TenantLimits: Sendable, Hashable {
    /// Calls, at most `mostCalls`.
    package var perMinute: Int?
    /// Calls, at most `mostCalls`.
    package var burst: Int?
    /// At most `RateLimit.most`.
    package var tokensPerMinute: Int?
    /// Calls in flight, at most `mostConcurrent`.
    package var concurrent: Int?

    package init(
        perMinute: Int? = nil, burst: Int? = nil, tokensPerMinute: Int? = nil,
        concurrent: Int? = nil
    ) {
        self.perMinute = perMinute
        self.burst = burst
        self.tokensPerMinute = tokensPerMinute
        self.concurrent = concurrent
    }

    package static let mostCalls = 10_000_000
    package static let mostConcurrent = 1_000_000
    /// Where calls have a limit, and nobody says what may come at once.
    package static let standardBurst = 20

    /// The figures in force, where a tier has these.
    package func over(_ tier: CallLimits) -> CallLimits {
        var limits = tier
        let calls = perMinute ?? tier.calls.map { Int($0.perMinute) } ?? 0
        let burst = burst ?? tier.calls.map { Int($0.burst) } ?? TenantLimits.standardBurst
        limits.calls = calls > 0 ? RateLimit(perMinute: calls, burst: burst) : nil
        let own = CallLimits(
            tokensPerMinute: tokensPerMinute.flatMap { $0 > 0 ? $0 : nil },
            concurrent: concurrent.flatMap { $0 > 0 ? $0 : nil })
        if tokensPerMinute != nil { limits.tokens = own.tokens }
        if concurrent != nil { limits.concurrent = own.concurrent }
        return limits
    }
}
