/// A provider's traffic at one moment, for people to read.
package struct ProviderSnapshot: Sendable, Equatable {
    package let provider: ProviderName
    package let inFlight: Int
    package let limit: Int
    /// Calls that found it full, since the start.
    package let refused: Int
    /// By model; only models that were called.
    package let models: [Model]

    package struct Model: Sendable, Equatable {
        package let name: ModelName
        package let breaker: BreakerSnapshot
    }
}

/// A breaker at one moment.
package struct BreakerSnapshot: Sendable, Equatable {
    package let state: State
    package let since: Timestamp
    package let failuresInRow: Int
    /// When the state ends by itself: the next probe where it is open, full admission in slow
    /// start. Nil where only a call's outcome ends it.
    package let until: Timestamp?

    package enum State: String, Sendable, CaseIterable {
        case closed, resting, open
        case halfOpen = "half_open"
        case slowStart = "slow_start"
    }

    package init(_ breaker: CircuitBreaker, at now: Timestamp) {
        var breaker = breaker
        breaker.advance(to: now)
        state = State(breaker.state)
        since = breaker.since
        failuresInRow = breaker.failuresInRow
        switch breaker.state {
        case .closed, .halfOpen: until = nil
        case .resting(let moment), .open(let moment), .slowStart(let moment): until = moment
        }
    }
}

extension BreakerSnapshot.State {
    package init(_ state: CircuitBreaker.State) {
        switch state {
        case .closed: self = .closed
        case .resting: self = .resting
        case .open: self = .open
        case .halfOpen: self = .halfOpen
        case .slowStart: self = .slowStart
        }
    }
}
