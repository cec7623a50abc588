import Testing
import WeirCore
import WeirTesting

/// Random histories, each one replayed from its seed, against the breaker written the long way.
@Suite struct CircuitBreakerModelTests {
    private struct Pending {
        let ticket: CircuitBreaker.Ticket
        let phase: Int
    }

    @Test(arguments: 0..<400)
    func `every decision is the model's`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let rules = rules(&random)
        var now = Int64.random(in: 0...2_000_000, using: &random)
        var breaker = CircuitBreaker(rules: rules, at: Timestamp(milliseconds: now))
        var model = NaiveBreaker(rules, start: now)
        var pending: [Pending] = []
        var seen: Set<BreakerSnapshot.State> = []
        let failureShare = Int.random(in: 0...100, using: &random)
        for step in 0..<1_500 {
            now = moved(now, &random)
            let moment = Timestamp(milliseconds: now)
            if Bool.random(using: &random) || pending.isEmpty {
                let thousandth = Int.random(in: 0..<1_000, using: &random)
                let wanted = model.ask(now, thousandth)
                let got = breaker.admit(at: moment, dice: dice(thousandth: thousandth))
                switch got {
                case .admitted(let ticket), .probe(let ticket):
                    pending.append(Pending(ticket: ticket, phase: model.phaseNumber))
                case .refused: break
                }
                if answer(got) != wanted {
                    Issue.record("seed \(seed), step \(step): \(got), wanted \(wanted)")
                }
            } else {
                let index = Int.random(in: pending.indices, using: &random)
                // Now and then one is told of twice.
                let one = pending[index]
                if Int.random(in: 0..<10, using: &random) > 0 { pending.remove(at: index) }
                let outcome = outcome(failureShare, &random)
                breaker.record(outcome, ticket: one.ticket, at: moment)
                model.tell(outcome, from: one.phase, now)
            }
            seen.insert(BreakerSnapshot.State(breaker.state))
            guard alike(breaker, model, now) else {
                Issue.record("seed \(seed), step \(step): \(breaker.state), \(model.phase)")
                return
            }
        }
        #expect(seen.count > 1 || failureShare < 5, "seed \(seed) saw only \(seen)")
    }

    private func rules(_ random: inout SplitMix) -> BreakerRules {
        var rules = BreakerRules()
        rules.failures = Int.random(in: 1...30, using: &random)
        rules.window = .milliseconds(Int64.random(in: 1...4_000, using: &random) * 10)
        rules.rate = Int.random(in: 1...100, using: &random)
        rules.minimumCalls = Int.random(in: 1...30, using: &random)
        rules.coolDown = .milliseconds(Int64.random(in: 0...20_000, using: &random))
        rules.longestCoolDown = .milliseconds(Int64.random(in: 1...100_000, using: &random))
        rules.slowStart =
            Bool.random(using: &random)
            ? .zero : .milliseconds(Int64.random(in: 1...30_000, using: &random))
        return rules
    }

    /// Mostly a little later, at times much later, rarely earlier.
    private func moved(_ now: Int64, _ random: inout SplitMix) -> Int64 {
        switch Int.random(in: 0..<200, using: &random) {
        case 0: max(0, now - Int64.random(in: 0...100_000, using: &random))
        case 1...4: max(0, now - Int64.random(in: 0...20, using: &random))
        case 5...15: now + Int64.random(in: 0...60_000, using: &random)
        case 16...80: now
        default: now + Int64.random(in: 0...500, using: &random)
        }
    }

    private func outcome(_ failureShare: Int, _ random: inout SplitMix) -> BreakerOutcome {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<10: .neutral
        case 10..<15: .failure(retryAfter: Int.random(in: -1...200, using: &random))
        default:
            Int.random(in: 0..<100, using: &random) < failureShare
                ? .failure(retryAfter: nil) : .success
        }
    }

    private func answer(_ admission: CircuitBreaker.Admission) -> NaiveBreaker.Answer {
        switch admission {
        case .admitted: .yes
        case .probe: .probe
        case .refused(let seconds): .no(seconds)
        }
    }

    private func alike(_ breaker: CircuitBreaker, _ model: NaiveBreaker, _ now: Int64) -> Bool {
        let end = model.start + model.length
        let isSame =
            switch breaker.state {
            case .closed: model.phase == "closed"
            case .resting(let until): model.phase == "resting" && until.milliseconds == end
            case .open(let until): model.phase == "open" && until.milliseconds == end
            case .halfOpen(nil): model.phase == "half-open" && !model.isProbing
            case .halfOpen(.some(let until)):
                model.phase == "half-open" && model.isProbing && until.milliseconds == end
            case .slowStart(let until): model.phase == "slow" && until.milliseconds == end
            }
        return isSame && breaker.since.milliseconds == model.start
            && breaker.failuresInRow == model.row
    }
}

extension NaiveBreaker {
    init(_ rules: BreakerRules, start: Int64) {
        func milliseconds(_ time: Duration) -> Int64 {
            time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000
        }
        self.init(
            failures: rules.failures, rate: rules.rate, minimum: rules.minimumCalls,
            slice: milliseconds(rules.window) / 10, coolDown: milliseconds(rules.coolDown),
            longest: milliseconds(rules.longestCoolDown),
            slowStart: milliseconds(rules.slowStart), start: start)
    }
}
