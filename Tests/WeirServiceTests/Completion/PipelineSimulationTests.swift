import Testing
import WeirCore
import WeirService
import WeirTesting

/// Thousands of concurrent calls with every kind of ending, from a seed; then the invariants.
@Suite struct PipelineSimulationTests {
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `budgets hold and sums agree whatever providers do`(seed: UInt64) async throws {
        let limit = Money(nanos: 40_000)
        let fixture = try PipelineFixture(limit: .capped(limit)) { call in
            await Task.yield()
            return ending(of: call)
        }
        try await withThrowingTaskGroup { group in
            for worker in 0..<32 {
                group.addTask {
                    var dice = Dice(state: seed &* 1_000 &+ UInt64(worker))
                    for number in 0..<60 {
                        let text = "\(dice.next() % 9) \(worker) \(number)"
                        let key = dice.next() % 3 == 0 ? "k\(dice.next() % 200)" : nil
                        let call = try fixture.call(
                            key.map { "\(dice.next() % 9) \($0)" } ?? text,
                            request: "req_\(worker)_\(number)",
                            cap: Int64(dice.next() % 200 + 1), idempotency: key,
                            user: Int64(worker % 3))
                        _ = await fixture.outcome(call)
                        let counter = try await fixture.counter()
                        #expect(counter.held >= .zero, "seed \(seed)")
                    }
                }
            }
            try await group.waitForAll()
        }
        try await check(fixture, limit: limit, seed: seed)
    }

    private func check(
        _ fixture: PipelineFixture, limit: Money, seed: UInt64
    ) async throws {
        let rows = fixture.ledger.rows
        let calls = rows.filter { $0.kind == .call }
        let counter = try await fixture.counter()
        let sum = rows.compactMap(\.outcome?.cost.nanos).reduce(0, +)
        #expect(counter.held == .zero, "I6, seed \(seed)")
        #expect(counter.settled.nanos == sum, "I14, seed \(seed)")
        #expect(calls.count == fixture.transport.calls.count, "I2, seed \(seed)")
        #expect(calls.allSatisfy { $0.state != .intent }, "I2, seed \(seed)")
        #expect(Set(calls.map(\.attempt)).count == calls.count)
        // Answers of this provider never cost more than their hold, so the cap is never passed.
        #expect(sum <= limit.nanos, "I1, seed \(seed)")
        #expect(sum > 0 && calls.count > 100, "the simulation must reach something")
    }
}

/// By the first character of what is asked.
private func ending(of call: UpstreamCall) -> UpstreamOutcome {
    switch call.body.first.map({ $0 % 9 }) {
    case 0: .lost(.timeout)
    case 1: .notSent("refused")
    case 2: .status(429)
    case 3: .status(500)
    case 4: .answer("-1 5 suspect")
    case 5: .answer("- - unreported")
    case 6: .answer("garbage")
    default: .answer("5 1 fine")
    }
}

private struct Dice {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
