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
    private let pool: BalancedPool
    private let reports: BalancedPool
    private let gateway: Gateway

    init() throws {
        let dice: @Sendable () -> UInt64 = { 0 }
        pool = BalancedPool(
            try Self.pool(["a", "b", "c"], at: time.now()), limits: InstanceLimits(), time: time,
            dice: dice)
        reports = BalancedPool(
            try Self.pool(["r"], at: time.now()), limits: InstanceLimits(), time: time, dice: dice)
        let (main, batch) = (try Self.slug("main"), try Self.slug("batch"))
        let rule = FeatureRouting.Rule(try #require(FeaturePattern("report-*")), batch)
        let counter = Counter()
        gateway = Gateway(
            pools: [main: pool, batch: reports],
            routing: try #require(FeatureRouting([rule], default: main)), transport: instances,
            seal: IdentitySeal(secrets: [Self.secret]), time: time,
            random: { count in [UInt8](repeating: counter.next(), count: count) })
    }

    private static func pool(_ names: [String], at now: Timestamp) throws -> InstancePool {
        var rules = BalancingRules()
        rules.method = .leastConnections
        rules.mostInFlight = 2
        rules.failedCalls = 1
        var pool = InstancePool(rules: rules, at: now)
        pool.set(try names.map(slug), at: now)
        return pool
    }

    private func call(_ feature: String? = nil) throws -> GatewayCall {
        GatewayCall(
            request: try slug("req_1"),
            caller: Caller(key: try slug("key_1"), role: .service, reach: .all),
            feature: try feature.map(slug), method: "POST", target: "/ai/complete",
            headers: [HeaderField("content-type", "application/json")], body: [1, 2, 3])
    }

    private func refusal(_ feature: String? = nil) async throws -> WeirError? {
        let call = try call(feature)
        do {
            _ = try await gateway.forward(call)
            return nil
        } catch {
            return error
        }
    }

    private func inFlight(_ pool: BalancedPool) -> Int {
        pool.snapshots.reduce(0) { $0 + $1.inFlight }
    }

    @Test func `a call arrives as it came, with an identity for it alone`() async throws {
        let call = try call()
        let reply = try await gateway.forward(call)
        #expect(reply.status == 200)
        let sent = try #require(instances.calls.first)
        #expect((sent.method, sent.target, sent.body) == ("POST", "/ai/complete", [1, 2, 3]))
        #expect(sent.headers.dropLast() == call.headers[...])
        let gate = IdentityGate(
            IdentitySeal(secrets: [Self.secret]), isOnlyDoor: true, time: time)
        let identity = try gate.admit(
            try #require(sent.headers.last).value, method: sent.method, target: sent.target)
        #expect((identity.request, identity.caller) == (call.request, call.caller))
        try identity.require(body: sent.body)
    }

    @Test func `the reply comes piece by piece, and holds its place until its end`() async throws {
        instances.answer(with: .reply([.bytes([1]), .bytes([2]), .end]))
        let reply = try await gateway.forward(try call())
        #expect(await reply.next() == .bytes([1]))
        #expect(inFlight(pool) == 1)
        #expect(await reply.next() == .bytes([2]))
        #expect(await reply.next() == .end)
        #expect(inFlight(pool) == 0)
        reply.cancel()
        #expect(instances.cancelled == 0)
    }

    @Test func `a client that leaves ends the exchange and blames nobody`() async throws {
        for isDropped in [false, true] {
            var reply: ForwardedReply? = try await gateway.forward(try call())
            #expect(inFlight(pool) == 1)
            if !isDropped { reply?.cancel() }
            reply = nil
            #expect(inFlight(pool) == 0)
        }
        #expect(instances.cancelled == 2)
        #expect(pool.snapshots.allSatisfy { $0.counts.failures == 0 })
    }

    @Test func `where nothing was sent another instance gets the call, each once`() async throws {
        instances.answer(with: .notSent, .notSent, .reply([.end]))
        let reply = try await gateway.forward(try call())
        #expect(reply.status == 200)
        #expect(Set(instances.calls.map(\.instance)).count == 3)
        let identities = instances.calls.compactMap { $0.headers.last?.value }
        #expect(Set(identities).count == 3)
        _ = await reply.next()
        #expect(inFlight(pool) == 0)
    }

    @Test func `where no instance can be reached the call is refused`() async throws {
        instances.answer(with: .notSent, .notSent, .notSent)
        let error = try #require(try await refusal())
        #expect(error.code == .serviceUnavailable)
        #expect(error.retryAfter != nil)
        #expect(instances.calls.count == 3)
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
        #expect(inFlight(pool) == 0)
        #expect(pool.snapshots.map(\.counts.failures).reduce(0, +) == 1)
    }

    @Test func `a feature goes to its pool, also where that is down`() async throws {
        _ = try await gateway.forward(try call("report-monthly"))
        #expect(instances.calls.map(\.instance) == [try slug("r")])
        reports.check(try slug("r"), passed: false)
        let error = try #require(try await refusal("report-monthly"))
        #expect(error.code == .serviceUnavailable)
        #expect(instances.calls.count == 1)
        #expect(try await refusal("chat") == nil)
    }

    @Test func `a pool that is down refuses at once, and says when to come back`() async throws {
        for name in ["a", "b", "c"] { pool.check(try slug(name), passed: false) }
        let error = try #require(try await refusal())
        #expect((error.code, error.retryAfter) == (.serviceUnavailable, 5))
        #expect(instances.calls.isEmpty)
    }

    @Test func `a pool that is full refuses`() async throws {
        var replies: [ForwardedReply] = []
        for _ in 0..<6 { replies.append(try await gateway.forward(try call())) }
        #expect(try await refusal()?.code == .overloaded)
        replies.removeLast()
        #expect(try await refusal() == nil)
        #expect(replies.count == 5)
    }

    private func slug(_ text: String) throws -> Slug { try Self.slug(text) }
    private static func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }
}

