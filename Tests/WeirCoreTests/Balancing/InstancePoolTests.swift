import Testing
import WeirCore

@Suite struct InstancePoolTests {
    private func at(_ seconds: Double) -> Timestamp {
        Timestamp(milliseconds: Int64(seconds * 1_000))
    }

    private func names(_ texts: String...) throws -> [InstanceName] {
        try texts.map { try #require(InstanceName($0)) }
    }

    private func pool(
        _ names: [InstanceName], _ change: (inout BalancingRules) -> Void = { _ in }
    ) -> InstancePool {
        var rules = BalancingRules()
        change(&rules)
        var pool = InstancePool(rules: rules, at: at(0))
        pool.set(names, at: at(0))
        return pool
    }

    private func lease(
        _ pool: inout InstancePool, _ seconds: Double, dice: UInt64 = 0,
        excluding: Set<InstanceName> = []
    ) throws -> InstanceLease {
        guard
            case .leased(let lease) = pool.choose(
                at: at(seconds), dice: dice, excluding: excluding)
        else {
            throw Missing()
        }
        return lease
    }

    private struct Missing: Error {}

    private func expect(_ pool: inout InstancePool, _ seconds: Double, _ wanted: InstanceRefusal) {
        let choice = pool.choose(at: at(seconds), dice: 0)
        #expect(choice == .refused(wanted))
    }

    private func fail(
        _ pool: inout InstancePool, only name: InstanceName, times: Int, _ seconds: Double
    ) throws {
        let others = Set(pool.snapshots(at: at(seconds)).map(\.name)).subtracting([name])
        for _ in 0..<times {
            let lease = try lease(&pool, seconds, excluding: others)
            pool.end(lease, .failure, at: at(seconds))
        }
    }

    private func states(_ pool: InstancePool, _ seconds: Double) -> [InstanceSnapshot.State] {
        pool.snapshots(at: at(seconds)).map(\.state)
    }

    @Test func `a pool without instances refuses at once`() {
        var pool = pool([])
        expect(&pool, 0, .noneHealthy(retryAfter: 5))
        let isAvailable = pool.isAvailable(at: at(0))
        #expect(!isAvailable)
    }

    @Test func `full instances are told from unhealthy ones`() throws {
        let names = try names("a", "b")
        var pool = pool(names) { $0.mostInFlight = 2 }
        let leases = try (0..<4).map { _ in try lease(&pool, 0) }
        expect(&pool, 0, .allFull)
        pool.check(names[0], passed: false, at: at(0))
        pool.check(names[1], passed: false, at: at(0))
        expect(&pool, 0, .noneHealthy(retryAfter: 5))
        for lease in leases { pool.end(lease, .neutral, at: at(1)) }
        #expect(pool.snapshots(at: at(1)).map(\.inFlight) == [0, 0])
    }

    @Test(arguments: [(1, 1), (3, 2)])
    func `checks take out and bring back, each after so many in a row`(
        failed: Int, passed: Int
    ) throws {
        let names = try names("a")
        var pool = pool(names) { ($0.failedChecks, $0.passedChecks) = (failed, passed) }
        for _ in 1..<failed { pool.check(names[0], passed: false, at: at(0)) }
        pool.check(names[0], passed: true, at: at(0))
        for _ in 1..<failed { pool.check(names[0], passed: false, at: at(0)) }
        #expect(states(pool, 0) == [.healthy])
        pool.check(names[0], passed: false, at: at(0))
        #expect(states(pool, 0) == [.unhealthy])
        for _ in 1..<passed { pool.check(names[0], passed: true, at: at(1)) }
        #expect(passed == 1 || states(pool, 1) == [.unhealthy])
        pool.check(names[0], passed: true, at: at(1))
        #expect(states(pool, 1) == [.healthy])
    }

    @Test func `failures in a row eject, longer each time, up to a cap`() throws {
        let names = try names("a", "b")
        var pool = pool(names)
        var moment = 0.0
        for length in [10.0, 20, 40, 80, 160, 300, 300] {
            try fail(&pool, only: names[0], times: 4, moment)
            #expect(states(pool, moment)[0] == .healthy)
            try fail(&pool, only: names[0], times: 1, moment)
            #expect(states(pool, moment)[0] == .ejected(for: .seconds(Int64(length))))
            #expect(states(pool, moment + length - 0.001)[0] != .healthy)
            moment += length
            #expect(states(pool, moment)[0] == .healthy)
        }
        // Well again, slow start over: the next time is the first one anew.
        let lease = try lease(&pool, moment + 30, excluding: [names[1]])
        pool.end(lease, .success, at: at(moment + 30))
        try fail(&pool, only: names[0], times: 5, moment + 30)
        #expect(states(pool, moment + 30)[0] == .ejected(for: .seconds(10)))
    }

    @Test(arguments: [(0, 0), (24, 0), (25, 1), (50, 2), (99, 3), (100, 4)])
    func `no more than the share is ejected`(share: Int, ejected: Int) throws {
        let names = try names("a", "b", "c", "d")
        var pool = pool(names) { $0.ejectedShare = share }
        // One that is ejected takes no further call: `fail` ends there.
        for name in names { try? fail(&pool, only: name, times: 20, 0) }
        let isOut = states(pool, 0).count { $0 != .healthy }
        #expect(isOut == ejected)
        for name in names { pool.check(name, passed: false, at: at(0)) }
        // An ejection lasts longer than it takes to the next check.
        expect(&pool, 0, .noneHealthy(retryAfter: ejected == 4 ? 10 : 5))
    }

    @Test func `those that leave count nothing for the share that may be ejected`() throws {
        let names = try names("a", "b", "c", "d")
        var pool = pool(names)
        let kept = try names.suffix(2).map { name in
            try lease(&pool, 0, excluding: Set(names).subtracting([name]))
        }
        pool.set(Array(names.prefix(2)), at: at(0))
        for name in names.prefix(2) { try fail(&pool, only: name, times: 5, 0) }
        #expect(states(pool, 0).prefix(2) == [.ejected(for: .seconds(10)), .healthy])
        #expect(kept.count == 2 && states(pool, 0).suffix(2) == [.draining, .draining])
    }

    @Test(arguments: [(10.0, 100), (25, 500), (40, 1_000)])
    func `the share of one that was ejected rises`(moment: Double, share: Int) throws {
        let names = try names("a", "b")
        var pool = pool(names)
        try fail(&pool, only: names[0], times: 5, 0)
        #expect(pool.snapshots(at: at(moment)).map(\.share) == [share, 1_000])
    }

    @Test func `what was sent before an ejection says nothing after it`() throws {
        let names = try names("a", "b")
        var pool = pool(names)
        let old = try (0..<10).map { _ in try lease(&pool, 0, excluding: [names[1]]) }
        for late in old.prefix(5) { pool.end(late, .failure, at: at(0)) }
        for late in old.suffix(5) { pool.end(late, .failure, at: at(11)) }
        #expect(states(pool, 11)[0] == .healthy)
        #expect(pool.snapshots(at: at(11))[0].inFlight == 0)
    }

    @Test func `a place that is given back twice counts once`() throws {
        var pool = pool(try names("a"))
        let first = try lease(&pool, 0)
        _ = try lease(&pool, 0)
        for _ in 0..<3 { pool.end(first, .success, at: at(1)) }
        #expect(pool.snapshots(at: at(1)).map(\.inFlight) == [1])
    }

    @Test(arguments: [(0.0, 100), (3, 100), (6, 200), (15, 500), (29.97, 999), (30, 1_000)])
    func `the share of one that is back rises`(elapsed: Double, share: Int) throws {
        let names = try names("a", "b")
        var pool = pool(names)
        pool.check(names[0], passed: false, at: at(0))
        pool.check(names[0], passed: true, at: at(10))
        #expect(pool.snapshots(at: at(10 + elapsed)).map(\.share) == [share, 1_000])
    }

    @Test func `a reload keeps what stays, drains what goes, begins small with what comes`() throws
    {
        let (before, after) = (try names("a", "b"), try names("b", "c"))
        var pool = pool(before)
        pool.check(before[1], passed: false, at: at(0))
        let kept = try lease(&pool, 0)
        pool.set(after, at: at(1))
        #expect(states(pool, 1) == [.draining, .unhealthy, .healthy])
        #expect(pool.snapshots(at: at(1)).map(\.share) == [1_000, 1_000, 100])
        let next = try lease(&pool, 1)
        #expect(next.instance == after[1])
        pool.end(kept, .success, at: at(2))
        #expect(pool.snapshots(at: at(2)).map(\.name) == after)
    }

    @Test func `one that comes back while it drains goes on as before`() throws {
        let names = try names("a", "b")
        var pool = pool(names)
        let kept = try lease(&pool, 0, excluding: [names[1]])
        pool.drain(names[0], at: at(0))
        let next = try lease(&pool, 0)
        #expect(next.instance == names[1])
        pool.set(names, at: at(1))
        #expect(states(pool, 1) == [.healthy, .healthy])
        pool.end(kept, .success, at: at(3))
        #expect(pool.snapshots(at: at(3))[0].expectedMilliseconds == 3_000)
    }

    @Test func `a pool has room for so many, and says who found none`() throws {
        let names = try (100..<400).map { try #require(InstanceName("i\($0)")) }
        var pool = pool([])
        let refused = pool.set(names, at: at(0))
        #expect(refused == Array(names.suffix(300 - InstancePool.mostInstances)))
        #expect(pool.snapshots(at: at(0)).count == InstancePool.mostInstances)
    }

    @Test func `moments and rules at the edge of their range don't trap`() throws {
        let names = try names("a", "b")
        for method in BalancingMethod.allCases {
            var pool = pool(names) {
                $0.method = method
                $0.slowStart = .seconds(Int64.max)
                $0.ejection = .seconds(Int64.max)
                $0.longestEjection = .seconds(Int64.max)
                $0.memory = .seconds(Int64.max)
                $0.checkInterval = .seconds(Int64.max)
                ($0.failedCalls, $0.ejectedShare, $0.mostInFlight) = (.min, .max, .max)
            }
            for moment in [Int64.min, .max, -1, .max, .min, 0].map(Timestamp.init(milliseconds:)) {
                for outcome in InstanceOutcome.allCases {
                    pool.check(names[0], passed: outcome == .success, at: moment)
                    if case .leased(let lease) = pool.choose(at: moment, dice: .max) {
                        pool.end(lease, outcome, at: moment)
                    }
                }
            }
            #expect(pool.snapshots(at: at(0)).map(\.inFlight) == [0, 0])
        }
    }
}
