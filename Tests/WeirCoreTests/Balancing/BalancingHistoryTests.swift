import Testing
import WeirCore
import WeirTesting

/// Random histories: instances come, go, die and are back, the clock jumps.
@Suite struct BalancingHistoryTests {
    private let names: [InstanceName]

    init() throws { names = try (0..<6).map { try #require(InstanceName("i\($0)")) } }

    private func rules(_ random: inout SplitMix) -> BalancingRules {
        var rules = BalancingRules()
        rules.method = BalancingMethod.allCases.randomElement(using: &random) ?? .leastTime
        rules.mostInFlight = Int.random(in: 1...4, using: &random)
        rules.failedChecks = Int.random(in: 1...3, using: &random)
        rules.passedChecks = Int.random(in: 1...3, using: &random)
        rules.failedCalls = Int.random(in: 1...4, using: &random)
        rules.ejectedShare = Int.random(in: 0...100, using: &random)
        return rules
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `every choice is sound, and the counts add up`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var pool = InstancePool(rules: rules(&random), at: Timestamp(milliseconds: 0))
        var now: Int64 = 0
        var open: [InstanceLease] = []
        for step in 0..<600 {
            now += Int64.random(in: -50...2_000, using: &random)
            let moment = Timestamp(milliseconds: now)
            let name = names.randomElement(using: &random) ?? names[0]
            switch Int.random(in: 0..<20, using: &random) {
            case 0: pool.set(names.filter { _ in Bool.random(using: &random) }, at: moment)
            case 1: pool.drain(name, at: moment)
            case 2...5: pool.check(name, passed: Bool.random(using: &random), at: moment)
            case 6...12: choose(&pool, moment, excluding: name, &open, &random, "\(seed), \(step)")
            default:
                guard let index = open.indices.randomElement(using: &random) else { continue }
                let outcome = InstanceOutcome.allCases.randomElement(using: &random) ?? .neutral
                let lease = open.remove(at: index)
                pool.end(lease, outcome, at: moment)
                pool.end(lease, outcome, at: moment)
            }
            verify(pool, moment, open, "seed \(seed), step \(step)")
        }
    }

    private func choose(
        _ pool: inout InstancePool, _ moment: Timestamp, excluding name: InstanceName,
        _ open: inout [InstanceLease], _ random: inout SplitMix, _ place: String
    ) {
        let before = pool.snapshots(at: moment)
        let healthy = before.filter { $0.state == .healthy && $0.name != name }
        let free = healthy.filter { $0.inFlight < pool.rules.mostInFlight }.map(\.name)
        switch pool.choose(at: moment, dice: random.next(), excluding: [name]) {
        case .leased(let lease):
            #expect(free.contains(lease.instance), "\(place): \(before)")
            open.append(lease)
        case .refused(.allFull): #expect(!healthy.isEmpty && free.isEmpty, "\(place)")
        case .refused(.noneHealthy(let seconds)):
            #expect(healthy.isEmpty && seconds >= 1, "\(place)")
        }
    }

    private func verify(
        _ pool: InstancePool, _ moment: Timestamp, _ open: [InstanceLease], _ place: String
    ) {
        let now = pool.snapshots(at: moment)
        #expect(now.map(\.inFlight).reduce(0, +) == open.count, "\(place)")
        for one in now {
            #expect(one.inFlight == open.count { $0.instance == one.name }, "\(place)")
            #expect(one.state != .draining || one.inFlight > 0, "\(place)")
            #expect(one.inFlight <= pool.rules.mostInFlight, "\(place)")
        }
    }
}
