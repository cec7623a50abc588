/// The most that an attempt can use and cost: what is held before anything is sent.
package struct WorstCase: Sendable, Equatable {
    /// Tokens; bounds, not estimates.
    package let input: Int64
    package let output: Int64
    package let amount: Money
    /// How many answers were asked for; all of them are in `output`.
    package let choices: Int64

    /// Tokens that a provider adds around a conversation and around each message. Providers' own
    /// framing takes 3 to 10 a message; the rest is margin.
    package static let framing: Int64 = 64
    package static let framingPerMessage: Int64 = 16

    /// Nil where the amount leaves Int64, or where nothing bounds the input.
    ///
    /// - Parameters:
    ///   - input: everything that is read, in the form in which it is tokenised.
    ///   - tokensPerImage: the dialect's bound for one picture.
    ///   - outputCap: the cap that is sent upstream, for each of the choices.
    package init?(
        price: ModelPrice, input bound: InputBound, tokensPerImage: Int64 = 0, outputCap: Int64,
        choices: Int64 = 1
    ) {
        let counts = [bound.textBytes, bound.items, bound.images, tokensPerImage, choices]
        guard counts.allSatisfy({ (0..<TokenUsage.largestCount).contains($0) }) else { return nil }
        let (framing, over) = bound.items.multipliedReportingOverflow(
            by: WorstCase.framingPerMessage)
        let (pictures, tooMany) = bound.images.multipliedReportingOverflow(by: tokensPerImage)
        guard !over, !tooMany, pictures < TokenUsage.largestCount else { return nil }
        let sum = bound.textBytes + WorstCase.framing + framing + pictures
        if bound.isOpen || price.hasOpenInput {
            guard let window = price.contextWindow else { return nil }
            input = window
        } else {
            input = min(sum, price.contextWindow ?? sum)
        }
        let (output, overflow) = outputCap.multipliedReportingOverflow(by: choices)
        guard !overflow, let amount = price.worstCase(input: input, output: output) else {
            return nil
        }
        self.output = output
        self.amount = amount
        self.choices = choices
    }

    /// Of an attempt that was admitted by an earlier process: one answer, and what is held for it.
    package init(kept amount: Money, input: Int64, output: Int64) {
        self.input = input
        self.output = output
        self.amount = amount
        choices = 1
    }

    /// Of what costs nothing.
    package init(free: Void) {
        input = 0
        output = 0
        amount = .zero
        choices = 1
    }
}
