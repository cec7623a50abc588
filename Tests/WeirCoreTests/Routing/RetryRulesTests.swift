import Testing
import WeirCore
import WeirTesting

@Suite struct RetryRulesTests {
    private enum Expected { case stop, next, again }

    private static let table: [(AttemptEnding, Expected)] = [
        (.answered, .stop), (.overBudget, .stop), (.cut, .stop), (.abandoned, .stop),
        (.refused(.badRequest, retryAfter: nil), .stop),
        (.refused(.badRequest, retryAfter: 1), .stop),
        (.heldBack, .next), (.lost, .next), (.defective, .next),
        (.refused(.account, retryAfter: nil), .next),
        (.refused(.unknown, retryAfter: nil), .next),
        (.notSent, .again), (.refused(.rateLimited, retryAfter: nil), .again),
        (.refused(.unavailable, retryAfter: 1), .again),
    ]

    private func decide(
        _ ending: AttemptEnding, tries: Int = 1, attempts: Int = 1, wasCharged: Bool = false,
        dice: UInt64 = 0, rules: RetryRules = RetryRules()
    ) -> RetryRules.Decision {
        rules.decide(
            after: ending, tries: tries, attempts: attempts, wasCharged: wasCharged, dice: dice)
    }

    @Test(arguments: table.indices)
    func `each ending has its consequence`(index: Int) {
        let (ending, expected) = Self.table[index]
        switch (decide(ending), expected) {
        case (.stop, .stop), (.nextRoute, .next), (.retry, .again): break
        case (let got, _): Issue.record("\(ending) led to \(got)")
        }
        #expect(decide(ending, attempts: 3) == .stop)
        #expect(decide(ending, attempts: .max) == .stop)
        let isFinal = expected == .stop
        #expect(decide(ending, tries: 2, attempts: 2) == (isFinal ? .stop : .nextRoute))
        #expect(decide(ending, wasCharged: true) == (isFinal ? .stop : .nextRoute))
    }

    @Test func `what the provider asks for is waited, if it isn't too long`() {
        for kind in [ProviderFailure.Kind.rateLimited, .unavailable] {
            #expect(decide(.refused(kind, retryAfter: 1)) == .retry(after: .seconds(1)))
            #expect(decide(.refused(kind, retryAfter: 2)) == .retry(after: .seconds(2)))
            #expect(decide(.refused(kind, retryAfter: 3)) == .nextRoute)
            #expect(decide(.refused(kind, retryAfter: .max)) == .nextRoute)
            #expect(decide(.refused(kind, retryAfter: .min)) == .retry(after: .zero))
        }
    }

    @Test(arguments: [(1, 200), (2, 400), (3, 800), (4, 1_600), (5, 2_000), (90, 2_000)])
    func `waits are spread from zero to a bound that doubles up to the cap`(
        tries: Int, bound: Int64
    ) {
        var rules = RetryRules()
        (rules.retries, rules.attempts) = (100, 1_000)
        func wait(_ dice: UInt64) -> RetryRules.Decision {
            decide(.notSent, tries: tries, attempts: tries, dice: dice, rules: rules)
        }
        #expect(wait(0) == .retry(after: .zero))
        #expect(wait(.max) == .retry(after: .milliseconds(bound)))
        let half = UInt64.max / UInt64(bound + 1) * UInt64(bound / 2) + UInt64(bound + 1)
        #expect(wait(half) == .retry(after: .milliseconds(bound / 2)))
    }

    @Test(arguments: 0..<200)
    func `a call ends after its attempts, however they go`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var rules = RetryRules()
        rules.attempts = Int.random(in: 1...5, using: &random)
        rules.retries = Int.random(in: 0...3, using: &random)
        rules.base = .milliseconds(Int64.random(in: 0...1_000, using: &random))
        rules.cap = .milliseconds(Int64.random(in: 0...5_000, using: &random))
        var (tries, attempts, routes) = (0, 0, 1)
        walk: while true {
            let (ending, _) = Self.table[Int.random(in: Self.table.indices, using: &random)]
            if ending != .heldBack { (tries, attempts) = (tries + 1, attempts + 1) }
            let decision = decide(
                ending, tries: tries, attempts: attempts, dice: random.next(), rules: rules)
            #expect(attempts <= rules.attempts && tries <= rules.retries + 1, "seed \(seed)")
            switch decision {
            case .stop: break walk
            case .nextRoute: (tries, routes) = (0, routes + 1)
            case .retry(let wait): #expect(wait <= rules.cap && wait >= .zero, "seed \(seed)")
            }
            if routes > 8 { break walk }
        }
    }

    @Test func `only what the provider did wrong counts against it`() {
        let neutral: [AttemptEnding] = [
            .heldBack, .overBudget, .abandoned, .refused(.badRequest, retryAfter: 9),
        ]
        for ending in neutral { #expect(ending.outcome == .neutral) }
        #expect(AttemptEnding.answered.outcome == .success)
        let failures: [AttemptEnding] = [
            .notSent, .lost, .defective, .cut, .refused(.account, retryAfter: 9),
            .refused(.unknown, retryAfter: 9), .refused(.unavailable, retryAfter: nil),
        ]
        for ending in failures { #expect(ending.outcome == .failure(retryAfter: nil)) }
        for kind in [ProviderFailure.Kind.rateLimited, .unavailable] {
            #expect(
                AttemptEnding.refused(kind, retryAfter: 9).outcome == .failure(retryAfter: 9))
        }
    }
}
