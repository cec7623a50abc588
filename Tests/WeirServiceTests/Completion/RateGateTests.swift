import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// The rate limit in the pipeline: what counts, what doesn't, and what the caller hears.
@Suite struct RateGateTests {
    private static let limit = RateLimit(perMinute: 60, burst: 1)

    @Test func `a call above the burst is refused without a trace, and a later one is not`()
        async throws
    {
        let fixture = try PipelineFixture(rate: Self.limit) { _ in .answer("10 5 hello") }
        let call = try fixture.call("hi")
        let first = try await fixture.outcome(call).get()
        #expect(first.rate?.requests?.limit == 2 && first.rate?.requests?.remaining == 1)
        let second = try await fixture.outcome(call).get()
        #expect(
            second.rate?.requests?.remaining == 0
                && second.rate?.requests?.resetAfter == .seconds(2))
        for _ in 0..<3 {
            guard case .failure(let error) = await fixture.outcome(call) else {
                Issue.record("a third call was admitted")
                return
            }
            #expect(error.code == .rateLimited && error.retryAfter == 1)
            #expect(error.rate?.requests?.remaining == 0)
        }
        #expect(fixture.transport.calls.count == 2 && fixture.ledger.rows.count == 2)
        #expect(try await fixture.counter().held == .zero)
        fixture.time.advance(seconds: 1)
        #expect(try await fixture.outcome(call).get().rate?.requests?.remaining == 0)
    }

    @Test func `other limits count on from what was asked for, and tenants may have their own`()
        async throws
    {
        var policy = LimitPolicy()
        policy.tenant = CallLimits(calls: RateLimit(perMinute: 1, burst: 9))
        let gate = RateGate(policy)
        let fixture = try PipelineFixture { _ in .answer("1 1 x") }
        let call = try fixture.call("hi")
        var tenant = Tenant(id: call.tenant, name: "One")
        func admits(_ count: Int) -> Int {
            (0..<count).count { _ in
                (try? gate.admit(call, of: tenant, tokens: 0, at: fixture.time.now())) != nil
            }
        }
        #expect(admits(4) == 4)
        policy.tenant = CallLimits(calls: RateLimit(perMinute: 1, burst: 5))
        gate.replace(policy)
        #expect(admits(9) == 2)
        policy.tenant = CallLimits(calls: RateLimit(perMinute: 1, burst: 7))
        gate.replace(policy)
        #expect(admits(9) == 2)
        tenant.limits = TenantLimits(burst: 10)
        #expect(admits(9) == 3)
        tenant.limits = TenantLimits(perMinute: 0)
        #expect(admits(50) == 50)
    }

    @Test func `without a limit nothing is said of one`() async throws {
        let fixture = try PipelineFixture { _ in .answer("1 1 x") }
        for _ in 0..<50 {
            let reply = try await fixture.outcome(try fixture.call("hi")).get()
            #expect(reply.rate == nil)
        }
    }

    @Test func `a stream counts, and says so`() async throws {
        let fixture = try PipelineFixture(rate: Self.limit) { _ in
            .answer("one\nusage 1 1\nend\n")
        }
        for remaining in [1, 0] as [Int64] {
            let outcome = try await fixture.pipeline.complete(
                try fixture.call("hi", isStream: true))
            guard case .stream(let stream) = outcome else {
                Issue.record("no stream")
                return
            }
            #expect(stream.rate?.requests?.remaining == remaining)
            var delivery = try #require(stream.begin())
            while await delivery.next() != nil {}
        }
        #expect(
            await fixture.outcome(try fixture.call("hi", isStream: true)).code == .rateLimited)
    }

    @Test func `a replay counts`() async throws {
        let fixture = try PipelineFixture(rate: Self.limit) { _ in .answer("1 1 x") }
        let call = try fixture.call("hi", idempotency: "k")
        #expect(try await fixture.outcome(call).get().rate?.requests?.remaining == 1)
        let replay = try await fixture.outcome(call).get()
        #expect(replay.isReplay && replay.rate?.requests?.remaining == 0)
        #expect(await fixture.outcome(call).code == .rateLimited)
    }

    @Test func `what a provider failed at counts: it was asked`() async throws {
        let fixture = try PipelineFixture(rate: Self.limit) { _ in .status(502) }
        for _ in 0..<2 {
            #expect(await fixture.outcome(try fixture.call("hi")).code == .providerError)
        }
        #expect(await fixture.outcome(try fixture.call("hi")).code == .rateLimited)
    }

    @Test func `what is refused for another reason doesn't count`() async throws {
        let fixture = try PipelineFixture(
            limit: .capped(Money(nanos: 1_000)), rate: Self.limit
        ) { _ in .answer("1 1 x") }
        let used = try fixture.call("hi", cap: 10, idempotency: "k")
        #expect(try await fixture.outcome(used).get().rate?.requests?.remaining == 1)
        for _ in 0..<10 {
            #expect(
                await fixture.outcome(try fixture.call("hi", cap: 5_000)).code == .budgetExceeded)
            let mismatch = try fixture.call("other", cap: 10, idempotency: "k")
            #expect(await fixture.outcome(mismatch).code == .idempotencyMismatch)
            fixture.ledger.fail(with: .unavailable("disk full"))
            let failed = try fixture.call("hi", cap: 10)
            #expect(await fixture.outcome(failed).code == .serviceUnavailable)
            fixture.ledger.fail(with: nil)
        }
        #expect(fixture.ledger.rows.count == 1)
        let last = try await fixture.outcome(try fixture.call("hi", cap: 10)).get()
        #expect(last.rate?.requests?.remaining == 0)
    }

    @Test func `a tenant that may not call at all isn't told of rates`() async throws {
        let fixture = try PipelineFixture(rate: Self.limit, change: { $0.isActive = false }) { _ in
            .answer("1 1 x")
        }
        for _ in 0..<5 {
            #expect(await fixture.outcome(try fixture.call("hi")).code == .moduleInactive)
        }
    }

    @Test func `of calls at the same time exactly as many are admitted as may be`() async throws {
        let limit = RateLimit(perMinute: 1, burst: 19)
        let fixture = try PipelineFixture(rate: limit) { _ in .answer("1 1 x") }
        let codes = try await withThrowingTaskGroup(of: WeirError.Code?.self) { group in
            for number in 0..<100 {
                let call = try fixture.call("hi", request: "req_\(number)")
                group.addTask { await fixture.outcome(call).code }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.filter { $0 == nil }.count == 20)
        #expect(codes.filter { $0 == .rateLimited }.count == 80)
        #expect(fixture.ledger.rows.count == 20)
    }
}
