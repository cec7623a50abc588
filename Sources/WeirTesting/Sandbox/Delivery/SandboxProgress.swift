import NIOCore

/// A stream that ends before its time is billed for what was generated until then.
extension SandboxAnswer {
    /// How many of the stream's events are delivered whole, as the behaviour has it; nil where the
    /// whole answer is billed: no stream, a recording, or one whose work was done before it was
    /// spoilt.
    func eventsDelivered(_ framing: SandboxFraming) -> Int? {
        guard !reply.generated.isEmpty else { return nil }
        var count = reply.pieces.count
        if behaviour.has(.noEnd) { count -= 1 }
        for key in [SandboxBehaviour.Key.breakAfter, .errorEvent] {
            if let limit = behaviour.number(key) { count = min(count, limit) }
        }
        var pieces = framing.body(reply)
        var bytes = behaviour.number(.resetAfter) ?? behaviour.number(.closeAfter)
        if behaviour.word(.garbage) == "truncated" {
            pieces = reply.pieces
            bytes = pieces.reduce(0) { $0 + $1.readableBytes } / 2
        } else if behaviour.has(.garbage) {
            return nil
        }
        guard var left = bytes else { return count }
        var whole = 0
        for piece in pieces.prefix(count) {
            left -= piece.readableBytes
            guard left >= 0 else { break }
            whole += 1
        }
        return whole
    }

    /// The bill of a stream of which so many events were delivered.
    func truth(after events: Int) -> SandboxTruth? {
        guard var truth, !reply.generated.isEmpty else { return truth }
        let sent = reply.generated.prefix(events).reduce(0, +)
        if sent < reply.generated.reduce(0, +) {
            truth.usage.output = min(
                truth.usage.output, truth.usage.reasoning + SandboxTokenizer.tokens(bytes: sent))
        }
        truth.isReported = reply.reportsUsage && reply.usageIndex.map { $0 < events } ?? false
        return truth
    }
}
