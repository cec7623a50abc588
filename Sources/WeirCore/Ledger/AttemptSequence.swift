/// Gives out attempt ids that never repeat and rise with time, also when the clock steps back.
package struct AttemptSequence: Sendable {
    private var last: Int64
    private let node: Int64

    /// - Parameters:
    ///   - node: 0 to 1023; another one for each process that writes to the same ledger.
    ///   - last: the highest id in the ledger; new ids are above it.
    package init(node: Int64 = 0, last: AttemptID = AttemptID(number: 0)) {
        self.node = node & 0x3FF
        self.last = last.number
    }

    package mutating func next(at now: Timestamp) -> AttemptID {
        let since = min(max(now.milliseconds &- AttemptSequence.epoch, 0), 1 << 41 - 1)
        var candidate = since << 22 | node << 12
        if candidate <= last {
            // The next free sequence number of the same node: one millisecond on where it is full.
            let sequence = last & 0xFFF
            candidate =
                sequence < 0xFFF
                ? (last >> 22) << 22 | node << 12 | (sequence + 1)
                : ((last >> 22) + 1) << 22 | node << 12
        }
        last = candidate
        return AttemptID(number: candidate)
    }

    /// 2025-01-01 00:00 UTC, in milliseconds.
    package static let epoch: Int64 = 1_735_689_600_000
}

extension AttemptID {
    /// The lowest id that could have been given out at a moment.
    package static func lowest(at moment: Timestamp) -> AttemptID {
        let since = min(max(moment.milliseconds &- AttemptSequence.epoch, 0), 1 << 41 - 1)
        return AttemptID(number: since << 22)
    }
}
