import Synchronization
import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// What a gateway makes of instances that answer, refuse and break.
@Suite struct GatewayTests {
    private static let secret = Array("a secret of thirty-two characters".utf8)
    private let time = ManualTime()
    private let instances = FakeInstances()
    private let gateway: Gateway
    private let main: Slug
    private let batch: Slug

    init() throws {
        (main, batch) = (try Self.slug("main"), try Self.slug("batch"))
        let rule = FeatureRouting.Rule(try #require(FeaturePattern("report-*")), batch)
        let counter = Counter()
        gateway = Gateway(
            GatewayPlan(
                pools: [try Self.plan("main"), try Self.plan("batch")],
                routing: try #require(FeatureRouting([rule], default: main))),
            transport: instances, seal: IdentitySeal(secrets: [Self.secret]), time: time,
            random: { count in [UInt8](repeating: counter.next(), count: count) }, dice: { 0 })
        try pool.set(["a", "b", "c"].map { try Self.slug($0) })
        try reports.set([Self.slug("r")])
    }

    private var pool: BalancedPool {
        get throws { try #require(gateway.pools.first { $0.name == main }).pool }
    }
    private var reports: BalancedPool {
        get throws { try #require(gateway.pools.first { $0.name == batch }).pool }
    }

    private static func plan(_ name: String) throws -> PoolPlan {
        var plan = PoolPlan(name: try slug(name))
        plan.rules.method = .leastConnections
        plan.rules.mostInFlight = 2
        plan.rules.failedCalls = 1
        return plan
    }

    private func call(_ feature: String? = nil) throws -> GatewayCall {
        GatewayCall(
            request: try slug("req_1"),
            caller: Caller(key: try slug("key_1"), role: .service, reach: .all),
            tenant: nil, destination: .ai(try feature.map(slug)), method: "POST",
            target: "/ai/complete",
            headers: [HeaderField("content-type", "application/json")], body: [1, 2, 3])
    }

    private func refusal(_ feature: String? = nil) async throws -> WeirError? {
        switch await gateway.open(try call(feature)) {
        case .reply: nil
        case .notSent(let error), .lost(let error): error
        }
    }

    private func forward(_ call: GatewayCall) async throws -> ForwardedReply {
        guard case .reply(let reply) = await gateway.open(call) else {
            throw Unexpected.noReply
        }
        return reply
    }

    private enum Unexpected: Error { case noReply }

    private func inFlight(_ pool: BalancedPool) -> Int {
        pool.snapshots.reduce(0) { $0 + $1.inFlight }
    }

    @Test func `a call arrives as it came, with an identity for it alone`() async throws {
        let gate = IdentityGate(
            IdentitySeal(secrets: [Self.secret]), isOnlyDoor: true, time: time)
        for name in ["a", "b", "c"] { try pool.learn(gate.instance, of: try slug(name)) }
        let call = try call()
        let reply = try await forward(call)
        #expect(reply.status == 200)
        let sent = try #require(instances.calls.first)
        #expect((sent.method, sent.target, sent.body) == ("POST", "/ai/complete", [1, 2, 3]))
        #expect(sent.headers.dropLast() == call.headers[...])
        let identity = try gate.admit(
            try #require(sent.headers.last).value, method: sent.method, target: sent.target)
        #expect((identity.request, identity.caller) == (call.request, call.caller))
        try identity.require(body: sent.body)
    }

    @Test func `the reply comes piece by piece, and holds its place until its end`() async throws {
        instances.answer(with: .answer([.bytes([1]), .bytes([2]), .end]))
        let reply = try await forward(try call())
        #expect(await reply.next() == .bytes([1]))
        #expect(try inFlight(pool) == 1)
        #expect(await reply.next() == .bytes([2]))
        #expect(await reply.next() == .end)
        #expect(try inFlight(pool) == 0)
        reply.cancel()
        #expect(instances.cancelled == 0)
    }

    @Test func `a client that leaves ends the exchange and blames nobody`() async throws {
        for isDropped in [false, true] {
            var reply: ForwardedReply? = try await forward(try call())
            #expect(try inFlight(pool) == 1)
            if !isDropped { reply?.cancel() }
            reply = nil
            #expect(try inFlight(pool) == 0)
        }
        #expect(instances.cancelled == 2)
        #expect(try pool.snapshots.allSatisfy { $0.counts.failures == 0 })
    }

    @Test func `where nothing was sent another instance gets the call, each once`() async throws {
        instances.answer(with: .notSent, .notSent, .answer([.end]))
        let reply = try await forward(try call())
        #expect(reply.status == 200)
        #expect(Set(instances.calls.map(\.instance)).count == 3)
        let identities = instances.calls.compactMap { $0.headers.last?.value }
        #expect(Set(identities).count == 3)
        _ = await reply.next()
        #expect(try inFlight(pool) == 0)
    }

    @Test func `where no instance can be reached the call is refused`() async throws {
        try pool.set(["a", "b", "c", "d", "e"].map { try slug($0) })
        instances.answer(with: .notSent, .notSent, .notSent)
        let error = try #require(try await refusal())
        #expect(error.code == .serviceUnavailable)
        #expect(error.retryAfter != nil)
        #expect(instances.calls.count == 3)
        #expect(try inFlight(pool) == 0)
    }

    @Test func `a call that can't be vouched for takes no place`() async throws {
        let mute = Gateway(
            gateway.plan, transport: instances, seal: IdentitySeal(secrets: [Self.secret]),
            time: time, random: { _ in [] }, dice: { 0 })
        let pool = try #require(mute.pools.first { $0.name == main }).pool
        try pool.set([slug("a")])
        guard case .notSent(let error) = await mute.open(try call()) else {
            Issue.record("sent")
            return
        }
        #expect(error.code == .internalError && instances.calls.isEmpty)
        #expect(inFlight(pool) == 0)
    }

    @Test(arguments: [
        (UpstreamOutcome.Loss.timeout, WeirError.Code.providerTimeout),
        (.broken("reset"), .providerError), (.malformed("no status"), .providerError),
    ])
    func `what was sent is never sent again`(
        loss: UpstreamOutcome.Loss, code: WeirError.Code
    ) async throws {
        instances.answer(with: .lost(loss))
        #expect(try await refusal()?.code == code)
        #expect(instances.calls.count == 1)
        #expect(try inFlight(pool) == 0)
        #expect(try pool.snapshots.map(\.counts.failures).reduce(0, +) == 1)
    }

    @Test func `a feature goes to its pool, also where that is down`() async throws {
        _ = try await forward(try call("report-monthly"))
        #expect(instances.calls.map(\.instance) == [try slug("r")])
        try reports.check(try slug("r"), passed: false)
        let error = try #require(try await refusal("report-monthly"))
        #expect(error.code == .serviceUnavailable)
        #expect(instances.calls.count == 1)
        #expect(try await refusal("chat") == nil)
    }

    @Test func `a pool that is down refuses at once, and says when to come back`() async throws {
        for name in ["a", "b", "c"] { try pool.check(try slug(name), passed: false) }
        let error = try #require(try await refusal())
        #expect((error.code, error.retryAfter) == (.serviceUnavailable, 5))
        #expect(instances.calls.isEmpty)
    }

    @Test func `a pool that is full refuses`() async throws {
        var replies: [ForwardedReply] = []
        for _ in 0..<6 { replies.append(try await forward(try call())) }
        #expect(try await refusal()?.code == .overloaded)
        replies.removeLast()
        #expect(try await refusal() == nil)
        #expect(replies.count == 5)
    }

    @Test(
        arguments: [
            (200, nil, 0), (429, "rate_limited", 0), (402, "ai_budget_exceeded", 0),
            (502, "provider_error", 0), (503, "provider_unavailable", 0), (503, "overloaded", 0),
            (503, "ai_service_unavailable", 1), (500, "internal_error", 0), (500, nil, 1),
            (502, nil, 1), (404, nil, 0),
        ] as [(Int, String?, Int)])
    func `an instance is to blame for what is its own fault alone`(
        status: Int, code: String?, failures: Int
    ) async throws {
        let headers = code.map { [HeaderField("X-Weir-Error", $0)] } ?? []
        instances.answer(with: .answer(status: status, headers: headers, [.end]))
        let reply = try await forward(try call())
        #expect(reply.status == status)
        _ = await reply.next()
        #expect(try pool.snapshots.map(\.counts.failures).reduce(0, +) == failures)
    }

    @Test(arguments: [GatewayTests.fault, .notSent])
    func `a call whose client has left blames nobody, and is tried nowhere else`(
        plan: FakeInstances.Plan
    ) async throws {
        let call = try call()
        instances.answer(with: plan)
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return await gateway.open(call)
        }
        _ = await task.value
        #expect(instances.calls.count == 1)
        #expect(try pool.snapshots.allSatisfy { $0.counts.failures == 0 && $0.inFlight == 0 })
    }

    private static let fault = FakeInstances.Plan.lost(.broken("cancelled"))

    private func slug(_ text: String) throws -> Slug { try Self.slug(text) }
    private static func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }
}

private final class Counter: Sendable {
    private let value = Mutex<UInt8>(0)

    func next() -> UInt8 {
        value.withLock {
            $0 &+= 1
            return $0
        }
    }
}