/// Instances that do what a test says, then answer 200.
private final class FakeInstances: InstanceTransport {
    enum Plan: Sendable {
        case reply([UpstreamChunk])
        case notSent
        case lost(UpstreamOutcome.Loss)
    }

    private struct State {
        var plans: [Plan] = []
        var calls: [InstanceCall] = []
    }

    private let state = Mutex(State())
    private let cancellations = Counter()

    var calls: [InstanceCall] { state.withLock { $0.calls } }
    var cancelled: Int { cancellations.count }

    func answer(with plans: Plan...) { state.withLock { $0.plans += plans } }

    func forward(_ call: InstanceCall) async -> InstanceOpening {
        let plan = state.withLock { state in
            state.calls.append(call)
            return state.plans.isEmpty ? .reply([.end]) : state.plans.removeFirst()
        }
        switch plan {
        case .reply(let chunks):
            return .reply(
                status: 200, headers: [], body: FakeBody(chunks, cancellations: cancellations))
        case .notSent: return .notSent("refused")
        case .lost(let loss): return .lost(loss)
        }
    }

    func check(
        _ instance: InstanceName, path: String, within timeout: Duration
    ) async -> InstanceAnswer? { nil }
}

private final class FakeBody: InstanceBody {
    let trailers: [HeaderField] = []
    private let chunks: Mutex<[UpstreamChunk]>
    private let cancellations: Counter

    init(_ chunks: [UpstreamChunk], cancellations: Counter) {
        self.chunks = Mutex(chunks)
        self.cancellations = cancellations
    }

    func next() async -> UpstreamChunk {
        chunks.withLock { $0.isEmpty ? .lost(.broken("over")) : $0.removeFirst() }
    }

    func noteToken() {}
    func discard() {}
    func cancel() { _ = cancellations.next() }
}

private final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func next() -> UInt8 {
        value.withLock {
            $0 += 1
            return UInt8(truncatingIfNeeded: $0)
        }
    }
}
