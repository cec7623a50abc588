import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// Calls are signed for the process that is to get them, under whatever id it has just now.
@Suite struct InstanceIDTests {
    private static let seal = IdentitySeal(
        secrets: [Array("a secret of thirty-two characters".utf8)])
    private let time = ManualTime()
    private let instances = FakeInstances()
    private let gateway: Gateway
    private let pool: BalancedPool

    init() throws {
        let main = try Self.slug("main")
        gateway = Gateway(
            GatewayPlan(
                pools: [PoolPlan(name: main)],
                routing: try #require(FeatureRouting(default: main)), jobsPool: main),
            transport: instances, seal: Self.seal, time: time, dice: { 0 })
        pool = try #require(gateway.pools.first).pool
        try pool.set([Self.slug("a")])
    }

    private static func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }

    private func open(
        _ destination: GatewayCall.Destination = .ai(nil), isVouched: Bool = true
    ) async throws -> Gateway.Opening {
        let caller = Caller(key: try Self.slug("key_1"), role: .service, reach: .all)
        return await gateway.open(
            GatewayCall(
                request: try Self.slug("req_1"), caller: isVouched ? caller : nil, tenant: nil,
                destination: destination, method: "POST", target: "/ai/complete", headers: [],
                body: [1, 2, 3]))
    }

    private func status(_ opening: Gateway.Opening) async -> Int? {
        guard case .reply(let reply) = opening else { return nil }
        while case .bytes = await reply.next() {}
        return reply.status
    }

    private func refusal(by id: String) -> FakeInstances.Plan {
        .answer(status: 401, headers: [HeaderField("X-Weir-Instance", id)], [.end])
    }

    /// For whom each call was signed; an empty text where for nobody.
    private func audiences() throws -> [String] {
        try instances.calls.map { call in
            let field = try #require(call.headers.last)
            let identity = try Self.seal.open(
                field.value, method: call.method, target: call.target)
            return identity.audience?.description ?? ""
        }
    }

    private var failures: Int { pool.snapshots.map(\.counts.failures).reduce(0, +) }

    @Test(arguments: [GatewayCall.Destination.ai(nil), .jobs])
    func `an instance says its id, and gets the call for it`(
        destination: GatewayCall.Destination
    ) async throws {
        instances.answer(with: refusal(by: "one"))
        #expect(await status(try await open(destination)) == 200)
        #expect(try audiences() == ["", "one"])
        #expect(instances.calls.map(\.body) == [[1, 2, 3], [1, 2, 3]])
        #expect(instances.cancelled == 1)
        #expect(await status(try await open(destination)) == 200)
        #expect(try audiences() == ["", "one", "one"])
        #expect(failures == 0 && pool.snapshots.allSatisfy { $0.inFlight == 0 })
    }

    @Test func `a restart goes unnoticed by callers`() async throws {
        pool.learn(try Self.slug("one"), of: try Self.slug("a"))
        instances.answer(with: refusal(by: "two"))
        #expect(await status(try await open()) == 200)
        #expect(try audiences() == ["one", "two"])
        #expect(failures == 0)
    }

    @Test func `a health check tells the id, also where it isn't passed`() async throws {
        for (id, status) in [("one", 200), ("two", 503)] {
            instances.say(
                InstanceAnswer(
                    status: status, headers: [HeaderField("x-weir-instance", id)], body: []),
                by: try Self.slug("a"))
            await InstanceProbes(gateway, transport: instances, time: time, dice: { 0 }).probe()
            #expect(pool.id(of: try Self.slug("a"))?.description == id)
        }
    }

    @Test func `one that has another id each time gets a call twice, and nobody waits`()
        async throws
    {
        try pool.set(["a", "b"].map(Self.slug))
        instances.answer(with: refusal(by: "one"), refusal(by: "two"))
        #expect(await status(try await open()) == 200)
        let asked = instances.calls.map(\.instance)
        #expect(asked.count == 3 && asked[0] == asked[1] && asked[1] != asked[2])
        #expect(failures == 1)
        #expect(pool.snapshots.allSatisfy { $0.inFlight == 0 })
    }

    @Test func `where all are like that the call is refused`() async throws {
        instances.answer(with: refusal(by: "one"), refusal(by: "two"), refusal(by: "three"))
        guard case .notSent(let error) = try await open() else {
            Issue.record("sent")
            return
        }
        #expect(error.code == .serviceUnavailable)
        #expect(instances.calls.count == 2)
    }

    @Test(
        arguments: [
            // Its own id: what is refused is something else.
            (401, "one"), (401, nil), (401, "no;id"),
            // Not refused.
            (200, "two"), (403, "two"), (503, "two"),
        ] as [(Int, String?)])
    func `any other answer is the answer`(status: Int, id: String?) async throws {
        pool.learn(try Self.slug("one"), of: try Self.slug("a"))
        instances.answer(
            with: .answer(
                status: status, headers: id.map { [HeaderField("x-weir-instance", $0)] } ?? [],
                [.end]))
        #expect(await self.status(try await open()) == status)
        #expect(instances.calls.count == 1)
        #expect(pool.id(of: try Self.slug("a"))?.description == "one")
    }

    @Test func `what is lost the second time is lost`() async throws {
        instances.answer(with: refusal(by: "one"), .lost(.broken("reset")))
        guard case .lost = try await open() else {
            Issue.record("not lost")
            return
        }
        #expect(instances.calls.count == 2)
        #expect(failures == 1)
    }

    @Test(arguments: [true, false])
    func `another service is sent a call once, signed for nobody`(isVouched: Bool) async throws {
        pool.learn(try Self.slug("one"), of: try Self.slug("a"))
        instances.answer(with: refusal(by: "two"))
        let opening = try await open(.regular(try Self.slug("main")), isVouched: isVouched)
        #expect(await status(opening) == 401)
        #expect(instances.calls.count == 1)
        if isVouched { #expect(try audiences() == [""]) }
    }

    @Test func `the id of an instance that is gone is forgotten`() throws {
        pool.learn(try Self.slug("one"), of: try Self.slug("a"))
        try pool.set(["a", "b"].map(Self.slug))
        #expect(pool.id(of: try Self.slug("a"))?.description == "one")
        try pool.set([Self.slug("b")])
        #expect(pool.id(of: try Self.slug("a")) == nil)
    }
}
