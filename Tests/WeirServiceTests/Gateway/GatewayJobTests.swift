import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// A job's call to the instances behind a gateway.
@Suite struct GatewayJobTests {
    private let time = ManualTime()
    private let instances = FakeInstances()
    private let gateway: Gateway

    init() throws {
        let main = try Self.slug("main")
        gateway = Gateway(
            GatewayPlan(
                pools: [PoolPlan(name: main)],
                routing: try #require(FeatureRouting(default: main))),
            transport: instances,
            seal: IdentitySeal(secrets: [Array("a secret of thirty-two characters".utf8)]),
            time: time, dice: { 0 })
        gateway.pools.first?.pool.set([try Self.slug("a")])
    }

    private static func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }

    private func perform(
        _ plan: FakeInstances.Plan, limit: Int = 100
    ) async throws -> JobAnswer {
        instances.answer(with: plan)
        return await GatewayJobPerformer(gateway, answerLimit: limit).perform(
            JobCall(
                request: try Self.slug("req_job"),
                caller: Caller(key: try Self.slug("key_1"), role: .service, reach: .all),
                feature: try Self.slug("sales"), idempotencyKey: "job:job_1:1", body: [1, 2]))
    }

    @Test func `an instance gets it like a client's call`() async throws {
        let answer = try await perform(
            .answer(
                headers: [HeaderField("x-weir-tokens", "15")], [.bytes([1]), .bytes([2]), .end]))
        #expect(
            answer == .answered(status: 200, retryAfter: nil, wasHeldBack: false, body: [1, 2]))
        let call = try #require(instances.calls.first)
        #expect((call.method, call.target, call.body) == ("POST", "/ai/complete", [1, 2]))
        #expect(
            call.headers.prefix(2) == [
                HeaderField("content-type", "application/json"),
                HeaderField("idempotency-key", "job:job_1:1"),
            ])
        #expect(call.headers.last?.name == "x-weir-identity")
    }

    private static let refused = [
        HeaderField("x-weir-error", "overloaded"), HeaderField("retry-after", "7"),
    ]
    private static let failed = [
        HeaderField("x-weir-error", "provider_error"), HeaderField("x-weir-tokens", "0"),
    ]

    @Test(
        arguments: [
            (refused, true, 7), (failed, false, nil), ([], false, nil),
        ] as [([HeaderField], Bool, Int?)])
    func `it was held back where an instance says that no provider was asked`(
        headers: [HeaderField], wasHeldBack: Bool, retryAfter: Int?
    ) async throws {
        let answer = try await perform(.answer(status: 503, headers: headers, [.end]))
        #expect(
            answer
                == .answered(
                    status: 503, retryAfter: retryAfter, wasHeldBack: wasHeldBack, body: []))
    }

    @Test func `what came to nobody may be sent again, what is lost may not`() async throws {
        #expect(try await perform(.notSent) == .notSent)
        gateway.pools.first?.pool.set([])
        gateway.pools.first?.pool.set([try Self.slug("b")])
        #expect(try await perform(.lost(.timeout)) == .lost)
        #expect(try await perform(.answer([.bytes([1]), .lost(.broken("reset"))])) == .lost)
        #expect(try await perform(.answer([.bytes([1, 2, 3]), .end]), limit: 2) == .lost)
    }

    @Test func `it is available where an instance is`() throws {
        let performer = GatewayJobPerformer(gateway)
        #expect(performer.isAvailable)
        gateway.pools.first?.pool.check(try Self.slug("a"), passed: false)
        #expect(!performer.isAvailable)
    }
}
