import Testing
import WeirCore

@Suite struct CircuitBreakerTests {
    typealias Ticket = CircuitBreaker.Ticket

    private static func seconds(_ count: Double) -> Timestamp {
        Timestamp(milliseconds: 1_800_000_000_000 + Int64(count * 1_000))
    }

    private func at(_ count: Double) -> Timestamp { Self.seconds(count) }

    private func breaker(_ change: (inout BreakerRules) -> Void = { _ in }) -> CircuitBreaker {
        var rules = BreakerRules()
        change(&rules)
        return CircuitBreaker(rules: rules, at: at(0))
    }

    private func ticket(
        _ breaker: inout CircuitBreaker, _ moment: Double, _ thousandth: Int = 0
    ) throws -> Ticket {
        switch breaker.admit(at: at(moment), dice: dice(thousandth: thousandth)) {
        case .admitted(let ticket), .probe(let ticket): return ticket
        case .refused:
            Issue.record("refused at \(moment)")
            throw Refused()
        }
    }

    private struct Refused: Error {}

    private func run(
        _ breaker: inout CircuitBreaker, _ outcome: BreakerOutcome, _ moment: Double
    ) throws {
        breaker.record(outcome, ticket: try ticket(&breaker, moment), at: at(moment))
    }

    private func opened(at moment: Double = 0) throws -> CircuitBreaker {
        var breaker = breaker()
        for _ in 0..<5 { try run(&breaker, .failure(retryAfter: nil), moment) }
        return breaker
    }

    @Test func `failures in a row open it, a success in between starts the row anew`() throws {
        var breaker = breaker()
        for outcome in [BreakerOutcome.failure(retryAfter: nil), .success] {
            for _ in 0..<4 { try run(&breaker, .failure(retryAfter: nil), 0) }
            #expect(breaker.state == .closed)
            try run(&breaker, outcome, 0)
            if outcome == .success { continue }
            #expect(breaker.state == .open(until: at(10)))
            breaker = self.breaker()
        }
        #expect(breaker.failuresInRow == 0)
    }

    @Test func `a rate opens it, from the least number of calls on`() throws {
        var breaker = breaker { $0.failures = 1_000 }
        for _ in 0..<9 { try run(&breaker, .failure(retryAfter: nil), 0) }
        for _ in 0..<10 { try run(&breaker, .success, 1) }
        #expect(breaker.state == .closed)
        try run(&breaker, .failure(retryAfter: nil), 1)
        #expect(breaker.state == .open(until: at(11)))
    }

    @Test func `calls that have left the window count nothing`() throws {
        var breaker = breaker { $0.failures = 1_000 }
        for _ in 0..<19 { try run(&breaker, .failure(retryAfter: nil), 0) }
        for _ in 0..<19 { try run(&breaker, .failure(retryAfter: nil), 31) }
        #expect(breaker.state == .closed)
        try run(&breaker, .failure(retryAfter: nil), 32)
        #expect(breaker.state == .open(until: at(42)))
    }

    @Test func `what says nothing never opens it`() throws {
        var breaker = breaker()
        for _ in 0..<1_000 { try run(&breaker, .neutral, 0) }
        for _ in 0..<4 { try run(&breaker, .failure(retryAfter: nil), 0) }
        for _ in 0..<1_000 { try run(&breaker, .neutral, 0) }
        #expect(breaker.state == .closed)
        #expect(breaker.failuresInRow == 4)
    }

    @Test func `an open one says when to come back, and admits one probe then`() throws {
        var breaker = try opened()
        #expect(breaker.admit(at: at(0), dice: 0) == .refused(retryAfter: 10))
        #expect(breaker.admit(at: at(9.5), dice: 0) == .refused(retryAfter: 1))
        guard case .probe = breaker.admit(at: at(10), dice: 0) else {
            Issue.record("no probe")
            return
        }
        for _ in 0..<100 {
            #expect(breaker.admit(at: at(10), dice: 0) == .refused(retryAfter: 1))
        }
    }

    @Test func `a probe that fails opens it for twice as long, up to a cap`() throws {
        var breaker = try opened()
        var moment = 10.0
        for length in [20.0, 40, 80, 160, 300, 300, 300] {
            try run(&breaker, .failure(retryAfter: nil), moment)
            #expect(breaker.state == .open(until: at(moment + length)))
            moment += length
        }
    }

    @Test func `a probe that says nothing makes room for the next`() throws {
        var breaker = try opened()
        try run(&breaker, .neutral, 10)
        #expect(breaker.state == .halfOpen(probeUntil: nil))
        try run(&breaker, .success, 10)
        #expect(breaker.state == .slowStart(until: at(40)))
    }

    @Test func `a probe that isn't heard of is given up, and counts nothing later`() throws {
        var breaker = try opened()
        let lost = try ticket(&breaker, 10)
        #expect(breaker.admit(at: at(309.9), dice: 0) == .refused(retryAfter: 1))
        let second = try ticket(&breaker, 310)
        breaker.record(.success, ticket: lost, at: at(310))
        #expect(breaker.state == .halfOpen(probeUntil: at(610)))
        breaker.record(.success, ticket: second, at: at(311))
        #expect(breaker.state == .slowStart(until: at(341)))
    }

