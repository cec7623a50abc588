import NIOCore

/// Turns an answer into steps on the connection: bytes, waits, and ways to break off.
///
/// The usual answer is three steps: bill, one write, next. A stream that is written bit by bit is
/// billed before its last one, or when the client leaves.
enum SandboxDelivery {
    enum Step: Sendable {
        case wait(milliseconds: Int)
        /// The provider has done the work; from here on it costs: the whole answer, or a stream up
        /// to some event.
        case bill(events: Int?)
        /// - Parameter events: of a stream, those that are written whole by then.
        case write(ByteBuffer, events: Int? = nil)
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
        let bill = Step.bill(events: nil)
        if behaviour.has(.hang) { return steps + [bill] + hang }
        if behaviour.has(.reset) { return steps + [bill, .reset] }

        let reply = SandboxSpoiling.spoilt(answer.reply, behaviour)
        let framing = SandboxFraming(reply, behaviour, request)
        if behaviour.has(.hangAfterHeaders) { return steps + [bill, .write(framing.head)] + hang }
        let ending: Step = framing.closes ? .close : .next
        guard !behaviour.isEmpty else {
            return steps + [bill, .write(framing.whole(reply)), ending]
        }
        let (body, cut) = cut(framing.body(reply), behaviour)
        let last = cut ?? (behaviour.has(.breakAfter) ? .close : ending)
        let delivered = answer.eventsDelivered(framing)
        if behaviour.has(.dripMilliseconds) || behaviour.has(.dripBytes) {
            guard let delivered else {
                return steps + [bill, .write(framing.head)] + drip(body, behaviour) + [last]
            }
            return steps + [.write(framing.head, events: 0)]
                + billedBeforeItsEnd(drip(body, behaviour), delivered) + [last]
        }
        steps.append(.bill(events: delivered))
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
        for (index, piece) in pieces.enumerated() {
            var piece = piece
            while piece.readableBytes > 0, steps.count < SandboxLimits.deliverySteps {
                let length = min(size ?? Int.max, piece.readableBytes)
                guard let part = piece.readSlice(length: length) else { break }
                steps.append(.wait(milliseconds: pause))
                steps.append(.write(part, events: piece.readableBytes > 0 ? index : index + 1))
            }
        }
        return steps
    }

    /// With the bill before the write that completes the last event to be delivered: whoever has
    /// the whole answer finds it billed.
    private static func billedBeforeItsEnd(_ steps: [Step], _ events: Int) -> [Step] {
        let last = steps.firstIndex { step in
            if case .write(_, let written?) = step { written >= events } else { false }
        }
        var steps = steps
        steps.insert(.bill(events: events), at: last ?? steps.endIndex)
        return steps
    }
}
