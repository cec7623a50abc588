/// An instance as the operator sees it.
package struct InstanceSnapshot: Sendable, Equatable {
    package let name: InstanceName
    package let state: State
    package let inFlight: Int
    /// Thousandths of a full share; rises in slow start.
    package let share: Int
    /// What a call is expected to take to its last byte; nil while nothing is known.
    package let expectedMilliseconds: Int64?
    package let counts: InstanceCounts

    package enum State: Sendable, Equatable {
        /// Takes calls.
        case healthy
        /// Too many calls failed; so long still.
        case ejected(for: Duration)
        /// Health checks fail.
        case unhealthy
        /// Finishes what it has, then leaves.
        case draining
    }

    init(_ instance: PooledInstance, at clock: Int64, _ rules: BalancingRules) {
        name = instance.name
        inFlight = instance.inFlight
        share = Int(instance.share(at: clock, rules))
        let memory = rules.bounded(rules.memory)
        expectedMilliseconds = instance.estimate.map { $0.value(at: clock, memory: memory) / 1_000 }
        counts = instance.counts
        if instance.isDraining {
            state = .draining
        } else if instance.isOut {
            state = .unhealthy
        } else if let until = instance.ejectedUntil {
            state = .ejected(for: .milliseconds(max(0, until - clock)))
        } else {
            state = .healthy
        }
    }
}
