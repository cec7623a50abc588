import Testing
import WeirCore
import WeirService
import WeirTesting

/// What a gateway is told of a call's tokens, and what the token limit takes for it.
@Suite struct CallMeterTests {
    private func metered(_ call: CompletionCall) -> (CompletionCall, CallMeter) {
        var call = call
        let meter = CallMeter()
        call.meter = meter
        return (call, meter)
    }

    @Test func `an answer has used what its provider says, once`() async throws {
        let fixture = try PipelineFixture { _ in .answer("10 5 hello") }
        let (call, meter) = metered(try fixture.call("hi"))
        #expect(meter.tokens == nil)
        _ = try await fixture.outcome(call).get()
        #expect(meter.tokens == 15)
    }

    @Test func `a stream has used it at its end`() async throws {
        let fixture = try PipelineFixture { _ in .answer("one\nusage 7 2\nend\n") }
        let (call, meter) = metered(try fixture.call("hi", isStream: true))
        guard case .stream(let stream) = try await fixture.pipeline.complete(call) else {
            Issue.record("no stream")
            return
        }
        var delivery = try #require(stream.begin())
        #expect(meter.tokens == nil)
        while await delivery.next() != nil {}
        #expect(meter.tokens == 9)
    }

    @Test func `a replay counts, and uses nothing`() async throws {
        let fixture = try PipelineFixture { _ in .answer("10 5 hello") }
        _ = try await fixture.outcome(try fixture.call("hi", idempotency: "k")).get()
        let (call, meter) = metered(try fixture.call("hi", idempotency: "k"))
        #expect(try await fixture.outcome(call).get().isReplay)
        #expect(meter.tokens == 0)
    }

    @Test func `what was refused before a provider was asked doesn't count`() async throws {
        let fixture = try PipelineFixture(limit: .capped(Money(nanos: 1))) { _ in
            .answer("1 1 x")
        }
        let (call, meter) = metered(try fixture.call("hi"))
        #expect(await fixture.outcome(call).code == .budgetExceeded)
        #expect(meter.tokens == nil)
    }

    @Test(arguments: [
        (UpstreamOutcome.status(502), Int64(182)), (.status(503), 0), (.notSent("refused"), 0),
        (.lost(.timeout), 182),
    ])
    func `a failed attempt counts, with what it is charged for`(
        outcome: UpstreamOutcome, tokens: Int64
    ) async throws {
        let fixture = try PipelineFixture { _ in outcome }
        let (call, meter) = metered(try fixture.call("hi", cap: 100))
        #expect(await fixture.outcome(call).code != nil)
        #expect(meter.tokens == tokens)
    }

    @Test func `attempts of one call add up`() async throws {
        let fixture = try PipelineFixture(hasSpare: true, retries: 1) { call in
            call.provider.description == "plain" ? .status(503) : .answer("10 5 hello")
        }
        let (call, meter) = metered(try fixture.call("hi"))
        _ = try await fixture.outcome(call).get()
        #expect(fixture.transport.calls.count == 3)
        #expect(meter.tokens == 15)
    }

    @Test func `the token limit takes what was used, once`() async throws {
        var policy = LimitPolicy()
        policy.tenant = CallLimits(tokensPerMinute: 1_000)
        let fixture = try PipelineFixture(policy: policy) { _ in .answer("10 5 hello") }
        for used in [0, 15, 30] as [Int64] {
            let reply = try await fixture.outcome(try fixture.call("hi", cap: 100)).get()
            // What is left is told at admission, with this call's most taken: 82 and 100.
            #expect(reply.rate?.tokens?.remaining == 1_000 - used - 182)
        }
    }
}
