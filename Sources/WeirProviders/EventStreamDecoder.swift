import WeirCore

/// A reply that comes as server-sent events, read one by one.
///
/// What came in one piece with an event that can't be read, and before it, is told all the same,
/// the defect with the next piece: what a stream says must not depend on how it is cut.
protocol EventStreamDecoder: ReplyStreamDecoder {
    var lines: ServerSentEvents { get set }
    /// Why nothing can be read any more.
    var pending: ReplyDefect? { get set }

    /// Reads an event that has data.
    mutating func step(_ name: String?, _ data: [UInt8]) throws(ReplyDefect) -> StreamStep
}

extension EventStreamDecoder {
    mutating func feed(_ bytes: [UInt8]) throws(ReplyDefect) -> [StreamStep] {
        try read(bytes)
    }

    /// The end of the body completes nothing.
    mutating func finish() throws(ReplyDefect) -> [StreamStep] {
        if let pending { throw pending }
        return []
    }

    mutating func read(_ bytes: [UInt8]) throws(ReplyDefect) -> [StreamStep] {
        if let pending { throw pending }
        var steps: [StreamStep] = []
        let items = try lines.feed(bytes)
        for (place, item) in items.enumerated() {
            guard case .event(let name, let data) = item, !data.isEmpty else {
                steps.append(.keepAlive)
                continue
            }
            do throws(ReplyDefect) {
                steps.append(try step(name, data))
            } catch {
                guard !steps.isEmpty else {
                    pending = error
                    throw error
                }
                let unread = items[place...].reduce(0) { $0 + $1.size }
                pending = ReplyDefect(error.reason, usage: error.usage, unread: unread)
                return steps
            }
        }
        return steps
    }
}

extension ServerSentEvents.Item {
    fileprivate var size: Int {
        if case .event(_, let data) = self { data.count } else { 0 }
    }
}
