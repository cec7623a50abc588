extension InstancePool {
    /// One out of the given ones, of which there is at least one.
    mutating func pick(_ candidates: [Int], dice: UInt64, clock: Int64) -> Int {
        switch rules.method {
        case .leastTime: leastTime(candidates, dice, clock)
        case .roundRobin: roundRobin(candidates, clock)
        case .leastConnections: leastConnections(candidates, dice, clock)
        }
    }

    /// Two drawn by lot are enough to keep away from the worst, and not all callers run to the
    /// best at once.
    private func leastTime(_ candidates: [Int], _ dice: UInt64, _ clock: Int64) -> Int {
        let (first, rest) = dice.multipliedFullWidth(by: UInt64(candidates.count))
        guard candidates.count > 1 else { return candidates[0] }
        let other = rest.multipliedFullWidth(by: UInt64(candidates.count - 1)).high
        let one = candidates[Int(first)]
        let two = candidates[Int(other >= first ? other + 1 : other)]
        let usual = usualTime(candidates, clock)
        return cost(of: two, usual, clock) < cost(of: one, usual, clock) ? two : one
    }

    /// Microseconds, at least one: what is assumed of those of which nothing is known.
    private func usualTime(_ candidates: [Int], _ clock: Int64) -> Int64 {
        let memory = rules.bounded(rules.memory)
        let known = candidates.compactMap {
            instances[$0].estimate?.value(at: clock, memory: memory)
        }
        return known.isEmpty ? 1 : known.reduce(0, +) / Int64(known.count) + 1
    }

    /// At most 4 × 10⁹ × 10⁵ × 10³ ÷ 10², far from the end of Int64.
    private func cost(of index: Int, _ usual: Int64, _ clock: Int64) -> Int64 {
        let instance = instances[index]
        let estimate = instance.estimate?.value(at: clock, memory: rules.bounded(rules.memory))
        let time = estimate.map { $0 + 1 } ?? usual
        return time * Int64(instance.inFlight + 1) * 1_000 / instance.share(at: clock, rules)
    }

    /// Every turn gives each one its share, and costs the one that is chosen the sum of all: turns
    /// are spread evenly, whatever the shares.
    private mutating func roundRobin(_ candidates: [Int], _ clock: Int64) -> Int {
        var sum: Int64 = 0
        var best = candidates[0]
        for index in candidates {
            let share = instances[index].share(at: clock, rules)
            sum += share
            give(share, to: index)
            if instances[index].credit > instances[best].credit { best = index }
        }
        give(-sum, to: best)
        return best
    }

    /// Where several have as few, lots are drawn: the dice say where the search begins.
    private func leastConnections(_ candidates: [Int], _ dice: UInt64, _ clock: Int64) -> Int {
        let start = Int(dice.multipliedFullWidth(by: UInt64(candidates.count)).high)
        let turned = candidates[start...] + candidates[..<start]
        func load(_ index: Int) -> Int64 {
            Int64(instances[index].inFlight + 1) * 1_000_000
                / instances[index].share(at: clock, rules)
        }
        return turned.min { load($0) < load($1) } ?? candidates[0]
    }
}
