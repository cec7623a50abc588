/// The breakers of every provider and model in use; at most `capacity`, whatever names callers
/// come up with.
package struct CircuitBreakers: Sendable {
    private let rules: BreakerRules
    private let capacity: Int
    private var entries: [Key: Entry] = [:]
    /// Rises with every admission; tells which breaker was used last, and old tickets from new.
    private var uses = 0
    private var changes: [Change] = []

    package struct Key: Sendable, Hashable {
        package let provider: ProviderName
        package let model: ModelName

        package init(provider: ProviderName, model: ModelName) {
            self.provider = provider
            self.model = model
        }
    }

    fileprivate struct Entry: Sendable {
        var breaker: CircuitBreaker
        var lastUse: Int
    }

    /// A breaker that went from one state to another.
    package struct Change: Sendable, Equatable {
        package let key: Key
        package let before: BreakerSnapshot.State
        package let after: BreakerSnapshot.State
        package let at: Timestamp
    }

    /// Changes kept until somebody takes them; the oldest are dropped.
    package static let mostChanges = 256

    package init(rules: BreakerRules, capacity: Int = 1_024) {
        self.rules = rules
        self.capacity = max(1, capacity)
    }

    package var count: Int { entries.count }

    /// Decides about one call, see `CircuitBreaker.admit`.
    package mutating func admit(
        _ key: Key, at now: Timestamp, dice: UInt64
    ) -> CircuitBreaker.Admission {
        uses += 1
        if entries[key] == nil {
            makeRoom()
            let breaker = CircuitBreaker(rules: rules, serial: uses, at: now)
            entries[key] = Entry(breaker: breaker, lastUse: uses)
        }
        entries[key]?.lastUse = uses
        // The entry was made above where it was missing.
        return watch(key, at: now) { $0.admit(at: now, dice: dice) } ?? .refused(retryAfter: 1)
    }

    /// Takes in how an admitted call ended, see `CircuitBreaker.record`.
    package mutating func record(
        _ outcome: BreakerOutcome, _ key: Key, ticket: CircuitBreaker.Ticket, at now: Timestamp
    ) {
        watch(key, at: now) { $0.record(outcome, ticket: ticket, at: now) }
    }

    /// The changes of state since the last call, to be announced and written down.
    package mutating func takeChanges() -> [Change] {
        defer { changes = [] }
        return changes
    }

    /// Every breaker of one provider as it is now, by model.
    package func snapshots(
        of provider: ProviderName, at now: Timestamp
    ) -> [ProviderSnapshot.Model] {
        entries.filter { $0.key.provider == provider }
            .map { .init(name: $0.key.model, breaker: .init($0.value.breaker, at: now)) }
            .sorted { $0.name.description < $1.name.description }
    }

    @discardableResult
    private mutating func watch<Result>(
        _ key: Key, at now: Timestamp, _ body: (inout CircuitBreaker) -> Result
    ) -> Result? {
        guard let index = entries.index(forKey: key) else { return nil }
        let before = BreakerSnapshot.State(entries.values[index].breaker.state)
        let result = body(&entries.values[index].breaker)
        let after = BreakerSnapshot.State(entries.values[index].breaker.state)
        if before != after {
            if changes.count >= CircuitBreakers.mostChanges { changes.removeFirst() }
            changes.append(Change(key: key, before: before, after: after, at: now))
        }
        return result
    }

    /// Gives up the breaker that is missed least: of those without a failure the one that was used
    /// longest ago, else of those that admit calls.
    private mutating func makeRoom() {
        guard entries.count >= capacity else { return }
        let victim = entries.min { left, right in
            (left.value.worth, left.value.lastUse) < (right.value.worth, right.value.lastUse)
        }
        if let victim { entries[victim.key] = nil }
    }
}

extension CircuitBreakers.Entry {
    fileprivate var worth: Int {
        switch breaker.state {
        case .closed: breaker.failuresInRow == 0 ? 0 : 1
        case .slowStart: 2
        case .resting, .open, .halfOpen: 3
        }
    }
}
