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
        /// A whole answer. `bytes` is what it holds: text, tool names and arguments.
        case answered(ReportedUsage, bytes: Int)
        /// A stream that ended early; what it had reported until then, and bytes of what it held.
        /// Nil where the report is of the whole answer, of which only the end mark is missing.
        case cut(ReportedUsage, bytes: Int?)
        /// A 2xx that is no answer.
        case defective(ReportedUsage)
        /// An error reply.
        case refused(ProviderFailure.Kind)
        /// Sent, and no whole reply came back.
        case lost
        /// Proved not to have been sent.
        case notSent
    }

    /// - Parameter billsErrors: whether this provider bills for its own failures (500, 503, 529).
    package init(
        end: End, worst: WorstCase, price: ModelPrice, billsErrors: Bool = false
    ) {
        switch end {
        case .answered(let usage, let bytes):
            self.init(usage, bytes, worst: worst, price: price, status: .ok) {
                Charge.estimate(bytes: bytes, worst: worst, price: price)
            }
        case .cut(let usage, let bytes):
            if let bytes {
                self.init(cutAfter: usage, bytes: bytes, worst: worst, price: price)
            } else {
                self.init(usage, 0, worst: worst, price: price, status: .streamCut) {
                    Charge(inDoubt: .streamCut, worst: worst)
                }
            }
        case .defective(let usage):
            self.init(usage, 0, worst: worst, price: price, status: .badReply) {
                Charge(inDoubt: .badReply, worst: worst)
            }
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
        _ report: ReportedUsage, _ bytes: Int, worst: WorstCase, price: ModelPrice,
        status: LedgerRow.Status, unreported: () -> Charge
    ) {
        switch report {
        case .absent: self = unreported()
        case .suspect: self.init(suspect: status, worst: worst)
        case .reported(let usage):
            guard Charge.isBelievable(usage, bytes, worst, price), let cost = price.cost(of: usage)
            else {
                self.init(suspect: status, worst: worst)
                return
            }
            self.init(status: status, cost: cost, basis: .reported, usage: usage)
        }
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

    /// Upper bounds in place of figures: every byte a token, never above the worst case.
    private static func estimate(bytes: Int, worst: WorstCase, price: ModelPrice) -> Charge {
        let output = min(Int64(clamping: bytes), worst.output)
        guard let usage = TokenUsage(input: worst.input, output: output),
            let cost = price.worstCase(input: usage.input, output: usage.output)
        else { return Charge(inDoubt: .ok, worst: worst) }
        return Charge(
            status: .ok, cost: min(cost, worst.amount), basis: .estimated, usage: usage)
    }

    /// The input as it was reported, else its bound; every byte received a token, unless more was
    /// reported.
    private init(cutAfter report: ReportedUsage, bytes: Int, worst: WorstCase, price: ModelPrice) {
        if case .suspect = report {
            self.init(suspect: .streamCut, worst: worst)
            return
        }
        let received = min(Int64(clamping: bytes), worst.output)
        var known: TokenUsage?
        if case .reported(let usage) = report { known = usage }
        let usage = TokenUsage(
            input: known?.input ?? worst.input, output: max(received, known?.output ?? 0),
            cacheRead: known?.cacheRead ?? 0, cacheWrite5m: known?.cacheWrite5m ?? 0,
            cacheWrite1h: known?.cacheWrite1h ?? 0, reasoning: known?.reasoning ?? 0,
            webSearches: known?.webSearches ?? 0, serviceTier: known?.serviceTier)
        guard let usage, Charge.isBelievable(usage, 0, worst, price),
            let cost = known == nil
                ? price.worstCase(input: usage.input, output: usage.output)
                : price.cost(of: usage)
        else {
            self.init(suspect: .streamCut, worst: worst)
            return
        }
        self.init(
            status: .streamCut, cost: known == nil ? min(cost, worst.amount) : cost,
            basis: .estimated, usage: usage)
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
