import NIOCore

/// Turns an answer into steps on the connection: bytes, waits, and ways to break off.
///
/// The usual answer is three steps: bill, one write, next.
enum SandboxDelivery {
    enum Step: Sendable {
        case wait(milliseconds: Int)
        /// The provider has done the work; from here on it costs.
        case bill
        case write(ByteBuffer)
        case reset
        case close
        /// The answer is complete; the connection takes the next request.
        case next
    }

    static func steps(of answer: SandboxAnswer, for request: SandboxRequest) -> [Step] {
        let behaviour = answer.behaviour
        var steps: [Step] = []
        if answer.latencyMilliseconds > 0 {
            steps.append(.wait(milliseconds: answer.latencyMilliseconds))
        }
        steps.append(.bill)
        if behaviour.has(.hang) { return steps + hang }
        if behaviour.has(.reset) { return steps + [.reset] }

        let reply = SandboxSpoiling.spoilt(answer.reply, behaviour)
        let framing = SandboxFraming(reply, behaviour, request)
        if behaviour.has(.hangAfterHeaders) { return steps + [.write(framing.head)] + hang }
        let ending: Step = framing.closes ? .close : .next
        guard !behaviour.isEmpty else {
            return steps + [.write(framing.whole(reply)), ending]
        }
        let (body, cut) = cut(framing.body(reply), behaviour)
        let last = cut ?? (behaviour.has(.breakAfter) ? .close : ending)
        if behaviour.has(.dripMilliseconds) || behaviour.has(.dripBytes) {
            return steps + [.write(framing.head)] + drip(body, behaviour) + [last]
        }
        var bytes = framing.head
        for var piece in body { bytes.writeBuffer(&piece) }
        // What was sent before a reset must have left, or the reset takes it back.
        if case .reset = last { return steps + [.write(bytes), .wait(milliseconds: 20), last] }
        return steps + [.write(bytes), last]
    }

    private static let hang: [Step] = [
        .wait(milliseconds: SandboxLimits.hangMilliseconds), .close,
    ]

    /// The body up to the byte where the connection is to break, and how it breaks.
    private static func cut(
        _ pieces: [ByteBuffer], _ behaviour: SandboxBehaviour
    ) -> (pieces: [ByteBuffer], ending: Step?) {
        let ending: Step
        var left: Int
        if let bytes = behaviour.number(.resetAfter) {
            (left, ending) = (bytes, .reset)
        } else if let bytes = behaviour.number(.closeAfter) {
            (left, ending) = (bytes, .close)
        } else {
            return (pieces, nil)
        }
        var kept: [ByteBuffer] = []
        for var piece in pieces where left > 0 {
            if let part = piece.readSlice(length: min(left, piece.readableBytes)) {
                kept.append(part)
                left -= part.readableBytes
            }
        }
        return (kept, ending)
    }

    /// Piece by piece: as many bytes at a time as commanded, else the pieces as they are; a body
    /// of one piece in sixteens.
    private static func drip(_ pieces: [ByteBuffer], _ behaviour: SandboxBehaviour) -> [Step] {
        let pause = behaviour.number(.dripMilliseconds) ?? 20
        let size = behaviour.number(.dripBytes) ?? (pieces.count > 1 ? nil : 16)
        var steps: [Step] = []
        for var piece in pieces {
            while piece.readableBytes > 0, steps.count < SandboxLimits.deliverySteps {
                let length = min(size ?? Int.max, piece.readableBytes)
                guard let part = piece.readSlice(length: length) else { break }
                steps.append(.wait(milliseconds: pause))
                steps.append(.write(part))
            }
        }
        return steps
    }
}
