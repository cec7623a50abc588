import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// A job's call to the instances behind a gateway.
@Suite struct GatewayJobTests {
    private let time = ManualTime()
    private let instances = FakeInstances()
    private let gateway: Gateway
    private let directory: Directory

    init() throws {
        directory = try Directory(
            contents: DirectoryContents(), prices: try PriceBook(json: Self.noPrices),
            store: InMemoryDirectoryStore())
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

    private static let noPrices = #"{"version":"t","prices":[]}"#

    private static func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }

    private func performer(
        _ limits: RateGate? = nil, answerLimit: Int = 100
    ) -> GatewayJobPerformer {
        GatewayJobPerformer(
            gateway, GatewayAdmission(limits: limits, directory: directory, time: time),
            answerLimit: answerLimit)
    }

    private func call(bytes: Int = 2) throws -> JobCall {
        JobCall(
            request: try Self.slug("req_job"),
            caller: Caller(key: try Self.slug("key_1"), role: .service, reach: .all),
            tenant: try #require(TenantID(42)), user: try #require(UserID(7)),
            feature: try Self.slug("sales"), idempotencyKey: "job:job_1:1",
            body: (1...UInt8(bytes)).map { $0 })
    }

    private func perform(
        _ plan: FakeInstances.Plan, limit: Int = 100
    ) async throws -> JobAnswer {
        instances.answer(with: plan)
        return await performer(answerLimit: limit).perform(try call())
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

    @Test func `what it used may be told behind the answer`() async throws {
        let answer = try await perform(
            .answer(
                status: 502, headers: [HeaderField("x-weir-error", "provider_error")], [.end],
                trailers: [HeaderField("x-weir-tokens", "0")]))
        #expect(
            answer == .answered(status: 502, retryAfter: nil, wasHeldBack: false, body: []))
    }

    @Test func `what came to nobody may be sent again, what is lost may not`() async throws {
        #expect(try await perform(.notSent) == .notSent)
        gateway.pools.first?.pool.set([])
        gateway.pools.first?.pool.set([try Self.slug("b")])
        #expect(try await perform(.lost(.timeout)) == .lost)
        #expect(try await perform(.answer([.bytes([1]), .lost(.broken("reset"))])) == .lost)
        #expect(try await perform(.answer([.bytes([1, 2, 3]), .end]), limit: 2) == .lost)
    }

    @Test func `a budget's refusal says when that begins anew`() async throws {
        let headers = [
            HeaderField("x-weir-error", "ai_budget_exceeded"),
            HeaderField("x-weir-budget-resets-at", "2026-05-01T00:00:00Z"),
        ]
        #expect(
            try await perform(.answer(status: 402, headers: headers, [.end]))
                == .answered(
                    status: 402, retryAfter: nil, wasHeldBack: true,
                    budgetReset: Timestamp(rfc3339: "2026-05-01T00:00:00Z"), body: []))
    }

    private func limits(_ limits: CallLimits) -> RateGate {
        var policy = LimitPolicy()
        policy.tenant = limits
        return RateGate(policy)
    }

    private func counted(_ tokens: Int = 0) -> FakeInstances.Plan {
        .answer(headers: [HeaderField("x-weir-tokens", "\(tokens)")], [.end])
    }

    @Test func `a call above the limits is held back, and nobody is asked`() async throws {
        let performer = performer(limits(CallLimits(calls: RateLimit(perMinute: 60, burst: 0))))
        instances.answer(with: counted())
        guard case .answered(200, nil, false, nil, _) = await performer.perform(try call()),
            case .answered(429, 1, true, nil, let body) = await performer.perform(try call())
        else {
            Issue.record("not the first, or both")
            return
        }
        #expect(try JSONParser.parse(body, .reply)["error"] == "rate_limited")
        #expect(instances.calls.count == 1)
        time.advance(seconds: 1)
        guard case .answered(200, _, _, _, _) = await performer.perform(try call()) else {
            Issue.record("still held back")
            return
        }
    }

    @Test(
        arguments: [
            (.answer(status: 403, [.end]), true), (.notSent, true),
            (.lost(.timeout), false), (.answer([.bytes([1]), .lost(.broken("reset"))]), false),
            (.answer(headers: [HeaderField("x-weir-tokens", "0")], [.end]), false),
        ] as [(FakeInstances.Plan, Bool)])
    func `a call that nobody has made counts nothing`(
        plan: FakeInstances.Plan, isFree: Bool
    ) async throws {
        let performer = performer(limits(CallLimits(calls: RateLimit(perMinute: 1, burst: 0))))
        instances.answer(with: plan)
        _ = await performer.perform(try call())
        gateway.pools.first?.pool.set([try Self.slug("b")])
        let next = await performer.perform(try call())
        if case .answered(429, _, _, _, _) = next {
            #expect(!isFree)
        } else {
            #expect(isFree)
        }
    }

    @Test func `tokens are what the instance says`() async throws {
        let performer = performer(limits(CallLimits(tokensPerMinute: 100)))
        instances.answer(with: counted(100))
        _ = await performer.perform(try call())
        guard case .answered(429, _, true, nil, _) = await performer.perform(try call(bytes: 40))
        else {
            Issue.record("tokens were not counted")
            return
        }
        #expect(instances.calls.count == 1)
    }

    @Test(arguments: ["all", "tenant", "feature"])
    func `what an operator stops after a job was accepted isn't sent`(
        scope: String
    ) async throws {
        let target: KillSwitches.Target =
            switch scope {
            case "tenant": .tenant(try #require(TenantID(42)))
            case "feature": .feature(try Self.slug("sales"))
            default: .all
            }
        let entry = AuditEntry(at: time.now(), actor: "test", action: "stop", subject: scope)
        try await directory.apply(.engage(target, true), audit: entry)
        guard
            case .answered(403, nil, true, nil, let body) = await performer().perform(try call())
        else {
            Issue.record("it was sent")
            return
        }
        #expect(try JSONParser.parse(body, .reply)["error"] == "ai_kill_switch")
        #expect(instances.calls.isEmpty)
    }

    @Test func `it is available where an instance is`() throws {
        let performer = performer()
        #expect(performer.isAvailable)
        gateway.pools.first?.pool.check(try Self.slug("a"), passed: false)
        #expect(!performer.isAvailable)
    }
}
