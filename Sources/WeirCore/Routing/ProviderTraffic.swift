/// What is in flight at which provider, and which models are kept from: the one value that is asked
/// before anything is sent, and told how it went.
package struct ProviderTraffic: Sendable {
    private var breakers: CircuitBreakers
    private var limits: [ProviderName: ConcurrencyLimit]
    /// The permits that weren't ended yet; no more than the limits together.
    private var live: Set<Int> = []
    private var lastPermit = 0

    /// Goes with one call to one provider; ended once, whatever happens.
    package struct Permit: Sendable, Equatable {
        package let key: CircuitBreakers.Key
        /// Whether this call decides if the provider is back.
        package let isProbe: Bool
        fileprivate let number: Int
        fileprivate let ticket: CircuitBreaker.Ticket
    }

    package enum Admission: Sendable, Equatable {
        case admitted(Permit)
        /// As many calls as the provider may have are in flight.
        case full
        /// Its breaker keeps calls away. Seconds, at least one, until another try makes sense.
        case broken(retryAfter: Int)
    }

    /// - Parameter limits: of calls in flight at each provider; one that isn't named has none.
    package init(
        rules: BreakerRules, limits: [ProviderName: Int], capacity: Int = 1_024
    ) {
        breakers = CircuitBreakers(rules: rules, capacity: capacity)
        self.limits = limits.mapValues { ConcurrencyLimit($0) }
    }

    /// Takes a place for one call, or nothing. A full provider isn't probed.
    package mutating func admit(
        _ provider: ProviderName, _ model: ModelName, at now: Timestamp, dice: UInt64
    ) -> Admission {
        let key = CircuitBreakers.Key(provider: provider, model: model)
        if let limit = limits[provider], limit.isFull {
            _ = limits[provider]?.take()
            return .full
        }
        switch breakers.admit(key, at: now, dice: dice) {
        case .refused(let seconds): return .broken(retryAfter: seconds)
        case .admitted(let ticket): return .admitted(permit(key, ticket, isProbe: false))
        case .probe(let ticket): return .admitted(permit(key, ticket, isProbe: true))
        }
    }

    /// Takes a place for a call that has waited; `admitReserved` follows, once.
    package mutating func reserve(_ provider: ProviderName) -> Bool {
        guard let limit = limits[provider] else { return true }
        return limit.isFull ? false : limits[provider]?.take() ?? true
    }

    /// As `admit`, for a call whose place was reserved. The place is free again where its breaker
    /// keeps it away.
    package mutating func admitReserved(
        _ provider: ProviderName, _ model: ModelName, at now: Timestamp, dice: UInt64
    ) -> Admission {
        limits[provider]?.giveBack()
        return admit(provider, model, at: now, dice: dice)
    }

    /// Tells how a call went, as soon as that is known: for a stream at its end, for one that is a
    /// probe at its first token.
    package mutating func record(
        _ outcome: BreakerOutcome, of permit: Permit, at now: Timestamp
    ) {
        breakers.record(outcome, permit.key, ticket: permit.ticket, at: now)
    }

    /// Gives the place back. A probe of which nothing was recorded makes room for another. Ending
    /// twice is harmless.
    package mutating func end(_ permit: Permit, at now: Timestamp) {
        guard live.remove(permit.number) != nil else { return }
        limits[permit.key.provider]?.giveBack()
        breakers.record(.neutral, permit.key, ticket: permit.ticket, at: now)
    }

    /// The breakers' changes of state since the last call.
    package mutating func takeChanges() -> [CircuitBreakers.Change] { breakers.takeChanges() }

    /// Every limited provider as it is now, by name.
    package func snapshots(at now: Timestamp) -> [ProviderSnapshot] {
        limits.sorted { $0.key.description < $1.key.description }.map { name, limit in
            ProviderSnapshot(
                provider: name, inFlight: limit.inFlight, limit: limit.limit,
                refused: limit.refused, models: breakers.snapshots(of: name, at: now))
        }
    }

    private mutating func permit(
        _ key: CircuitBreakers.Key, _ ticket: CircuitBreaker.Ticket, isProbe: Bool
    ) -> Permit {
        _ = limits[key.provider]?.take()
        lastPermit += 1
        live.insert(lastPermit)
        return Permit(key: key, isProbe: isProbe, number: lastPermit, ticket: ticket)
    }
}
