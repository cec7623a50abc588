/// When a circuit breaker opens, and how it recovers.
package struct BreakerRules: Sendable, Equatable {
    /// Failures in a row that open it.
    package var failures = 5
    /// How far back calls are counted for the rate.
    package var window = Duration.seconds(30)
    /// Per cent of the calls in the window: that many failures open it.
    package var rate = 50
    /// Calls in the window below which the rate says nothing.
    package var minimumCalls = 20
    /// How long it stays open at first; each opening without recovery doubles it.
    package var coolDown = Duration.seconds(10)
    /// No cool-down is longer, whatever the provider asks for; nor is the wait for a probe.
    package var longestCoolDown = Duration.seconds(300)
    /// How long the admitted share rises after recovery; zero admits everything at once.
    package var slowStart = Duration.seconds(30)

    package init() {}

    /// The share of calls, in thousandths, that slow start begins with.
    static let firstShare: Int64 = 100

    /// The cool-down after so many openings without recovery.
    ///
    /// - Parameter asked: seconds that the provider asked to be left alone.
    func coolDown(openings: Int, asked: Int?) -> Duration {
        var time = bounded(coolDown)
        for _ in 0..<min(openings, 64) where time < bounded(longestCoolDown) { time *= 2 }
        return min(max(time, rest(asked ?? 0)), bounded(longestCoolDown))
    }

    /// What a provider asked for, capped.
    func rest(_ seconds: Int) -> Duration {
        min(.seconds(max(seconds, 0)), bounded(longestCoolDown))
    }

    /// Within what arithmetic on milliseconds can carry: about 30 years.
    func bounded(_ time: Duration) -> Duration { min(max(time, .zero), .seconds(1_000_000_000)) }
}

/// How a call ended, in what it says about the provider's health.
package enum BreakerOutcome: Sendable, Equatable {
    case success
    /// A timeout, a reset, a provider's own error, a 429, a 2xx that is no answer.
    ///
    /// - Parameter retryAfter: seconds that the provider asked to be left alone.
    case failure(retryAfter: Int?)
    /// It says nothing: the caller's own mistake, or never sent because of a limit of ours.
    case neutral
}
