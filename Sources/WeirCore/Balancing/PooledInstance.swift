/// An instance's name within its pool.
package typealias InstanceName = Slug

/// What a pool knows of one instance. Times are milliseconds of the pool's own clock.
struct PooledInstance: Sendable, Equatable {
    let name: InstanceName
    var inFlight = 0
    /// Takes no new call, and leaves when it has none in flight.
    var isDraining = false
    /// Out by health checks. Left by checks that succeed.
    private(set) var isOut = false
    /// Of checks that contradict `isOut`.
    private var checksInRow = 0
    /// Ejected by failed calls. Left when the time is over.
    private(set) var ejectedUntil: Int64?
    private var failuresInRow = 0
    /// Since it was last well.
    private(set) var ejections = 0
    /// When its share began to rise; nil: it has the whole.
    private var risingSince: Int64?
    private(set) var estimate: LatencyEstimate?
    /// Rises with each ejection: what was sent before says nothing about the time after it.
    private(set) var generation = 0
    /// For round robin: how far its turn is due.
    var credit: Int64 = 0
    private(set) var counts = InstanceCounts()

    init(name: InstanceName, risingSince: Int64?) {
        self.name = name
        self.risingSince = risingSince
    }

    var isHealthy: Bool { !isOut && ejectedUntil == nil }
    var isEligible: Bool { isHealthy && !isDraining }

    /// Thousandths of a full share.
    func share(at now: Int64, _ rules: BalancingRules) -> Int64 {
        let whole = rules.bounded(rules.slowStart)
        guard let risingSince, whole > 0 else { return 1_000 }
        let elapsed = max(0, now - risingSince)
        return elapsed >= whole ? 1_000 : max(BalancingRules.firstShare, elapsed * 1_000 / whole)
    }

    /// Carries out what time alone changes.
    mutating func advance(to now: Int64) {
        guard let until = ejectedUntil, now >= until else { return }
        ejectedUntil = nil
        risingSince = until
    }

    mutating func begin() {
        inFlight += 1
        counts.calls += 1
    }

    mutating func check(passed: Bool, at now: Int64, _ rules: BalancingRules) {
        guard passed == isOut else {
            checksInRow = 0
            return
        }
        checksInRow += 1
        guard checksInRow >= (passed ? rules.passedChecks : rules.failedChecks) else { return }
        checksInRow = 0
        isOut = !passed
        if passed { risingSince = now }
    }

    mutating func succeed(took: Int64, at now: Int64, _ rules: BalancingRules) {
        learn(took, at: now, rules)
        failuresInRow = 0
        if ejectedUntil == nil, share(at: now, rules) == 1_000 { ejections = 0 }
    }

    /// - Returns: Whether it has failed often enough to be ejected.
    mutating func fail(took: Int64, at now: Int64, _ rules: BalancingRules) -> Bool {
        counts.failures += 1
        // One that fails at once must not look fast.
        if let estimate {
            let known = estimate.value(at: now, memory: rules.bounded(rules.memory)) / 1_000
            learn(max(took, known), at: now, rules)
        }
        failuresInRow = min(failuresInRow + 1, 1_000_000)
        return failuresInRow >= rules.failedCalls && ejectedUntil == nil
    }

    mutating func eject(at now: Int64, _ rules: BalancingRules) {
        ejectedUntil = now + rules.ejectionTime(after: ejections)
        ejections = min(ejections + 1, 1_000_000)
        failuresInRow = 0
        generation += 1
        counts.ejections += 1
    }

    private mutating func learn(_ took: Int64, at now: Int64, _ rules: BalancingRules) {
        let memory = rules.bounded(rules.memory)
        if estimate == nil { estimate = LatencyEstimate(took: took, at: now) }
        estimate?.add(took: took, at: now, memory: memory)
    }
}

/// Since the instance came into its pool.
package struct InstanceCounts: Sendable, Equatable {
    package var calls = 0
    package var failures = 0
    package var ejections = 0

    package init() {}
}
