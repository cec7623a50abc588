/// The most that an attempt can use and cost: what is held before anything is sent.
package struct WorstCase: Sendable, Equatable {
    /// Tokens; bounds, not estimates.
    package let input: Int64
    package let output: Int64
    package let amount: Money

    /// Tokens that a provider adds around a conversation and around each message. Providers' own
    /// framing takes 3 to 10 a message; the rest is margin.
    package static let framing: Int64 = 64
    package static let framingPerMessage: Int64 = 16

    /// Nil where the amount leaves Int64.
    ///
    /// - Parameters:
    ///   - textBytes: UTF-8 bytes of everything that is sent to be read, in the form in which it is
    ///     tokenised. A byte-level tokenizer never makes more tokens than bytes.
    ///   - outputCap: the cap that is sent upstream.
    package init?(price: ModelPrice, textBytes: Int64, messages: Int64, outputCap: Int64) {
        let (framing, over) = messages.multipliedReportingOverflow(by: WorstCase.framingPerMessage)
        guard !over, textBytes >= 0, messages >= 0, textBytes < TokenUsage.largestCount else {
            return nil
        }
        let bound = textBytes + WorstCase.framing + framing
        input = min(bound, price.contextWindow ?? bound)
        output = outputCap
        guard let amount = price.worstCase(input: input, output: output) else { return nil }
        self.amount = amount
    }
}
