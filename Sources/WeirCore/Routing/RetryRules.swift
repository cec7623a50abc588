/// What is done after an attempt that gave no answer. Two copies of a call are never in flight.
package struct RetryRules: Sendable, Equatable {
    /// Attempts of one call that may reach the ledger, on all its routes together.
    package var attempts = 3
    /// More tries on the same route, where an attempt was neither sent nor billed.
    package var retries = 1
    /// The wait before the first of them is up to this long; it doubles each time.
    package var base = Duration.milliseconds(200)
    /// No wait is longer; where the provider asks for more, the next route is tried.
    package var cap = Duration.seconds(2)

    package init() {}

    package enum Decision: Sendable, Equatable {
        /// The caller hears of this attempt's ending.
        case stop
        /// The next route; where there is none, as `stop`.
        case nextRoute
        case retry(after: Duration)
    }

    /// - Parameters:
    ///   - tries: attempts on this route so far, this one included.
    ///   - attempts: attempts on all routes so far; what was held back is none.
    ///   - wasCharged: whether the attempt cost anything. It isn't repeated on its route then.
    ///   - dice: uniform over all of UInt64; decides how long the wait is.
    package func decide(
        after ending: AttemptEnding, tries: Int, attempts: Int, wasCharged: Bool, dice: UInt64
    ) -> Decision {
        switch ending.consequence {
        case .final: return .stop
        case .elsewhere: return attempts < self.attempts ? .nextRoute : .stop
        case .again(let asked):
            guard attempts < self.attempts else { return .stop }
            guard !wasCharged, tries <= retries, let wait = wait(tries, asked, dice) else {
                return .nextRoute
            }
            return .retry(after: wait)
        }
    }

    /// Full jitter: uniform between zero and the bound. Nil where the provider asked for too long.
    private func wait(_ tries: Int, _ asked: Int?, _ dice: UInt64) -> Duration? {
        let asked = Duration.seconds(max(asked ?? 0, 0))
        guard asked <= cap else { return nil }
        var bound = base
        for _ in 1..<max(1, min(tries, 64)) where bound < cap { bound *= 2 }
        let milliseconds = UInt64(clamping: min(bound, cap).wholeMilliseconds)
        let chosen = dice.multipliedFullWidth(by: milliseconds &+ 1).high
        return max(.milliseconds(Int64(clamping: chosen)), asked)
    }
}

/// How an attempt ended, in what matters for what comes next.
package enum AttemptEnding: Sendable, Equatable {
    case answered
    /// Nothing was sent: a breaker or a limit of our own kept it back.
    case heldBack
    /// Nothing was sent: the budget has no room for its worst case.
    case overBudget
    /// Nothing was sent: name, connection or TLS failed.
    case notSent
    /// An error reply. `retryAfter` in seconds.
    case refused(ProviderFailure.Kind, retryAfter: Int?)
    /// Sent, and no whole reply came back, or none in time.
    case lost
    /// A 2xx that is no answer.
    case defective
    /// It broke off after a byte of it had gone to the client.
    case cut
    /// The client left, and the rest wasn't waited for.
    case abandoned
}

extension AttemptEnding {
    fileprivate enum Consequence {
        case final
        /// Only on another route.
        case elsewhere
        /// On the same route first.
        case again(asked: Int?)
    }

    fileprivate var consequence: Consequence {
        switch self {
        case .answered, .overBudget, .refused(.badRequest, _), .cut, .abandoned: .final
        case .heldBack, .refused(.account, _), .refused(.unknown, _), .lost, .defective:
            .elsewhere
        case .notSent: .again(asked: nil)
        case .refused(.rateLimited, let asked), .refused(.unavailable, let asked):
            .again(asked: asked)
        }
    }

    /// What it says about the provider's health.
    package var outcome: BreakerOutcome {
        switch self {
        case .answered: .success
        case .heldBack, .overBudget, .abandoned, .refused(.badRequest, _): .neutral
        case .refused(.rateLimited, let asked), .refused(.unavailable, let asked):
            .failure(retryAfter: asked)
        case .notSent, .refused(.account, _), .refused(.unknown, _), .lost, .defective, .cut:
            .failure(retryAfter: nil)
        }
    }
}
