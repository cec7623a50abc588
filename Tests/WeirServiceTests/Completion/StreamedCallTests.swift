import Testing
import WeirCore
import WeirService
import WeirTesting

/// Streams through the pipeline: what goes to the client, and what the ledger says of it.
@Suite struct StreamedCallTests {
    @Test func `tokens come as they are read, and the end after the row`() async throws {
        let fixture = try PipelineFixture { _ in .answer("one\ntwo\nusage 10 5\nend\n") }
        let text = try await deliver(fixture)
        #expect(text.hasPrefix("event: token\ndata: {\"delta\":\"one\"}\n\n"))
        #expect(text.contains("event: done") && text.contains("\"output_tokens\":5"))
        let row = try #require(fixture.ledger.rows.first)
        #expect(row.outcome?.status == .ok && row.outcome?.cost == Money(nanos: 20))
        #expect(try await fixture.counter().held == .zero)
    }

    struct Ending: Sendable, CustomTestStringConvertible {
        let reply: String
        let code: String
        let status: LedgerRow.Status
        let basis: LedgerRow.Basis

        var testDescription: String { reply.debugDescription }
    }

    @Test(arguments: [
        Ending(
            reply: "one\n", code: "provider_error", status: .streamCut, basis: .estimated),
        Ending(
            reply: "one\nfail\n", code: "provider_unavailable", status: .streamCut,
            basis: .estimated),
        Ending(
            reply: "one\nusage x 5\n", code: "provider_error", status: .streamCut,
            basis: .worstCase),
    ])
    func `a stream that breaks off ends with an error and is charged`(ending: Ending) async throws {
        let fixture = try PipelineFixture { _ in .answer(ending.reply) }
        let text = try await deliver(fixture)
        #expect(text.contains("event: error") && text.contains(ending.code))
        #expect(!text.contains("event: done"))
        let outcome = try #require(fixture.ledger.rows.first?.outcome)
        #expect(outcome.status == ending.status && outcome.basis == ending.basis)
        #expect(outcome.cost > .zero)
        let counter = try await fixture.counter()
        #expect(counter.held == .zero && counter.settled == outcome.cost)
    }

    @Test func `what fails before its first token is an error like any other`() async throws {
        for reply in ["", "fail\n", "garbage\n", "\n"] {
            let fixture = try PipelineFixture { _ in .answer(reply) }
            let outcome = await fixture.outcome(try fixture.call("hi", isStream: true))
            #expect(outcome.code != nil, "\(reply.debugDescription)")
            let row = try #require(fixture.ledger.rows.first)
            #expect(row.outcome?.cost == row.held, "\(reply.debugDescription)")
        }
    }

    @Test func `a client that leaves changes nothing about the bill`() async throws {
        let fixture = try PipelineFixture { _ in .answer("one\ntwo\nusage 10 5\nend\n") }
        let stream = try await open(fixture)
        var delivery = try #require(stream.begin())
        _ = await delivery.next()
        await delivery.abandon()
        let outcome = try #require(fixture.ledger.rows.first?.outcome)
        #expect(outcome.basis == .reported && outcome.cost == Money(nanos: 20))
    }

    @Test func `a stream that nobody takes is settled all the same`() async throws {
        let fixture = try PipelineFixture { _ in .answer("one\nusage 10 5\nend\n") }
        _ = try await open(fixture)
        for _ in 0..<60_000 where fixture.ledger.rows.first?.state != .settled {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(fixture.ledger.rows.first?.outcome?.cost == Money(nanos: 20))
    }

    @Test func `where the row can't be written the end isn't either`() async throws {
        let fixture = try PipelineFixture { _ in .answer("one\nusage 10 5\nend\n") }
        let stream = try await open(fixture)
        fixture.ledger.fail(with: .unavailable("disk full"))
        let text = await collect(stream)
        #expect(text.contains("event: error") && !text.contains("event: done"))
        fixture.ledger.fail(with: nil)
        let row = try #require(fixture.ledger.rows.first)
        let counter = try await fixture.counter()
        #expect(row.state == .intent && counter.held == row.held)
    }

    @Test func `a finished stream is given again, byte for byte, at no cost`() async throws {
        let fixture = try PipelineFixture { _ in .answer("one\ntwo\nusage 10 5\nend\n") }
        let call = try fixture.call("hi", idempotency: "k", isStream: true)
        guard case .stream(let stream) = try await fixture.pipeline.complete(call) else {
            Issue.record("no stream")
            return
        }
        let first = await collect(stream)
        let again = try await fixture.outcome(call).get()
        #expect(again.isReplay && again.contentType == "text/event-stream")
        #expect(String(decoding: again.body, as: UTF8.self) == first)
        #expect(fixture.transport.calls.count == 1)
        #expect(fixture.ledger.rows.map(\.kind) == [.call, .replay])
    }

    @Test func `a stream that was cut keeps its error`() async throws {
        let fixture = try PipelineFixture { _ in .answer("one\n") }
        let call = try fixture.call("hi", idempotency: "k", isStream: true)
        guard case .stream(let stream) = try await fixture.pipeline.complete(call) else {
            Issue.record("no stream")
            return
        }
        _ = await collect(stream)
        let again = try await fixture.outcome(call).get()
        #expect(again.status == 502 && again.isReplay)
        #expect(fixture.transport.calls.count == 1)
    }

    private func open(_ fixture: PipelineFixture) async throws -> LiveStream {
        let call = try fixture.call("hi", isStream: true)
        guard case .stream(let stream) = try await fixture.pipeline.complete(call) else {
            throw WeirError(.internalError, "no stream")
        }
        return stream
    }

    private func deliver(_ fixture: PipelineFixture) async throws -> String {
        await collect(try await open(fixture))
    }

    private func collect(_ stream: LiveStream) async -> String {
        guard var delivery = stream.begin() else { return "" }
        var bytes: [UInt8] = []
        while let more = await delivery.next() { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }
}
