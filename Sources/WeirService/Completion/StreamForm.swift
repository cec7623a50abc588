import WeirCore

/// How a stream's steps become the client's bytes: passed through, translated, or kept back until
/// the whole text has been screened.
struct StreamForm: Sendable {
    var encoder: any ClientStreamEncoder
    private let isPassed: Bool
    private let policy: Screening.StreamPolicy
    private var withheld: [StreamStep] = []
    private var withheldBytes = 0
    /// Tokens that wait for the screening of the whole text.
    private var waiting: [ChatEvent] = []
    private var textBytes = 0

    init(encoder: any ClientStreamEncoder, isPassed: Bool, policy: Screening.StreamPolicy) {
        self.encoder = encoder
        self.isPassed = isPassed && !policy.needsWholeText
        self.policy = policy
    }

    /// Throws `unsafe_output` where the text gets longer than the feature allows.
    mutating func write(_ steps: [StreamStep]) throws(WeirError) -> [UInt8] {
        var bytes: [UInt8] = []
        for step in steps {
            try count(step.events)
            if step == .keepAlive {
                bytes += encoder.relay(step)
            } else if isPassed {
                switch step.relay {
                case .forward: bytes += encoder.relay(step)
                case .withhold: try withhold(step)
                case .drop: continue
                }
            } else if policy.needsWholeText {
                waiting += step.events.filter(\.isToken)
            } else {
                bytes += encoder.encode(step.events)
            }
        }
        return bytes
    }

    /// What ends a whole answer. Throws where the feature's policy refuses its text.
    mutating func complete(
        _ end: StreamEnd, _ attempt: Attempt, _ parts: CompletionParts
    ) async throws(WeirError) -> [UInt8] {
        var bytes: [UInt8] = []
        if policy.needsWholeText {
            let text = waiting.reduce(into: "") { text, event in
                if case .text(let more) = event { text += more }
            }
            let screened = try await parts.screening.screen(
                text, of: attempt.row, at: parts.time.now())
            bytes = encoder.encode(events(with: screened))
        }
        return bytes + encoder.complete(end, withheld: withheld)
    }

    /// The waiting tokens with the screened text in the place of its first piece.
    private func events(with text: String) -> [ChatEvent] {
        var hasText = false
        return waiting.compactMap { event in
            guard case .text = event else { return event }
            defer { hasText = true }
            return hasText ? nil : .text(text)
        }
    }

    private mutating func withhold(_ step: StreamStep) throws(WeirError) {
        withheld.append(step)
        withheldBytes += step.data.count
        guard withheldBytes <= StreamForm.withheldLimit else {
            throw WeirError(.providerError, "The AI provider's answer goes on behind its end")
        }
    }

    /// Some providers end with the whole answer once more.
    private static let withheldLimit = 32 << 20

    private mutating func count(_ events: [ChatEvent]) throws(WeirError) {
        for case .text(let text) in events { textBytes += text.utf8.count }
        guard textBytes <= policy.maxBytes else {
            throw WeirError(
                .unsafeOutput,
                "The model's answer has more than the \(policy.maxBytes) bytes that are allowed")
        }
    }
}