    @Test(arguments: [
        (0.0, 99, 100), (3.0, 99, 100), (6.0, 199, 200), (15.0, 499, 500), (29.7, 989, 990),
    ])
    func `slow start admits a rising share`(elapsed: Double, last: Int, first: Int) throws {
        var breaker = try opened()
        try run(&breaker, .success, 10)
        let moment = at(10 + elapsed)
        #expect(breaker.admit(at: moment, dice: dice(thousandth: first)) == .refused(retryAfter: 1))
        guard case .admitted = breaker.admit(at: moment, dice: dice(thousandth: last)) else {
            Issue.record("thousandth \(last) was refused after \(elapsed) s")
            return
        }
    }

    @Test func `slow start ends closed, and the next cool-down is the first one again`() throws {
        var breaker = try opened()
        try run(&breaker, .success, 10)
        _ = try ticket(&breaker, 40, 999)
        #expect(breaker.state == .closed)
        #expect(breaker.since == at(40))
        for _ in 0..<5 { try run(&breaker, .failure(retryAfter: nil), 41) }
        #expect(breaker.state == .open(until: at(51)))
    }

    @Test func `failing again in slow start opens it for longer`() throws {
        var breaker = try opened()
        try run(&breaker, .success, 10)
        for _ in 0..<5 { try run(&breaker, .failure(retryAfter: nil), 11) }
        #expect(breaker.state == .open(until: at(31)))
    }

    @Test func `without slow start a probe's success closes`() throws {
        var breaker = breaker { $0.slowStart = .zero }
        for _ in 0..<5 { try run(&breaker, .failure(retryAfter: nil), 0) }
        try run(&breaker, .success, 10)
        #expect(breaker.state == .closed)
    }

    @Test func `a provider that asks for time gets it, and then every call again`() throws {
        var breaker = breaker()
        try run(&breaker, .failure(retryAfter: 7), 0)
        #expect(breaker.state == .resting(until: at(7)))
        #expect(breaker.admit(at: at(0), dice: 0) == .refused(retryAfter: 7))
        _ = try ticket(&breaker, 7, 999)
        #expect(breaker.state == .closed)
        #expect(breaker.failuresInRow == 1)
    }

    @Test func `what a provider asks for lengthens a cool-down, and is capped`() throws {
        var breaker = breaker()
        for _ in 0..<4 { try run(&breaker, .failure(retryAfter: nil), 0) }
        try run(&breaker, .failure(retryAfter: 60), 0)
        #expect(breaker.state == .open(until: at(60)))
        try run(&breaker, .failure(retryAfter: .max), 60)
        #expect(breaker.state == .open(until: at(360)))
        var other = self.breaker()
        try run(&other, .failure(retryAfter: .max), 0)
        #expect(other.state == .resting(until: at(300)))
        var third = self.breaker()
        for asked in [Int.min, -1, 0] { try run(&third, .failure(retryAfter: asked), 0) }
        #expect(third.state == .closed)
    }

    @Test func `results from before a change of state count nothing`() throws {
        var breaker = breaker()
        let old = try (0..<20).map { _ in try ticket(&breaker, 0) }
        for late in old.prefix(5) {
            breaker.record(.failure(retryAfter: nil), ticket: late, at: at(1))
        }
        for late in old.suffix(5) {
            breaker.record(.success, ticket: late, at: at(2))
            breaker.record(.failure(retryAfter: 200), ticket: late, at: at(3))
        }
        #expect(breaker.state == .open(until: at(11)))
        try run(&breaker, .success, 11)
        for late in old { breaker.record(.failure(retryAfter: 9), ticket: late, at: at(12)) }
        #expect(breaker.state == .slowStart(until: at(41)))
    }

    @Test func `a clock that steps back begins the state anew`() throws {
        var breaker = try opened()
        #expect(breaker.admit(at: at(-3_600), dice: 0) == .refused(retryAfter: 10))
        try run(&breaker, .success, -3_590)
        #expect(breaker.state == .slowStart(until: at(-3_560)))
    }

    @Test func `rules and moments at the edge of their range don't trap`() throws {
        var rules = BreakerRules()
        rules.coolDown = .seconds(Int64.max)
        rules.longestCoolDown = .seconds(Int64.max)
        rules.window = .seconds(Int64.max)
        rules.slowStart = .seconds(Int64.max)
        rules.failures = 1
        let moments = [Int64.min, -1, 0, .max - 1, .max].map(Timestamp.init(milliseconds:))
        for first in moments {
            var breaker = CircuitBreaker(rules: rules, at: first)
            for moment in moments {
                for outcome in [BreakerOutcome.success, .failure(retryAfter: .max), .neutral] {
                    switch breaker.admit(at: moment, dice: .max) {
                    case .admitted(let ticket), .probe(let ticket):
                        breaker.record(outcome, ticket: ticket, at: moment)
                    case .refused(let seconds): #expect(seconds >= 1)
                    }
                }
            }
        }
    }
}
