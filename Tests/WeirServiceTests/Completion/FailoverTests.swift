import Testing
import WeirCore
import WeirService
import WeirTesting

/// Calls whose first provider gives no answer.
@Suite struct FailoverTests {
    @Test func `a second provider answers, each attempt with its own row`() async throws {
        let fixture = try Self.fixture { call in
            call.provider.description == "plain" ? .status(503) : .answer("10 5 hello")
        }
        let reply = try await fixture.outcome(try fixture.call("hi")).get()
        #expect(reply.status == 200 && reply.facts?.attempts == 2)
        #expect(reply.facts?.provider.description == "spare")
        let rows = fixture.ledger.rows
        #expect(rows.map(\.attemptNumber) == [1, 2])
        #expect(rows.map { $0.provider.description } == ["plain", "spare"])
        #expect(rows.map { $0.outcome?.status } == [.providerFailed, .ok])
        #expect(Set(rows.map(\.request)).count == 1)
        #expect(fixture.directoryStore.audit.map(\.action) == ["provider.switch"])
        #expect(fixture.directoryStore.events == ["ProviderSwitched"])
        #expect(try await fixture.counter().held == .zero)
    }

    @Test(arguments: [true, false])
    func `an attempt in doubt is charged, and the next one too`(isStream: Bool) async throws {
        let fixture = try Self.fixture { call in
            if call.provider.description == "plain" { return .lost(.timeout) }
            return .answer(isStream ? "x\nusage 10 5\nend\n" : "10 5 hello")
        }
        let call = try fixture.call("hi", idempotency: "k", isStream: isStream)
        if case .stream(let stream) = try await fixture.pipeline.complete(call) {
            var delivery = try #require(stream.begin())
            while await delivery.next() != nil {}
        }
        let rows = fixture.ledger.rows
        #expect(rows.map { $0.outcome?.basis } == [.worstCase, .reported])
        let sum = rows.reduce(Money.zero) { $0.saturatingAdd($1.outcome?.cost ?? .zero) }
        #expect(try await fixture.counter().settled == sum)
        let again = try await fixture.outcome(call).get()
        #expect(again.isReplay && again.status == 200)
        #expect(fixture.transport.calls.count == 2)
    }

    @Test(arguments: [400, 404, 422])
    func `the caller's own mistake is told and not tried again`(status: Int) async throws {
        let fixture = try Self.fixture { _ in .status(status) }
        let outcome = await fixture.outcome(try fixture.call("hi"))
        #expect(outcome.code == .invalidRequest)
        #expect(fixture.transport.calls.count == 1)
    }

    @Test func `a budget for one attempt only is no budget for a second`() async throws {
        let fixture = try Self.fixture(limit: .capped(Money(nanos: 400))) { _ in .lost(.timeout) }
        let outcome = await fixture.outcome(try fixture.call("hi", cap: 100))
        #expect(outcome.code == .providerTimeout, "the first provider's error, not a 402")
        #expect(fixture.transport.calls.count == 1)
        #expect(fixture.ledger.rows.count == 1)
        #expect(try await fixture.counter().held == .zero)
    }

    @Test func `a call that ends without a second attempt keeps its key's error`() async throws {
        let fixture = try Self.fixture(limit: .capped(Money(nanos: 400))) { _ in .lost(.timeout) }
        let call = try fixture.call("hi", cap: 100, idempotency: "k")
        _ = await fixture.outcome(call)
        let again = try await fixture.outcome(call).get()
        #expect(again.isReplay && again.status == 504)
        #expect(fixture.transport.calls.count == 1)
    }

    @Test func `a free attempt after a charged one doesn't free the key`() async throws {
        let fixture = try Self.fixture { call in
            call.provider.description == "plain" ? .lost(.timeout) : .status(429)
        }
        let call = try fixture.call("hi", idempotency: "k")
        #expect(await fixture.outcome(call).code == .providerUnavailable)
        #expect(try await fixture.outcome(call).get().isReplay)
        #expect(fixture.transport.calls.count == 2)
    }

    @Test func `the same provider is asked again where nothing was billed`() async throws {
        let count = Holder<Int>()
        let fixture = try PipelineFixture(retries: 1) { _ in
            count.set((count.get() ?? 0) + 1)
            return count.get() == 1 ? .status(429) : .answer("10 5 hello")
        }
        let reply = try await fixture.outcome(try fixture.call("hi")).get()
        #expect(reply.facts?.attempts == 2)
        #expect(fixture.directoryStore.events.isEmpty, "it is no switch")
    }

    @Test func `a failing provider is left alone`() async throws {
        let fixture = try Self.fixture(failures: 2) { call in
            call.provider.description == "plain" ? .status(500) : .answer("10 5 hello")
        }
        for _ in 0..<4 {
            #expect(try await fixture.outcome(try fixture.call("hi")).get().status == 200)
        }
        let asked = fixture.transport.calls.map { $0.provider.description }
        #expect(asked == ["plain", "spare", "plain", "spare", "spare", "spare"])
        #expect(fixture.directoryStore.events.contains("BreakerOpened"))
        fixture.time.advance(seconds: 11)
        _ = await fixture.outcome(try fixture.call("hi"))
        #expect(
            fixture.transport.calls.suffix(2).map { $0.provider.description } == [
                "plain", "spare",
            ], "one probe")
    }

    @Test func `switches are told once a minute, and written down each time`() async throws {
        let fixture = try Self.fixture { call in
            call.provider.description == "plain" ? .status(503) : .answer("10 5 hello")
        }
        for seconds in [0, 1, 58, 1] as [Int64] {
            fixture.time.advance(seconds: seconds)
            _ = await fixture.outcome(try fixture.call("hi"))
        }
        #expect(fixture.directoryStore.audit.map(\.action).count == 4)
        #expect(fixture.directoryStore.events == ["ProviderSwitched", "ProviderSwitched"])
    }

    @Test func `a stopped provider is passed over`() async throws {
        let fixture = try Self.fixture { _ in .answer("10 5 hello") }
        let plain = try #require(ProviderName("plain"))
        let admin = Caller(key: try #require(KeyID("key_admin")), role: .admin, reach: .all)
        _ = try await KillSwitchAdministration(directory: fixture.directory, time: fixture.time)
            .set(.provider(plain), engaged: true, by: admin)
        let reply = try await fixture.outcome(try fixture.call("hi")).get()
        #expect(reply.facts?.provider.description == "spare")
        #expect(fixture.ledger.rows.map(\.attemptNumber) == [1])
    }

    private static func fixture(
        limit: BudgetLimit = .unlimited, failures: Int = 1_000_000,
        reply: @escaping @Sendable (UpstreamCall) async -> UpstreamOutcome
    ) throws -> PipelineFixture {
        try PipelineFixture(limit: limit, hasSpare: true, failures: failures, reply: reply)
    }
}
