extension Charge {
    /// What is known of what an answer has used.
    package struct Evidence: Sendable, Equatable {
        package let usage: ReportedUsage
        /// Whether the report covers the whole answer; else more was generated than it says.
        package let isFinal: Bool
        /// What was received: text, shown thoughts, tools' names and arguments.
        package let bytes: Int
        /// Calls of tools among it.
        package let calls: Int
        /// Whether the model was seen to think.
        package let hasThoughts: Bool

        package init(
            _ usage: ReportedUsage, isFinal: Bool = true, bytes: Int, calls: Int = 0,
            hasThoughts: Bool = false
        ) {
            self.usage = usage
            self.isFinal = isFinal
            self.bytes = bytes
            self.calls = calls
            self.hasThoughts = hasThoughts
        }
    }
}

extension Charge.Evidence {
    /// Tokens that a model generates around an answer and around each call of a tool, in no byte of
    /// either. In providers' own reports they are up to 5 and some 30; the rest is margin.
    private static let framing = 16
    private static let framingPerCall = 64

    /// The most tokens that can have been generated: as many as bytes were received and their
    /// framing, or the whole cap where there may be thoughts, or answers, that nobody saw.
    func mostOutput(
        worst: WorstCase, price: ModelPrice, reasoning: ReasoningEffort?
    ) -> Int64 {
        let thoughts = price.hiddenThoughts ?? .always
        // Of several answers some dialects read the first alone.
        if worst.choices > 1 || thoughts.arePossible(asked: reasoning, hasThoughts: hasThoughts) {
            return worst.output
        }
        return min(mostReceived, worst.output)
    }

    private var mostReceived: Int64 {
        let (frames, overflow) = calls.multipliedReportingOverflow(by: Self.framingPerCall)
        let (sum, more) = bytes.addingReportingOverflow(Self.framing)
        let (tokens, tooMany) = sum.addingReportingOverflow(frames)
        return overflow || more || tooMany ? .max : Int64(clamping: tokens)
    }
}
