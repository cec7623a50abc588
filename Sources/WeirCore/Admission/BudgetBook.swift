/// The counters of every budget in use: settled from the ledger, held in memory.
///
/// Money leaves `held` by a settlement or by proof that nothing was sent, never by time. A counter
/// has to be opened with what the ledger says before it can be held against.
package struct BudgetBook: Sendable {
    private var counters: [CounterKey: Counter] = [:]
    private var holds: [AttemptID: Hold] = [:]
    private var crossings: [ThresholdCrossing] = []
    /// Changes whenever counters are dropped: a figure that was read before is stale then.
    package private(set) var generation = 0

    package struct CounterKey: Sendable, Hashable {
        package let tenant: TenantID
        package let period: Period
        package let scope: BudgetScope

        package init(tenant: TenantID, period: Period, scope: BudgetScope) {
            self.tenant = tenant
            self.period = period
            self.scope = scope
        }
    }

    package struct Counter: Sendable, Equatable {
        package var settled: Money
        package var held: Money = .zero
        /// The thresholds (per cent) that were announced in this period.
        package var announced: Set<Int> = []
        /// How many holds stand on it; only an idle counter may be dropped.
        fileprivate var holds = 0
        /// The limit that the last admission saw, for threshold events.
        fileprivate var limit: BudgetLimit = .unlimited
    }

    private struct Hold: Sendable {
        let amount: Money
        let keys: [CounterKey]
    }

    package enum Admission: Sendable, Equatable {
        case held
        case refused(BudgetScope)
        /// These counters must be opened first.
        case unopened([CounterKey])
    }

    /// A budget that passed a threshold, told once per scope and period.
    package struct ThresholdCrossing: Sendable, Equatable {
        package let key: CounterKey
        package let percent: Int
        package let settled: Money
        package let limit: Money
    }

    package static let thresholds = [80, 100]

    package init() {}

    /// How many counters are in memory.
    package var count: Int { counters.count }

    package func counter(_ key: CounterKey) -> Counter? { counters[key] }

    /// Takes the ledger's figure for a counter that isn't open yet. A later figure is ignored, and
    /// so is one that was read before counters were dropped.
    package mutating func open(
        _ key: CounterKey, settled: Money, announced: Set<Int> = [], readAt generation: Int
    ) {
        guard counters[key] == nil, generation == self.generation else { return }
        counters[key] = Counter(settled: settled, announced: announced)
    }

    /// Takes the worst case from every scope, or from none.
    package mutating func hold(
        _ attempt: AttemptID, amount: Money, tenant: TenantID, period: Period,
        limits: [ScopeLimit]
    ) -> Admission {
        let keys = limits.map { CounterKey(tenant: tenant, period: period, scope: $0.scope) }
        let unopened = keys.filter { counters[$0] == nil }
        guard unopened.isEmpty else { return .unopened(unopened) }
        guard amount >= .zero, holds[attempt] == nil else { return .refused(.tenant) }
        for (key, limit) in zip(keys, limits) { watch(key, limit: limit.limit) }
        for (key, limit) in zip(keys, limits) {
            guard let counter = counters[key], counter.admits(amount, limit.limit) else {
                return .refused(key.scope)
            }
        }
        for key in keys { counters[key]?.take(amount) }
        holds[attempt] = Hold(amount: amount, keys: keys)
        return .held
    }

    /// Takes an earlier process's hold again, whatever the limits say by now: it was admitted.
    /// - Returns: counters that must be opened first; nothing is held then.
    package mutating func restore(
        _ attempt: AttemptID, amount: Money, keys: [CounterKey]
    ) -> [CounterKey] {
        let unopened = keys.filter { counters[$0] == nil }
        guard unopened.isEmpty, holds[attempt] == nil else { return unopened }
        for key in keys { counters[key]?.take(amount) }
        holds[attempt] = Hold(amount: amount, keys: keys)
        return []
    }

    /// Ends a hold with what the attempt cost, also above the hold. Ending it twice is harmless.
    package mutating func settle(_ attempt: AttemptID, cost: Money) {
        guard let hold = holds.removeValue(forKey: attempt) else { return }
        for key in hold.keys {
            counters[key]?.end(hold.amount)
            add(cost, to: key)
        }
    }

    /// Ends a hold of which nothing was sent.
    package mutating func release(_ attempt: AttemptID) {
        guard let hold = holds.removeValue(forKey: attempt) else { return }
        for key in hold.keys { counters[key]?.end(hold.amount) }
    }

    /// Books a correction on a counter, where it is open.
    package mutating func adjust(_ key: CounterKey, by amount: Money) { add(amount, to: key) }

    /// Drops counters that nothing is held on; their settled figure is in the ledger.
    package mutating func dropIdle() {
        counters = counters.filter { $0.value.holds > 0 }
        generation &+= 1
    }

    /// The thresholds passed since the last call, to be announced.
    package mutating func takeCrossings() -> [ThresholdCrossing] {
        defer { crossings = [] }
        return crossings
    }

    private mutating func add(_ cost: Money, to key: CounterKey) {
        guard counters[key] != nil else { return }
        counters[key]?.add(cost)
        noteCrossings(key)
    }

    /// Keeps the limit in force; a lowered one may be passed at once.
    private mutating func watch(_ key: CounterKey, limit: BudgetLimit) {
        guard let counter = counters[key], counter.limit != limit else { return }
        counters[key]?.limit = limit
        noteCrossings(key)
    }

    private mutating func noteCrossings(_ key: CounterKey) {
        guard var counter = counters[key] else { return }
        for (percent, limit) in counter.cross() {
            crossings.append(
                ThresholdCrossing(
                    key: key, percent: percent, settled: counter.settled, limit: limit))
        }
        counters[key] = counter
    }
}

extension BudgetBook.Counter {
    fileprivate func admits(_ amount: Money, _ limit: BudgetLimit) -> Bool {
        guard let used = settled.adding(held), let next = used.adding(amount) else { return false }
        switch limit {
        case .unlimited: return true
        // A zero limit blocks even what costs nothing.
        case .capped(let cap): return cap > .zero && next <= cap
        }
    }

    fileprivate mutating func take(_ amount: Money) {
        held = held.saturatingAdd(amount)
        holds += 1
    }

    fileprivate mutating func add(_ cost: Money) { settled = settled.saturatingAdd(cost) }

    fileprivate mutating func end(_ amount: Money) {
        held = held.saturatingSubtract(amount)
        holds -= 1
    }

    /// The thresholds newly reached: settled × 100 ≥ limit × threshold.
    fileprivate mutating func cross() -> [(Int, Money)] {
        guard case .capped(let cap) = limit, cap > .zero, settled > .zero else { return [] }
        var reached: [(Int, Money)] = []
        for percent in BudgetBook.thresholds where !announced.contains(percent) {
            let used = settled.nanos.multipliedFullWidth(by: 100)
            let mark = cap.nanos.multipliedFullWidth(by: Int64(percent))
            if (used.high, used.low) >= (mark.high, mark.low) {
                announced.insert(percent)
                reached.append((percent, cap))
            }
        }
        return reached
    }
}
