import Testing
import WeirCore
import WeirTesting

/// Pools in simulated traffic, each replayed from its seed.
@Suite struct BalancingSimulationTests {
    /// Takes so many milliseconds for a call.
    private typealias Speeds = [InstanceName: Int64]

    private let names: [InstanceName]

    init() throws { names = try ["a", "b", "c"].map { try #require(InstanceName($0)) } }

    /// A call every 20 ms for so many seconds; calls by instance.
    private func run(
        _ pool: inout InstancePool, from start: Int64, seconds: Int64, _ speeds: Speeds,
        _ random: inout SplitMix
    ) -> [InstanceName: Int] {
        var counts: [InstanceName: Int] = [:]
        var inFlight: [(lease: InstanceLease, due: Int64)] = []
        for now in stride(from: start, to: start + seconds * 1_000, by: 20) {
            let moment = Timestamp(milliseconds: now)
            for call in inFlight where call.due <= now {
                pool.end(call.lease, .success, at: moment)
            }
            inFlight.removeAll { $0.due <= now }
            guard case .leased(let lease) = pool.choose(at: moment, dice: random.next()) else {
                continue
            }
            counts[lease.instance, default: 0] += 1
            let time = speeds[lease.instance] ?? 100
            let jitter = Int64.random(in: 0...(time / 5), using: &random)
            inFlight.append((lease, now + time + jitter))
        }
        for call in inFlight {
            pool.end(call.lease, .neutral, at: Timestamp(milliseconds: start + seconds * 1_000))
        }
        return counts
    }

    private func pool(_ method: BalancingMethod) -> InstancePool {
        var rules = BalancingRules()
        rules.method = method
        var pool = InstancePool(rules: rules, at: Timestamp(milliseconds: 0))
        pool.set(names, at: Timestamp(milliseconds: 0))
        return pool
    }

    @Test(arguments: BalancingMethod.allCases, [1, 2, 3] as [UInt64])
    func `equal instances get equal shares`(method: BalancingMethod, seed: UInt64) {
        var random = SplitMix(seed: seed)
        var pool = pool(method)
        let counts = run(&pool, from: 0, seconds: 60, [:], &random)
        let bounds = method == .roundRobin ? 1_000...1_000 : 800...1_200
        for name in names { #expect(bounds.contains(counts[name] ?? 0), "seed \(seed): \(counts)") }
    }

    @Test(arguments: [BalancingMethod.leastTime, .leastConnections], [1, 2, 3] as [UInt64])
    func `one that is five times slower gets less, and as much again when it is well`(
        method: BalancingMethod, seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        var pool = pool(method)
        let slow: Speeds = [names[1]: 500]
        let during = run(&pool, from: 0, seconds: 60, slow, &random)
        let most = method == .leastTime ? 500 : 800
        #expect((1...most).contains(during[names[1]] ?? 0), "seed \(seed): \(during)")
        _ = run(&pool, from: 60_000, seconds: 30, [:], &random)
        let after = run(&pool, from: 90_000, seconds: 60, [:], &random)
        #expect((after[names[1]] ?? 0) > 800, "seed \(seed): \(after)")
    }

    @Test(arguments: BalancingMethod.allCases)
    func `one that is back gets little at first`(method: BalancingMethod) {
        var random = SplitMix(seed: 7)
        var pool = pool(method)
        pool.check(names[2], passed: false, at: Timestamp(milliseconds: 0))
        let none = run(&pool, from: 0, seconds: 10, [:], &random)[names[2]]
        #expect(none == nil)
        pool.check(names[2], passed: true, at: Timestamp(milliseconds: 10_000))
        let first = run(&pool, from: 10_000, seconds: 3, [:], &random)[names[2]] ?? 0
        _ = run(&pool, from: 13_000, seconds: 37, [:], &random)
        let later = run(&pool, from: 50_000, seconds: 3, [:], &random)[names[2]] ?? 0
        #expect(first < 30 && later > first, "\(method): \(first) then \(later) of 150")
    }

    @Test func `the dice draw every pair`() {
        var random = SplitMix(seed: 3)
        var pool = pool(.leastTime)
        var seen: Set<InstanceName> = []
        for _ in 0..<100 {
            let moment = Timestamp(milliseconds: 0)
            guard case .leased(let lease) = pool.choose(at: moment, dice: random.next()) else {
                continue
            }
            seen.insert(lease.instance)
            pool.end(lease, .neutral, at: moment)
        }
        #expect(seen == Set(names))
    }
}
