import Testing
import WeirCore

@Suite struct CircuitBreakersTests {
    let provider: ProviderName

    init() throws { provider = try #require(ProviderName("acme")) }

    private func key(_ number: Int) throws -> CircuitBreakers.Key {
        .init(provider: provider, model: try #require(ModelName("m\(number)")))
    }

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1_000) }

    private func fail(_ breakers: inout CircuitBreakers, _ key: CircuitBreakers.Key, times: Int) {
        for _ in 0..<times {
            guard case .admitted(let ticket) = breakers.admit(key, at: at(0), dice: 0) else {
                return
            }
            breakers.record(.failure(retryAfter: nil), key, ticket: ticket, at: at(0))
        }
    }

    @Test func `each model of a provider has its own breaker`() throws {
        var breakers = CircuitBreakers(rules: BreakerRules())
        fail(&breakers, try key(1), times: 5)
        #expect(breakers.admit(try key(1), at: at(0), dice: 0) == .refused(retryAfter: 10))
        guard case .admitted = breakers.admit(try key(2), at: at(0), dice: 0) else {
            Issue.record("the other model was refused")
            return
        }
        let states = breakers.snapshots(of: provider, at: at(0))
        #expect(states.map(\.name.description) == ["m1", "m2"])
        #expect(states.map(\.breaker.state) == [.open, .closed])
        #expect(states[0].breaker.until == at(10))
    }

    @Test func `names without end fill no memory, and push out no open breaker`() throws {
        var breakers = CircuitBreakers(rules: BreakerRules(), capacity: 10)
        fail(&breakers, try key(0), times: 5)
        fail(&breakers, try key(1), times: 1)
        for number in 2..<1_000 {
            _ = breakers.admit(try key(number), at: at(0), dice: 0)
            #expect(breakers.count <= 10)
        }
        let names = breakers.snapshots(of: provider, at: at(0)).map(\.name.description)
        #expect(names.contains("m0") && names.contains("m1") && names.contains("m999"))
    }

    @Test func `a ticket of a breaker that was given up counts nothing in the next`() throws {
        var breakers = CircuitBreakers(rules: BreakerRules(), capacity: 1)
        let (first, second) = (try key(1), try key(2))
        guard case .admitted(let old) = breakers.admit(first, at: at(0), dice: 0) else { return }
        _ = breakers.admit(second, at: at(0), dice: 0)
        _ = breakers.admit(first, at: at(0), dice: 0)
        for _ in 0..<4 { breakers.record(.failure(retryAfter: nil), first, ticket: old, at: at(0)) }
        #expect(breakers.snapshots(of: provider, at: at(0)).map(\.breaker.failuresInRow) == [0])
        breakers.record(.success, second, ticket: old, at: at(0))
        #expect(breakers.count == 1)
    }

    @Test func `changes of state are told once`() throws {
        var breakers = CircuitBreakers(rules: BreakerRules())
        fail(&breakers, try key(1), times: 5)
        let told = breakers.takeChanges()
        #expect(told.map(\.before) == [.closed] && told.map(\.after) == [.open])
        #expect(breakers.takeChanges().isEmpty)
        guard case .probe(let probe) = breakers.admit(try key(1), at: at(10), dice: 0) else {
            Issue.record("no probe")
            return
        }
        breakers.record(.success, try key(1), ticket: probe, at: at(11))
        _ = breakers.admit(try key(1), at: at(41), dice: 0)
        #expect(breakers.takeChanges().map(\.after) == [.halfOpen, .slowStart, .closed])
    }

    @Test func `changes that nobody takes are bounded`() throws {
        var rules = BreakerRules()
        rules.failures = 1
        var breakers = CircuitBreakers(rules: rules)
        for number in 0..<1_000 { fail(&breakers, try key(number), times: 1) }
        let told = breakers.takeChanges()
        #expect(told.count == CircuitBreakers.mostChanges)
        #expect(told.last?.key == (try key(999)))
    }
}
