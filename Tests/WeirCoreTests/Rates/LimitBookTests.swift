import Testing
import WeirCore
import WeirTesting

@Suite struct LimitBookTests {
    @Test func `a call that one scope refuses leaves every other as it was`() throws {
        var book = LimitBook()
        let tenant = try scope(.tenant, CallLimits(calls: RateLimit(perMinute: 60, burst: 9)))
        let user = try scope(.user(7), CallLimits(calls: RateLimit(perMinute: 60, burst: 0)))
        #expect(admits(&book, [tenant, user], 0, at(0)))
        for _ in 0..<20 {
            guard case .refused(let refusal, _) = book.admit([tenant, user], tokens: 0, at: at(0))
            else {
                Issue.record("admitted")
                return
            }
            #expect(refusal.scope == .user(7) && refusal.cause == .calls)
            #expect(refusal.retryAfter == .seconds(1))
        }
        for _ in 0..<9 { #expect(admits(&book, [tenant], 0, at(0))) }
        #expect(!admits(&book, [tenant], 0, at(0)))
    }

    @Test func `tokens are taken at their most, and corrected to what was used`() throws {
        var book = LimitBook()
        let tenant = [try scope(.tenant, CallLimits(tokensPerMinute: 600))]
        let first = try ticket(&book, tenant, 500, at(0))
        #expect(book.wait(tenant, 200, at(0)) == .seconds(10))
        book.end(first, used: 100, counts: true)
        let second = try ticket(&book, tenant, 500, at(0))
        // More than was bounded: a debt, that is waited off.
        book.end(second, used: 1_100, counts: true)
        #expect(book.wait(tenant, 1, at(0)) == .milliseconds(60_100))
    }

    @Test func `what exceeds the whole bucket goes when it is full, and then it is in debt`() throws
    {
        var book = LimitBook()
        let tenant = [try scope(.tenant, CallLimits(tokensPerMinute: 600))]
        _ = try ticket(&book, tenant, 60, at(0))
        #expect(book.wait(tenant, 6_000, at(0)) == .seconds(6))
        #expect(admits(&book, tenant, 6_000, at(6_000)))
        #expect(book.wait(tenant, 1, at(6_000)) == .milliseconds(540_100))
    }

    @Test func `a place in flight comes free at a call's end, once`() throws {
        var book = LimitBook()
        let key = [try scope(.key("k"), CallLimits(concurrent: 2))]
        let tickets = (0..<2).compactMap { _ in book.admit(key, tokens: 0, at: at(0)).ticket }
        #expect(tickets.count == 2)
        #expect(book.wait(key, 0, at(0)) == LimitBook.concurrentWait)
        book.end(tickets[0], used: 0, counts: true)
        #expect(admits(&book, key, 0, at(0)))
        #expect(!admits(&book, key, 0, at(0)))
    }

    @Test func `the scope that is nearest to its limit is told`() throws {
        var book = LimitBook()
        let tenant = try scope(
            .tenant, CallLimits(calls: RateLimit(perMinute: 1, burst: 99), tokensPerMinute: 50))
        let user = try scope(
            .user(1), CallLimits(calls: RateLimit(perMinute: 1, burst: 9), tokensPerMinute: 5_000))
        guard case .admitted(_, let standing) = book.admit([tenant, user], tokens: 25, at: at(0))
        else {
            Issue.record("refused")
            return
        }
        #expect(standing.requests?.limit == 10 && standing.requests?.remaining == 9)
        #expect(standing.tokens?.limit == 50 && standing.tokens?.remaining == 25)
    }

    /// After the time that a refused call is told it is admitted, and not a millisecond earlier.
    @Test(arguments: UInt64(1)...60)
    func `the time to wait is exact, whatever was used`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var book = LimitBook()
        let kinds: [BudgetScope] = [.tenant, .user(1), .feature("f"), .key("k")]
        let scopes = try kinds.map { kind in
            try scope(
                kind,
                CallLimits(
                    calls: RateLimit(
                        perMinute: Int.random(in: 1...600, using: &random),
                        burst: Int.random(in: 0...5, using: &random)),
                    tokensPerMinute: Int.random(in: 1...5_000, using: &random)))
        }
        var now: Int64 = 0
        for step in 0..<200 {
            now += Int64.random(in: 0...2_000, using: &random)
            let tokens = Int64.random(in: 0...6_000, using: &random)
            switch book.admit(scopes, tokens: tokens, at: at(now)) {
            case .admitted(let ticket, _):
                let used = Int64.random(in: 0...7_000, using: &random)
                book.end(ticket, used: used, counts: step % 5 > 0)
            case .refused(let refusal, _):
                let wait = refusal.retryAfter.milliseconds
                var (early, late) = (book, book)
                let note: Comment = "seed \(seed) step \(step)"
                #expect(
                    !early.admit(scopes, tokens: tokens, at: at(now + wait - 1)).isAdmitted, note)
                #expect(admits(&late, scopes, tokens, at(now + wait)), note)
            }
        }
    }

    @Test func `there are never more counters than the bound, and calls in flight are kept`() throws
    {
        var book = LimitBook(capacity: 50)
        let limits = CallLimits(calls: RateLimit(perMinute: 60, burst: 1), concurrent: 1)
        let held = [try scope(.user(1), limits)]
        #expect(admits(&book, held, 0, at(0)))
        for number in 2...1_000 {
            let other = [try scope(.user(Int64(number)), limits)]
            let ticket = try ticket(&book, other, 0, at(Int64(number)))
            book.end(ticket, used: 0, counts: true)
            #expect(book.count <= 50)
        }
        #expect(!admits(&book, held, 0, at(2_000)))
    }

    @Test func `no number from outside traps`() throws {
        var book = LimitBook()
        let scopes = [try scope(.tenant, CallLimits(tokensPerMinute: .max, concurrent: .min))]
        for tokens in [Int64.max, 0] {
            for moment in [Int64.min, .max] {
                guard let ticket = book.admit(scopes, tokens: tokens, at: at(moment)).ticket else {
                    continue
                }
                for used in [Int64.max, 0, .min] { book.end(ticket, used: used, counts: false) }
            }
        }
        #expect(book.count == 1)
    }

    private func scope(_ scope: BudgetScope, _ limits: CallLimits) throws -> LimitedScope {
        let tenant = try #require(TenantID(42))
        return LimitedScope(counter: .init(tenant: tenant, scope: scope), limits: limits)
    }
}

private func ticket(
    _ book: inout LimitBook, _ scopes: [LimitedScope], _ tokens: Int64, _ now: Timestamp
) throws -> LimitBook.Ticket {
    let admission = book.admit(scopes, tokens: tokens, at: now)
    return try #require(admission.ticket)
}

private func admits(
    _ book: inout LimitBook, _ scopes: [LimitedScope], _ tokens: Int64, _ now: Timestamp
) -> Bool {
    book.admit(scopes, tokens: tokens, at: now).isAdmitted
}

extension LimitBook {
    fileprivate func wait(
        _ scopes: [LimitedScope], _ tokens: Int64, _ now: Timestamp
    ) -> Duration? {
        var copy = self
        guard case .refused(let refusal, _) = copy.admit(scopes, tokens: tokens, at: now) else {
            return nil
        }
        return refusal.retryAfter
    }
}

extension LimitBook.Admission {
    fileprivate var ticket: LimitBook.Ticket? {
        if case .admitted(let ticket, _) = self { ticket } else { nil }
    }

    fileprivate var isAdmitted: Bool { ticket != nil }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
