/// What an attempt is charged, by how it ended: the table of the money protocol, as a function.
package struct Charge: Sendable, Equatable {
    package let status: LedgerRow.Status
    package let cost: Money
    package let basis: LedgerRow.Basis
    package let usage: TokenUsage
    package let isInDoubt: Bool
    package let isUsageSuspect: Bool

    /// How an attempt ended, in what matters for money.
    package enum End: Sendable, Equatable {
        /// A whole answer.
        case answered(Evidence)
        /// A stream that ended early.
        case cut(Evidence)
        /// A 2xx that is no answer.
        case defective(ReportedUsage)
        /// An error reply.
        case refused(ProviderFailure.Kind)
        /// Sent, and no whole reply came back.
        case lost
        /// Proved not to have been sent.
        case notSent
    }

    /// - Parameters:
    ///   - reasoning: what the request says of thinking; nil where it says nothing.
    ///   - billsErrors: whether this provider bills for its own failures (500, 503, 529).
    package init(
        end: End, worst: WorstCase, price: ModelPrice, reasoning: ReasoningEffort?,
        billsErrors: Bool = false
    ) {
        switch end {
        case .answered(let evidence):
            self.init(evidence, .ok, worst: worst, price: price, reasoning: reasoning)
        case .cut(let evidence):
            self.init(evidence, .streamCut, worst: worst, price: price, reasoning: reasoning)
        case .defective(.absent): self.init(inDoubt: .badReply, worst: worst)
        case .defective(let usage):
            let evidence = Evidence(usage, bytes: 0)
            self.init(evidence, .badReply, worst: worst, price: price, reasoning: reasoning)
        case .refused(.badRequest), .refused(.account), .refused(.rateLimited):
            self.init(free: .providerRejected)
        case .refused(.unavailable):
            if billsErrors {
                self.init(inDoubt: .providerFailed, worst: worst)
            } else {
                self.init(free: .providerFailed)
            }
        case .refused(.unknown), .lost: self.init(inDoubt: .lost, worst: worst)
        case .notSent: self.init(free: .notSent)
        }
    }

    /// The largest believable count where a model's context window isn't known.
    private static let largestWindow: Int64 = 16_000_000

    private init(
        _ evidence: Evidence, _ status: LedgerRow.Status, worst: WorstCase, price: ModelPrice,
        reasoning: ReasoningEffort?
    ) {
        var known: TokenUsage?
        switch evidence.usage {
        case .absent: break
        case .suspect:
            self.init(suspect: status, worst: worst)
            return
        case .reported(let usage):
            let seen = evidence.isFinal ? evidence.bytes : 0
            guard Charge.isBelievable(usage, seen, worst, price), let cost = price.cost(of: usage)
            else {
                self.init(suspect: status, worst: worst)
                return
            }
            if evidence.isFinal {
                self.init(status: status, cost: cost, basis: .reported, usage: usage)
                return
            }
            known = usage
        }
        let output = evidence.mostOutput(worst: worst, price: price, reasoning: reasoning)
        self.init(
            estimated: status, input: known?.input ?? worst.input,
            output: max(output, known?.output ?? 0), known, worst: worst, price: price)
    }

    /// Nothing read or nothing generated can't be where there was something to read or there is
    /// something to see.
    private static func isBelievable(
        _ usage: TokenUsage, _ bytes: Int, _ worst: WorstCase, _ price: ModelPrice
    ) -> Bool {
        let window = price.contextWindow ?? Charge.largestWindow
        guard usage.input <= window, usage.output <= window else { return false }
        return (usage.input > 0 || worst.input == 0) && (usage.output > 0 || bytes == 0)
    }

    /// Upper bounds in place of figures. Never less than was reported; never above the worst case
    /// where nothing was.
    private init(
        estimated status: LedgerRow.Status, input: Int64, output: Int64, _ known: TokenUsage?,
        worst: WorstCase, price: ModelPrice
    ) {
        let usage = TokenUsage(
            input: input, output: output, cacheRead: known?.cacheRead ?? 0,
            cacheWrite5m: known?.cacheWrite5m ?? 0, cacheWrite1h: known?.cacheWrite1h ?? 0,
            reasoning: known?.reasoning ?? 0, webSearches: known?.webSearches ?? 0,
            serviceTier: known?.serviceTier)
        let bound = price.worstCase(input: input, output: output).map { min($0, worst.amount) }
        guard let usage, let cost = known == nil ? bound : price.cost(of: usage) else {
            self.init(inDoubt: status, worst: worst)
            return
        }
        self.init(status: status, cost: cost, basis: .estimated, usage: usage)
    }

    private init(inDoubt status: LedgerRow.Status, worst: WorstCase) {
        self.init(status: status, cost: worst.amount, basis: .worstCase, isInDoubt: true)
    }

    private init(suspect status: LedgerRow.Status, worst: WorstCase) {
        self.init(status: status, cost: worst.amount, basis: .worstCase, isUsageSuspect: true)
    }

    private init(free status: LedgerRow.Status) {
        self.init(status: status, cost: .zero, basis: .none)
    }

    private init(
        status: LedgerRow.Status, cost: Money, basis: LedgerRow.Basis,
        usage: TokenUsage = .zero, isInDoubt: Bool = false, isUsageSuspect: Bool = false
    ) {
        self.status = status
        self.cost = cost
        self.basis = basis
        self.usage = usage
        self.isInDoubt = isInDoubt
        self.isUsageSuspect = isUsageSuspect
    }
}
