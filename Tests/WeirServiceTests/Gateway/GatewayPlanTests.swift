import Synchronization
import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// A gateway whose plan, instances and their health change while it runs.
@Suite struct GatewayPlanTests {
    private let time = ManualTime()
    private let instances = FakeInstances()
    private let gateway: Gateway

    init() throws {
        gateway = Gateway(
            try Self.plan(["main"]), transport: instances,
            seal: IdentitySeal(secrets: [Array("a secret of thirty-two characters".utf8)]),
            time: time, dice: { 0 })
    }

    private static func plan(
        _ pools: [String], routes: [RegularRoute] = []
    ) throws -> GatewayPlan {
        GatewayPlan(
            pools: try pools.map { PoolPlan(name: try slug($0)) },
            routing: try #require(FeatureRouting(default: try slug(pools[0]))), routes: routes)
    }

    private func sources(_ names: [String: [String]]) throws -> [Slug: any InstanceSource] {
        var sources: [Slug: any InstanceSource] = [:]
        for (pool, list) in names {
            sources[try Self.slug(pool)] = FixedSource(try list.map(Self.slug))
        }
        return sources
    }

    private func names(_ pool: String) -> [String] {
        gateway.pools.first { $0.name.description == pool }?.pool.snapshots
            .map(\.name.description) ?? []
    }

    private func call(
        _ caller: Caller? = nil, to destination: GatewayCall.Destination = .ai(nil)
    ) throws -> GatewayCall {
        GatewayCall(
            request: try Self.slug("req_1"), caller: caller, tenant: nil, destination: destination,
            method: "POST", target: "/ai/complete", headers: [], body: [])
    }

    @Test func `a new pool has its instances before a call is led there`() async throws {
        #expect(!gateway.isAvailable)
        await gateway.apply(
            try Self.plan(["other", "main"]),
            sources: try sources(["main": ["a"], "other": ["b", "c"]]))
        #expect(names("main") == ["a"])
        #expect(names("other") == ["b", "c"])
        #expect(gateway.isAvailable)
        guard case .reply = await gateway.open(try call()) else {
            Issue.record("no reply")
            return
        }
        #expect(["b", "c"].contains(instances.calls.first?.instance.description))
    }

    @Test func `jobs go to those who keep them, or to nobody`() async throws {
        var plan = try Self.plan(["main", "workers"])
        let sources = try sources(["main": ["a"], "workers": ["w"]])
        await gateway.apply(plan, sources: sources)
        guard case .notSent(let error) = await gateway.open(try call(to: .jobs)) else {
            Issue.record("sent")
            return
        }
        #expect(error.code == .notFound)
        plan.jobsPool = try Self.slug("workers")
        await gateway.apply(plan, sources: sources)
        guard case .reply = await gateway.open(try call(to: .jobs)) else {
            Issue.record("no reply")
            return
        }
        #expect(instances.calls.map(\.instance.description) == ["w"])
    }

    @Test func `a pool that stays keeps what is known of its instances, by new rules`()
        async throws
    {
        await gateway.apply(try Self.plan(["main"]), sources: try sources(["main": ["a", "b"]]))
        let pool = try #require(gateway.pools.first).pool
        pool.check(try Self.slug("a"), passed: false)
        guard case .reply(let inFlight) = await gateway.open(try call()) else {
            Issue.record("no reply")
            return
        }
        var next = try Self.plan(["main"])
        next.pools[0].rules.mostInFlight = 1
        next.pools[0].limits.read = .seconds(7)
        await gateway.apply(next, sources: try sources(["main": ["a", "b"]]))
        let after = try #require(gateway.pools.first).pool.snapshots
        #expect(after.map(\.state) == [.unhealthy, .healthy])
        #expect(after.map(\.inFlight) == [0, 1])
        guard case .notSent(let error) = await gateway.open(try call()) else {
            Issue.record("one more than may be in flight")
            return
        }
        #expect(error.code == .overloaded)
        while case .bytes = await inFlight.next() {}
        guard case .reply = await gateway.open(try call()) else {
            Issue.record("no reply")
            return
        }
        #expect(instances.calls.last?.limits.read == .seconds(7))
    }

    @Test func `a pool that goes ends what it has`() async throws {
        await gateway.apply(try Self.plan(["main"]), sources: try sources(["main": ["a"]]))
        let body = FakeBody()
        instances.answer(with: .live(body))
        guard case .reply(let reply) = await gateway.open(try call()) else {
            Issue.record("no reply")
            return
        }
        await gateway.apply(try Self.plan(["other"]), sources: try sources(["other": ["b"]]))
        body.feed(.bytes([1]))
        body.feed(.end)
        #expect(await reply.next() == .bytes([1]))
        #expect(await reply.next() == .end)
        #expect(names("main") == [])
    }

    @Test func `the plan that was put in force last is in force`() async throws {
        let slow = FixedSource([try Self.slug("a")])
        slow.wait()
        let (first, second) = (try Self.plan(["main"]), try Self.plan(["other"]))
        let name = try Self.slug("main")
        let earlier = Task { [gateway] in await gateway.apply(first, sources: [name: slow]) }
        while !slow.isAsked { await Task.yield() }
        let later = Task { [gateway] in await gateway.apply(second, sources: [:]) }
        for _ in 0..<1_000 { await Task.yield() }
        slow.goOn()
        await earlier.value
        await later.value
        #expect(gateway.pools.map(\.name.description) == ["other"])
    }

    @Test func `instances that can't be found out stay what they were`() async throws {
        await gateway.apply(try Self.plan(["main"]), sources: try sources(["main": ["a"]]))
        let members = PoolMembers(gateway, time: time)
        await gateway.apply(
            try Self.plan(["main"]), sources: [try Self.slug("main"): FixedSource(nil)])
        await members.look()
        #expect(names("main") == ["a"])
    }

    @Test func `pools are looked at when their time has come`() async throws {
        let source = FixedSource([try Self.slug("a")])
        await gateway.apply(try Self.plan(["main"]), sources: [try Self.slug("main"): source])
        let members = PoolMembers(gateway, time: time)
        await members.look()
        source.set([try Self.slug("b")])
        time.advance(seconds: 29)
        await members.look()
        #expect(names("main") == ["a"])
        time.advance(seconds: 1)
        await members.look()
        #expect(names("main") == ["b"])
    }

    @Test(
        arguments: [
            (nil, false), (InstanceAnswer(status: 200, body: Array("I am ready.".utf8)), true),
            (InstanceAnswer(status: 200, body: Array("not yet".utf8)), false),
            (InstanceAnswer(status: 503, body: Array("ready".utf8)), false),
        ] as [(InstanceAnswer?, Bool)])
    func `a check passes by its status and its text`(
        answer: InstanceAnswer?, isPassed: Bool
    ) async throws {
        var plan = try Self.plan(["main"])
        plan.pools[0].check.text = "ready"
        await gateway.apply(plan, sources: try sources(["main": ["a"]]))
        instances.say(answer, by: try Self.slug("a"))
        let probes = InstanceProbes(gateway, transport: instances, time: time, dice: { 0 })
        await probes.probe()
        #expect(gateway.isAvailable == isPassed)
        let health = PoolHealth(
            pool: try Self.slug("main"), healthy: isPassed ? 1 : 0, instances: 1)
        #expect(gateway.poolHealth == [health])
    }

    @Test func `each instance is asked once an interval, a new one at once`() async throws {
        await gateway.apply(try Self.plan(["main"]), sources: try sources(["main": ["a", "b"]]))
        let probes = InstanceProbes(gateway, transport: instances, time: time, dice: { 0 })
        await probes.probe()
        await probes.probe()
        #expect(Set(instances.checks.map(\.description)) == ["a", "b"])
        #expect(instances.checks.count == 2)
        await gateway.apply(
            try Self.plan(["main"]), sources: try sources(["main": ["a", "b", "c"]]))
        time.advance(seconds: 4)
        await probes.probe()
        #expect(instances.checks.map(\.description).dropFirst(2) == ["c"])
        time.advance(seconds: 1)
        await probes.probe()
        #expect(instances.checks.count == 5)
    }

    @Test func `without an instance the breaker says when to come back`() async throws {
        await gateway.apply(try Self.plan(["main"]), sources: try sources(["main": ["a"]]))
        instances.say(nil, by: try Self.slug("a"))
        await InstanceProbes(gateway, transport: instances, time: time, dice: { 0 }).probe()
        let refusal = #expect(throws: WeirError.self) { try gateway.requireAvailable() }
        #expect(refusal?.code == .serviceUnavailable && refusal?.retryAfter == 5)
    }

    @Test func `the longest prefix of whole segments wins`() async throws {
        let crm = RegularRoute(prefix: "/crm", pool: try Self.slug("main"))
        let v2 = RegularRoute(prefix: "/crm/v2", pool: try Self.slug("main"))
        await gateway.apply(try Self.plan(["main"], routes: [crm, v2]), sources: [:])
        for (path, prefix) in [
            ("/crm", "/crm"), ("/crm/", "/crm"), ("/crm/v2", "/crm/v2"), ("/crm/v2/a", "/crm/v2"),
            ("/crm/v20", "/crm"), ("/crmx", nil), ("/CRM", nil), ("/", nil), ("", nil),
        ] as [(String, String?)] {
            #expect(gateway.route(of: path)?.prefix == prefix, "\(path)")
        }
    }

    @Test func `a route's limit is each key's, and counts on through a new plan`() async throws {
        var route = RegularRoute(prefix: "/crm", pool: try Self.slug("main"))
        route.limits = CallLimits(calls: RateLimit(perMinute: 60, burst: 1))
        let plan = try Self.plan(["main"], routes: [route])
        await gateway.apply(plan, sources: [:])
        let one = Caller(key: try Self.slug("key_1"), role: .service, reach: .all)
        let other = Caller(key: try Self.slug("key_2"), role: .service, reach: .all)
        _ = try gateway.admit(to: route, one)
        _ = try gateway.admit(to: route, one)
        await gateway.apply(plan, sources: [:])
        let refusal = #expect(throws: WeirError.self) { try gateway.admit(to: route, one) }
        #expect(refusal?.code == .rateLimited)
        _ = try gateway.admit(to: route, other)
        time.advance(seconds: 1)
        _ = try gateway.admit(to: route, one)
    }

    private static func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }
}

private final class FixedSource: InstanceSource {
    private let names: Mutex<[InstanceName]?>
    private let state = Mutex((waits: false, isAsked: false))

    init(_ names: [InstanceName]?) { self.names = Mutex(names) }

    var isAsked: Bool { state.withLock { $0.isAsked } }

    /// Keeps who asks waiting until it may go on.
    func wait() { state.withLock { $0.waits = true } }
    func goOn() { state.withLock { $0.waits = false } }

    func set(_ next: [InstanceName]) { names.withLock { $0 = next } }

    func instances() async -> [InstanceName]? {
        state.withLock { $0.isAsked = true }
        while state.withLock({ $0.waits }) { await Task.yield() }
        return names.withLock { $0 }
    }
}
