/// Counts what a stream brings, so that it can be charged however it ends.
package struct StreamMeter: Sendable {
    /// What was reported last; it covers all that went before.
    package private(set) var usage = ReportedUsage.absent
    package private(set) var finish: FinishReason?
    package private(set) var stopSequence: String?
    /// The provider's own error, where it gave up.
    package private(set) var failure: ProviderFailure?
    /// Whether the provider said that the answer is complete.
    package private(set) var hasEnded = false
    /// Bytes of text, thoughts, tools' names and arguments.
    package private(set) var bytes = 0
    /// Bytes of the text alone.
    package private(set) var textBytes = 0
    /// Calls of tools.
    private var calls = 0
    /// Whether the model was seen to think: thoughts, or proofs of them.
    package private(set) var hasThoughts = false
    /// Whether the last report came with the model's stopping or after it: nothing is missing then.
    private var isUsageFinal = false
    /// Whether something was generated after the last report.
    private var hasUnreported = false

    package init() {}

    /// Takes the events of one step.
    package mutating func add(_ events: [ChatEvent]) {
        var hasUsage = false
        for event in events {
            add(event)
            if case .usage = event { hasUsage = true }
            if event.isToken { hasUnreported = true }
        }
        guard hasUsage else { return }
        isUsageFinal = finish != nil
        hasUnreported = false
    }

    private mutating func add(_ event: ChatEvent) {
        switch event {
        case .started: break
        case .text(let text):
            bytes += text.utf8.count
            textBytes += text.utf8.count
        case .thinking(let text):
            bytes += text.utf8.count
            hasThoughts = true
        case .thinkingSignature, .redactedThinking: hasThoughts = true
        case .toolCall(_, _, let name, let proof):
            bytes += name.utf8.count
            calls += 1
            hasThoughts = hasThoughts || proof != nil
        case .toolArguments(_, let text): bytes += text.utf8.count
        case .finish(let reason, let sequence):
            finish = reason
            stopSequence = sequence
        case .usage(let report): usage = report
        case .failed(let failure): self.failure = failure
        case .ended: hasEnded = true
        }
    }

    /// Counts bytes that could not be read, where an answer had begun: tokens may be among them.
    package mutating func addUnread(_ count: Int) {
        if hasContent { bytes += count }
    }

    /// Whether anything of an answer has come.
    package var hasContent: Bool { bytes > 0 || finish != nil }

    /// How the attempt ended, in what matters for money.
    package var end: Charge.End {
        let isWhole = hasEnded && failure == nil
        // Nothing was seen of an answer: whether there is one to pay for can't be known.
        guard isWhole || hasContent || usage != .absent else { return .lost }
        // An answer that is whole without a word of its stopping is covered by a report at its end.
        let isCovered = isUsageFinal || isWhole && finish == nil && !hasUnreported
        let evidence = Charge.Evidence(
            usage, isFinal: isCovered, bytes: bytes, calls: calls, hasThoughts: hasThoughts)
        return isWhole ? .answered(evidence) : .cut(evidence)
    }
}

extension ChatEvent {
    /// Whether it is part of what the model generated.
    package var isToken: Bool {
        switch self {
        case .text, .thinking, .thinkingSignature, .redactedThinking, .toolCall, .toolArguments:
            true
        case .started, .finish, .usage, .failed, .ended: false
        }
    }
}
