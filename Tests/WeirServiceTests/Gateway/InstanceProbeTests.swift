import Synchronization
import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// Which instances are asked how they are, and when.
@Suite(.timeLimit(.minutes(1))) struct InstanceProbeTests {
    private let time = ManualTime()
    private let instances = SlowInstances()
    private let gateway: Gateway

    init() throws {
        let pools = try ["main", "other"].map { PoolPlan(name: try Self.slug($0)) }
        gateway = Gateway(
            GatewayPlan(
                pools: pools, routing: try #require(FeatureRouting(default: pools[0].name))),
            transport: instances,
            seal: IdentitySeal(secrets: [Array("a secret of thirty-two characters".utf8)]),
            time: time, dice: { 0 })
    }

    private static func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }

    private func set(_ pool: String, _ names: [String]) throws {
        let names = try names.map(Self.slug)
        gateway.pools.first { $0.name.description == pool }?.pool.set(names)
    }

    private func probes(dice: UInt64 = 0) -> InstanceProbes {
        InstanceProbes(gateway, transport: instances, time: time, dice: { dice })
    }

    private func until(_ isSo: () -> Bool) async {
        while !isSo() { await Task.yield() }
    }

    @Test func `one that hangs is not asked again meanwhile, the others are`() async throws {
        try set("main", ["a", "b"])
        instances.hang(true)
        let probes = probes()
        let first = Task { await probes.probe() }
        await until { instances.checks.count == 2 }
        try set("main", ["a", "b", "c"])
        instances.hang(false)
        time.advance(seconds: 10)
        await probes.probe()
        #expect(instances.checks.map(\.description).suffix(1) == ["c"])
        instances.release()
        await first.value
        time.advance(seconds: 10)
        await probes.probe()
        #expect(instances.checks.count == 6)
    }

    @Test func `a check that is broken off says nothing`() async throws {
        try set("main", ["a"])
        instances.hang(true)
        let probes = probes()
        let check = Task { await probes.probe() }
        await until { instances.checks.count == 1 }
        check.cancel()
        instances.release()
        await check.value
        #expect(gateway.isAvailable)
    }

    @Test func `one that leaves is asked no more, and anew when it is back`() async throws {
        try set("main", ["a", "b"])
        let pool = try #require(gateway.pools.first).pool
        let lease = try await pool.lease(
            for: nil, .starter, client: nil, excluding: [Self.slug("b")])
        let probes = probes()
        await probes.probe()
        try set("main", ["b"])
        time.advance(seconds: 10)
        await probes.probe()
        #expect(instances.checks.map(\.description).dropFirst(2) == ["b"])
        pool.end(lease, .neutral)
        try set("main", ["a", "b"])
        await probes.probe()
        #expect(instances.checks.map(\.description).dropFirst(3) == ["a"])
    }

    @Test func `no more are asked at once than may be`() async throws {
        for (pool, letter) in [("main", "m"), ("other", "o")] {
            try set(pool, (100..<300).map { "\(letter)\($0)" })
        }
        instances.hang(true)
        let probes = probes()
        let first = Task { await probes.probe() }
        await until { instances.checks.count == 256 }
        await probes.probe()
        #expect(instances.checks.count == 256)
        instances.release()
        await first.value
        await probes.probe()
        #expect(Set(instances.checks).count == 400 && instances.checks.count == 400)
    }

    @Test(arguments: [(0, 4_999, 1), (0, 5_000, 2), (500, 4_499, 1), (500, 4_500, 2)])
    func `an interval is up to a tenth shorter`(
        dice: UInt64, after: Int64, checks: Int
    ) async throws {
        try set("main", ["a"])
        let (start, probes) = (time.now(), probes(dice: dice))
        await probes.probe()
        time.set(start.advanced(by: .milliseconds(after)))
        await probes.probe()
        #expect(instances.checks.count == checks)
    }
}

/// Instances that keep a check waiting where a test wants it, then say nothing.
private final class SlowInstances: InstanceTransport {
    private struct State {
        var isHanging = false
        var checks: [InstanceName] = []
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }
    private let state = Mutex(State())

    var checks: [InstanceName] { state.withLock { $0.checks } }

    func hang(_ isHanging: Bool) { state.withLock { $0.isHanging = isHanging } }

    func release() {
        let waiting = state.withLock { state in
            defer { (state.waiting, state.isHanging) = ([], false) }
            return state.waiting
        }
        for one in waiting { one.resume(returning: false) }
    }

    func forward(_ call: InstanceCall) async -> InstanceOpening { .notSent("refused") }

    func check(
        _ instance: InstanceName, path: String, within timeout: Duration
    ) async -> InstanceAnswer? {
        let isWell = await withCheckedContinuation { continuation in
            let isHanging = state.withLock { state in
                state.checks.append(instance)
                if state.isHanging { state.waiting.append(continuation) }
                return state.isHanging
            }
            if !isHanging { continuation.resume(returning: true) }
        }
        return isWell ? InstanceAnswer(status: 200, body: []) : nil
    }
}
