import Synchronization
import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// Calls that wait at a gateway for a place at its instances.
@Suite struct GatewayQueueTests {
    private let time = StillTime()
    private let instances = FakeInstances()
    private let queue = Adjustable(QueueSettings())
    private let gateway: Gateway
    private let pool: BalancedPool

    /// One instance that takes one call; tenant 9 is an enterprise.
    init() throws {
        let name = try Self.slug("main")
        var plan = PoolPlan(name: name)
        plan.rules.mostInFlight = 1
        gateway = Gateway(
            GatewayPlan(pools: [plan], routing: try #require(FeatureRouting(default: name))),
            transport: instances,
            seal: IdentitySeal(secrets: [Array("a secret of thirty-two characters".utf8)]),
            queue: queue, tier: { $0.number == 9 ? .enterprise : .starter }, time: time,
            dice: { 0 })
        pool = try #require(gateway.pools.first).pool
        pool.set([try Self.slug("a")])
    }

    private func call(
        _ target: String = "/ai/complete", of tenant: Int64? = 1, client: Client? = nil
    ) throws -> GatewayCall {
        GatewayCall(
            request: try Self.slug("req_1"), caller: nil,
            tenant: try tenant.map { try #require(TenantID($0)) }, destination: .ai(nil),
            method: "POST", target: target, headers: [], body: [], client: client)
    }

    /// Takes the only place; it is free again when nobody holds the reply.
    private func occupy() async throws -> ForwardedReply {
        guard case .reply(let reply) = await gateway.open(try call("/first", of: nil)) else {
            throw Unexpected.noReply
        }
        return reply
    }

    private enum Unexpected: Error { case noReply }

    /// Begins a call and comes back when it waits. Its reply gives the place back at once.
    private func begin(_ call: GatewayCall) async -> Task<WeirError?, Never> {
        let before = pool.waiting
        let task = Task { [gateway] () async -> WeirError? in
            switch await gateway.open(call) {
            case .reply: nil
            case .notSent(let error), .lost(let error): error
            }
        }
        while pool.waiting == before { await Task.yield() }
        return task
    }

    private var served: [String] { instances.calls.map(\.target) }

    @Test func `a call waits for a place and goes when there is one`() async throws {
        var first: ForwardedReply? = try await occupy()
        let waiting = await begin(try call())
        #expect(instances.calls.count == 1)
        #expect(first != nil)
        first = nil
        #expect(await waiting.value == nil)
        #expect(instances.calls.count == 2)
        #expect(pool.waiting == 0)
    }

    @Test func `a quiet tenant's call goes behind one of each other's`() async throws {
        var first: ForwardedReply? = try await occupy()
        var tasks: [Task<WeirError?, Never>] = []
        for _ in 0..<50 { tasks.append(await begin(try call("/noisy", of: 1))) }
        for tenant in Int64(2)...3 { tasks.append(await begin(try call("/quiet", of: tenant))) }
        tasks.append(await begin(try call("/nobody's", of: nil)))
        #expect(first != nil)
        first = nil
        for task in tasks { #expect(await task.value == nil) }
        let order = ["/noisy", "/quiet", "/quiet", "/nobody's"]
        #expect(served == ["/first"] + order + [String](repeating: "/noisy", count: 49))
    }

    @Test func `whose turn it is depends on the tenant's weight`() async throws {
        var first: ForwardedReply? = try await occupy()
        var tasks: [Task<WeirError?, Never>] = []
        for _ in 0..<20 {
            tasks.append(await begin(try call("/starter", of: 1)))
            tasks.append(await begin(try call("/enterprise", of: 9)))
        }
        #expect(first != nil)
        first = nil
        for task in tasks { #expect(await task.value == nil) }
        #expect(served.prefix(21).count { $0 == "/enterprise" } == 16)
    }

    @Test func `who waits in vain is told when to come back`() async throws {
        let first = try await occupy()
        let waiting = await begin(try call())
        await time.pass()
        let error = try #require(await waiting.value)
        #expect((error.code, error.retryAfter) == (.overloaded, 2))
        #expect(pool.waiting == 0)
        withExtendedLifetime(first) {}
    }

    @Test func `where nobody may wait a full pool refuses at once`() async throws {
        var settings = QueueSettings()
        settings.limits.perTenant = 0
        queue.replace(settings)
        let first = try await occupy()
        guard case .notSent(let error) = await gateway.open(try call()) else {
            Issue.record("sent")
            return
        }
        #expect(error.code == .overloaded && error.retryAfter != nil)
        withExtendedLifetime(first) {}
    }

    @Test func `when the last instance goes out nobody waits any more`() async throws {
        let first = try await occupy()
        var waiting: [Task<WeirError?, Never>] = []
        for tenant in Int64(1)...3 { waiting.append(await begin(try call(of: tenant))) }
        pool.check(try Self.slug("a"), passed: false)
        for task in waiting {
            let error = await task.value
            #expect(error?.code == .serviceUnavailable && error?.retryAfter == 5)
        }
        guard case .notSent(let error) = await gateway.open(try call()) else {
            Issue.record("sent")
            return
        }
        #expect(error.code == .serviceUnavailable)
        #expect(instances.calls.count == 1)
        withExtendedLifetime(first) {}
    }

    @Test func `an instance that comes takes calls that wait`() async throws {
        let first = try await occupy()
        let waiting = await begin(try call())
        pool.set([try Self.slug("a"), try Self.slug("b")])
        #expect(await waiting.value == nil)
        let taker = try #require(instances.calls.last).instance
        #expect(taker.description == "b")
        withExtendedLifetime(first) {}
    }

    @Test func `a client that leaves gives its turn up`() async throws {
        var first: ForwardedReply? = try await occupy()
        let client = Client()
        let left = await begin(try call(client: client))
        let stays = await begin(try call(of: 2))
        client.leave()
        #expect(await left.value?.code == .overloaded)
        #expect(pool.waiting == 1 && instances.calls.count == 1)
        #expect(first != nil)
        first = nil
        #expect(await stays.value == nil)
        #expect(instances.calls.count == 2)
        #expect(!client.isWatched)
    }

    private static func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }
}

/// A client that leaves when the test says so.
private final class Client: ClientConnection {
    private struct State {
        var action: (@Sendable () -> Void)?
        var hasLeft = false
    }
    private let state = Mutex(State())

    var isWatched: Bool { state.withLock { $0.action != nil } }

    func onLeaving(_ action: (@Sendable () -> Void)?) {
        let isLate = state.withLock { state in
            state.action = state.hasLeft ? nil : action
            return state.hasLeft
        }
        if isLate { action?() }
    }

    func leave() {
        let action = state.withLock { state in
            defer { state.action = nil }
            state.hasLeft = true
            return state.action
        }
        action?()
    }
}
