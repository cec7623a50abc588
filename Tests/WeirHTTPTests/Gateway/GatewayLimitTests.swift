import HTTPTypes
import Logging
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// Limits at a gateway: what is admitted, what is taken, and what is given back by an instance's
/// own account.
@Suite struct GatewayLimitTests {
    private static let calls = CallLimits(calls: RateLimit(perMinute: 60, burst: 1))
    private static let tokens = CallLimits(tokensPerMinute: 1_000)

    private func stage(_ change: (inout LimitPolicy) -> Void) throws -> GatewayStage {
        var policy = LimitPolicy()
        policy.tenant = CallLimits()
        change(&policy)
        return try GatewayStage(limits: policy)
    }

    private func counted(_ tokens: Int = 0) -> FakeInstances.Plan {
        .answer(headers: [HeaderField("x-weir-tokens", "\(tokens)")], [.end])
    }

    @Test func `a tenant has its calls, whoever makes them, and others have theirs`()
        async throws
    {
        let stage = try stage { $0.tenant = Self.calls }
        stage.instances.answer(with: counted(), counted(), counted())
        let one = try await stage.complete()
        #expect(one.header("x-ratelimit-remaining-requests") == "1")
        _ = try await one.whole()
        let two = try await stage.complete(#", "tenant_id": 42"#, key: .service)
        #expect(two.status == 200)
        _ = try await two.whole()
        let three = try await stage.complete()
        #expect(three.status == 429 && three.error == "rate_limited")
        #expect(three.header("retry-after") == "1")
        #expect(three.header("x-weir-error") == "rate_limited")
        let other = try await stage.send(
            .post, "/v1/messages", key: .elsewhere, body: "{}")
        #expect(other.status == 200)
        #expect(other.header("anthropic-ratelimit-requests-limit") == "2")
        #expect(stage.instances.calls.count == 3)
        stage.stage.time.advance(seconds: 1)
        #expect(try await stage.complete().status == 200)
    }

    @Test func `a call that comes to nobody, or is refused there, counts nothing`() async throws {
        let stage = try stage { $0.tenant = Self.calls }
        stage.instances.answer(
            with: .notSent, .answer(status: 402, [.end]), counted(), counted())
        for status in [503, 402, 200, 200, 429] {
            let reply = try await stage.complete()
            #expect(reply.status == status)
            _ = try await reply.whole()
        }
    }

    @Test func `a name that is hidden by escapes is counted all the same`() async throws {
        let stage = try stage { $0.tenant = Self.calls }
        for status in [200, 200, 429] {
            stage.instances.answer(with: counted())
            let reply = try await stage.complete(#", "tenant\u005fid": 42"#, key: .service)
            #expect(reply.status == status)
            _ = try await reply.whole()
        }
    }

    @Test func `a key takes nothing of a tenant that it doesn't reach`() async throws {
        let stage = try stage { $0.tenant = Self.calls }
        for _ in 0..<5 {
            #expect(
                try await stage.complete(#", "tenant_id": 42"#, key: .elsewhere).status == 403)
        }
        #expect(try await stage.complete().status == 200)
    }

    @Test func `a tenant that is known has its tier's limits, another every tenant's`()
        async throws
    {
        let stage = try stage {
            $0.tenant = Self.calls
            $0.tiers = [.growth: CallLimits(calls: RateLimit(perMinute: 60, burst: 8))]
        }
        for (tenant, limit) in [(42, "9"), (43, "2"), (77, "2")] {
            stage.instances.answer(with: counted())
            let reply = try await stage.complete(#", "tenant_id": \#(tenant)"#, key: .everywhere)
            #expect(reply.header("x-ratelimit-limit-requests") == limit, "\(tenant)")
        }
    }

    @Test(arguments: ["user", "feature", "key"])
    func `users, features and keys have their own`(scope: String) async throws {
        let stage = try stage { policy in
            switch scope {
            case "user": policy.user = Self.calls
            case "feature": policy.feature = Self.calls
            default: policy.key = Self.calls
            }
        }
        let names = #", "tenant_id": 42, "user_id": 7, "feature_slug": "sales""#
        for status in [200, 200, 429] {
            stage.instances.answer(with: counted())
            let reply = try await stage.complete(names, key: .service)
            #expect(reply.status == status)
            _ = try await reply.whole()
        }
        let others = #", "tenant_id": 42, "user_id": 8, "feature_slug": "other""#
        let key = scope == "key" ? Stage.Token.tenant : .service
        #expect(try await stage.complete(others, key: key).status == 200)
    }

    @Test func `reading costs nothing`() async throws {
        let stage = try stage { $0.tenant = Self.calls }
        for _ in 0..<5 { #expect(try await stage.send(.get, "/ai/usage").status == 200) }
        for _ in 0..<5 { #expect(try await stage.send(.get, "/v1/models").status == 200) }
    }

    /// What is left of the tokens after a call whose body has 600 bytes.
    private func left(after plan: FakeInstances.Plan, in stage: GatewayStage) async throws
        -> Int?
    {
        stage.instances.answer(with: plan)
        try await spend(in: stage)
        stage.instances.answer(with: counted())
        let next = try await stage.send(.post, "/ai/complete", body: "{}")
        return next.header("x-ratelimit-remaining-tokens").flatMap { Int($0) }
    }

    /// One call, read to its end; nobody holds it any more then.
    private func spend(in stage: GatewayStage) async throws {
        let text = String(repeating: "a", count: 600 - 38)
        let reply = try await stage.send(
            .post, "/ai/complete", body: #"{"model": "small", "user_message": "\#(text)"}"#)
        if reply.status == 200 {
            #expect(reply.header("x-ratelimit-remaining-tokens") == "850")
        } else {
            #expect(!reply.names.contains { $0.hasPrefix("x-ratelimit-") })
        }
        // Where the instance is lost in the middle, so is the answer.
        _ = try? await reply.whole()
    }

    private static let tokensSaid = [HeaderField("x-weir-tokens", "300")]

    @Test(
        arguments: [
            ("in a header", .answer(headers: tokensSaid, [.end]), 700),
            ("behind the end", .answer([.bytes([1]), .end], trailers: tokensSaid), 700),
            ("in an error", .answer(status: 502, headers: tokensSaid, [.end]), 700),
            ("nowhere: it was refused", .answer(status: 402, [.end]), 1_000),
            ("nowhere: it was lost", .lost(.timeout), 850),
            ("nowhere: it broke off", .answer([.bytes([1]), .lost(.broken("reset"))]), 850),
            ("nowhere: it came to nobody", .notSent, 1_000),
        ] as [(String, FakeInstances.Plan, Int)])
    func `tokens are what the instance says`(
        place: String, plan: FakeInstances.Plan, expected: Int
    ) async throws {
        let stage = try stage { $0.tenant = Self.tokens }
        #expect(try await left(after: plan, in: stage) == expected)
    }

    @Test func `a number that can't be is none`() async throws {
        let stage = try stage { $0.tenant = Self.tokens }
        var left: [String?] = []
        for said in ["300", "-300", "1e3", ""] {
            stage.instances.answer(
                with: .answer(headers: [HeaderField("x-weir-tokens", said)], [.end]))
            let reply = try await stage.send(.post, "/ai/complete", body: "{}")
            left.append(reply.header("x-ratelimit-remaining-tokens"))
            _ = try await reply.whole()
        }
        #expect(left == ["1000", "700", "700", "700"])
    }

    @Test func `a stream whose client leaves keeps what was taken`() async throws {
        let stage = try stage { $0.tenant = Self.tokens }
        let body = FakeBody([.bytes([1])])
        stage.instances.answer(with: .live(body))
        let reply = try await stage.send(
            .post, "/ai/complete", body: String(repeating: " ", count: 400))
        var stream = try #require(reply.answer.stream)
        #expect(try await stream.next() == [1])
        await stream.abandon()
        #expect(body.isCancelled)
        #expect(stage.inFlight == 0)
        stage.instances.answer(with: counted())
        let next = try await stage.send(.post, "/ai/complete", body: "{}")
        #expect(next.header("x-ratelimit-remaining-tokens") == "900")
    }

    @Test func `calls in flight are counted to their end`() async throws {
        let stage = try stage { $0.tenant = CallLimits(concurrent: 1) }
        let body = FakeBody()
        stage.instances.answer(with: .live(body))
        var first: Reply? = try await stage.complete()
        #expect(try await stage.complete().status == 429)
        body.feed(.end)
        _ = try await first?.whole()
        first = nil
        #expect(try await stage.complete().status == 200)
    }

    @Test func `while nobody is there nothing is read and nothing counted`() async throws {
        let stage = try stage { $0.tenant = Self.calls }
        for pool in ["main", "reports"] { try stage.down(pool) }
        let head = CallHead(
            method: .post, target: "/ai/complete",
            headers: [.authorization: "Bearer \(Stage.Token.tenant.rawValue)"])
        let hasRead = Mutexed(false)
        for _ in 0..<5 {
            let reply = Reply(
                answer: await stage.stage.dispatcher.respond(to: head) { _ in
                    hasRead.change { $0 = true }
                    return []
                })
            #expect(reply.status == 503 && reply.error == "ai_service_unavailable")
            #expect(reply.header("retry-after") == "5")
        }
        #expect(!hasRead.change { $0 })
        try stage.gateway.pools.first { $0.name.description == "main" }?.pool
            .check(slug("main/a"), passed: true)
        #expect(
            try await stage.complete(#", "feature_slug": "report-1""#).error
                == "ai_service_unavailable")
        let reply = try await stage.complete()
        #expect(reply.header("x-ratelimit-remaining-requests") == "1")
    }
}
