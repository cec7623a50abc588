import Testing
import WeirCore

/// What a stream's events say about how it is charged.
@Suite struct StreamMeterTests {
    private static let usage = ReportedUsage.reported(TokenUsage(input: 12, output: 34) ?? .zero)
    private static let proof = ThoughtSignature(origin: .messages, value: "proof")
    private static let finish = ChatEvent.finish(.stop, stopSequence: nil)

    /// A stream that tells these, one step each.
    private func end(_ steps: [[ChatEvent]]) -> Charge.End {
        var meter = StreamMeter()
        for step in steps { meter.add(step) }
        return meter.end
    }

    private func evidence(_ steps: [[ChatEvent]]) throws -> Charge.Evidence {
        switch end(steps) {
        case .answered(let evidence), .cut(let evidence): return evidence
        default: throw MissingEvidence()
        }
    }

    private struct MissingEvidence: Error {}

    @Test(
        arguments: [
            // At the end, with the finish, or after it: the report covers everything.
            ([[.text("a")], [finish, .usage(usage)], [.ended]], true),
            ([[.text("a")], [finish], [.usage(usage)], [.ended]], true),
            ([[.text("a")], [.usage(usage)], [.ended]], true),
            ([[.text("a")], [finish, .usage(usage)]], true),
            // At the beginning, or before more tokens: it doesn't.
            ([[.usage(usage)], [.text("a")], [finish], [.ended]], false),
            ([[.usage(usage)], [.text("a")], [.ended]], false),
            ([[.usage(usage)], [.text("a")]], false),
            ([[.text("a"), .usage(usage)], [.text("b")]], false),
            // Cut behind a report in the middle: nobody knows what went on.
            ([[.text("a")], [.usage(usage)]], false),
            ([[.usage(usage)]], false),
        ] as [([[ChatEvent]], Bool)])
    func `a report is final where nothing can have followed it`(
        steps: [[ChatEvent]], isFinal: Bool
    ) throws {
        #expect(try evidence(steps).isFinal == isFinal)
    }

    @Test(
        arguments: [
            ([.thinking("so")], true, 2, 0), ([.thinkingSignature(proof)], true, 0, 0),
            ([.redactedThinking(proof)], true, 0, 0),
            ([.toolCall(index: 0, id: nil, name: "f", signature: proof)], true, 1, 1),
            ([.toolCall(index: 0, id: nil, name: "f", signature: nil)], false, 1, 1),
            ([.toolArguments(index: 0, "{}")], false, 2, 0), ([.text("日本")], false, 6, 0),
        ] as [([ChatEvent], Bool, Int, Int)])
    func `thoughts, bytes and calls are counted`(
        events: [ChatEvent], hasThoughts: Bool, bytes: Int, calls: Int
    ) throws {
        let evidence = try evidence([events, [Self.finish]])
        #expect(evidence.hasThoughts == hasThoughts)
        #expect(evidence.bytes == bytes && evidence.calls == calls)
    }

    @Test func `a stream is whole, cut or lost`() {
        guard case .answered = end([[.text("a")], [Self.finish], [.ended]]) else {
            Issue.record("not whole")
            return
        }
        guard case .cut = end([[.text("a")], [Self.finish]]) else {
            Issue.record("not cut")
            return
        }
        #expect(end([[.started(model: "m")]]) == .lost)
    }
}
