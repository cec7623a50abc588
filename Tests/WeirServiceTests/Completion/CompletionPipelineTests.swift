import Testing
import WeirCore
import WeirService
import WeirTesting

@Suite struct CompletionPipelineTests {
    @Test func `an answer is settled before it is given`() async throws {
        let fixture = try PipelineFixture { _ in .answer("10 5 hello") }
        let reply = try await fixture.outcome(try fixture.call("hi")).get()
        #expect(reply.status == 200 && reply.facts?.cost == Money(nanos: 20))
        let row = try #require(fixture.ledger.rows.first)
        #expect(row.state == .settled && row.outcome?.cost == Money(nanos: 20))
        #expect(row.held > Money(nanos: 20))
        let counter = try await fixture.counter()
        #expect(counter.settled == Money(nanos: 20) && counter.held == .zero)
    }

    @Test func `where no INTENT can be made nothing is sent and nothing stays held`() async throws {
        let fixture = try PipelineFixture { _ in .answer("1 1 x") }
        fixture.ledger.fail(with: .unavailable("disk full"))
        let outcome = await fixture.outcome(try fixture.call("hi"))
        #expect(outcome.code == .serviceUnavailable)
        #expect(fixture.transport.calls.isEmpty && fixture.ledger.rows.isEmpty)
        fixture.ledger.fail(with: nil)
        #expect(try await fixture.counter().held == .zero)
    }

    @Test func `where a settlement can't be written no answer is given and the hold stays`()
        async throws
    {
        let ledger = FailingAfterIntent()
        let fixture = try PipelineFixture { _ in
            ledger.trip()
            return .answer("1 1 x")
        }
        ledger.attach(fixture.ledger)
        let outcome = await fixture.outcome(try fixture.call("hi"))
        #expect(outcome.code == .serviceUnavailable)
        fixture.ledger.fail(with: nil)
        let counter = try await fixture.counter()
        let row = try #require(fixture.ledger.rows.first)
        #expect(row.state == .intent && counter.held == row.held)
    }

    @Test func `a refused call leaves no trace`() async throws {
        let fixture = try PipelineFixture(limit: .capped(Money(nanos: 100))) { _ in
            .answer("1 1 x")
        }
        let outcome = await fixture.outcome(try fixture.call("hi", cap: 100))
        #expect(outcome.code == .budgetExceeded)
        #expect(fixture.transport.calls.isEmpty && fixture.ledger.rows.isEmpty)
        #expect(try await fixture.counter().held == .zero)
    }

    @Test func `calls above the bound of those in flight are refused at once`() async throws {
        let fixture = try PipelineFixture(concurrentCalls: 0) { _ in .answer("1 1 x") }
        let outcome = await fixture.outcome(try fixture.call("hi"))
        #expect(outcome.code == .overloaded && fixture.ledger.rows.isEmpty)
    }

    @Test func `a model outside of the tenant's list is refused`() async throws {
        let other = try #require(ModelName("other"))
        let fixture = try PipelineFixture(change: { $0.models = [other] }) { _ in
            .answer("1 1 x")
        }
        #expect(await fixture.outcome(try fixture.call("hi")).code == .forbidden)
    }

    @Test func `a kept error is answered again and never sent again`() async throws {
        let fixture = try PipelineFixture { _ in .lost(.timeout) }
        let call = try fixture.call("hi", idempotency: "k")
        let first = await fixture.outcome(call)
        #expect(first.code == .providerTimeout)
        let again = try await fixture.outcome(call).get()
        #expect(again.status == 504 && again.isReplay)
        #expect(fixture.transport.calls.count == 1)
        #expect(fixture.ledger.rows.map(\.kind) == [.call, .replay])
    }

    @Test func `a call that was not executed frees its key`() async throws {
        let fixture = try PipelineFixture { call in
            call.body == Array("busy".utf8) ? .status(429) : .notSent("refused")
        }
        for text in ["busy", "down"] {
            for _ in 0..<2 {
                let outcome = await fixture.outcome(try fixture.call(text, idempotency: text))
                #expect(outcome.code == .providerUnavailable)
            }
        }
        #expect(fixture.transport.calls.count == 4)
    }

    @Test func `an answer that breaks the feature's policy is charged`() async throws {
        let fixture = try PipelineFixture { _ in .answer("- - no usage") }
        let reply = try await fixture.outcome(try fixture.call("hi")).get()
        let row = try #require(fixture.ledger.rows.first)
        #expect(reply.status == 200 && row.outcome?.basis == .estimated)
        #expect((row.outcome?.cost ?? .zero) > .zero)
    }
}

/// Makes the ledger fail from the moment at which the provider is asked.
private final class FailingAfterIntent: Sendable {
    private let ledger = Holder<InMemoryLedgerStore>()

    func attach(_ store: InMemoryLedgerStore) { ledger.set(store) }
    func trip() { ledger.get()?.fail(with: .unavailable("fsync failed")) }
}
