import WeirCore

/// Cuts a byte stream into server-sent events, wherever the chunks end.
///
/// After the HTML standard's section 9.2: lines end in LF, CR or CRLF, a byte-order mark at the
/// start is skipped, `data` lines are joined by LF, an event without `data` is none, and an event
/// without its blank line at the end of the stream is none either.
struct ServerSentEvents: Sendable {
    /// Bytes of one event; a longer one is no reply.
    static let eventLimit = 16 << 20

    private var line: [UInt8] = []
    private var name: [UInt8]?
    private var data: [UInt8]?
    private var isAfterCR = false
    private var isAtStart = true

    enum Item: Sendable, Equatable {
        case event(name: String?, data: [UInt8])
        /// A comment line: the provider is alive.
        case comment
    }

    mutating func feed(_ bytes: [UInt8]) throws(ReplyDefect) -> [Item] {
        var items: [Item] = []
        var start = bytes.startIndex
        if isAfterCR, start < bytes.endIndex {
            if bytes[start] == 0x0A { start += 1 }
            isAfterCR = false
        }
        while let end = bytes[start...].firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            if line.isEmpty {
                try take(bytes[start..<end], &items)
            } else {
                line.append(contentsOf: bytes[start..<end])
                let whole = line
                line = []
                try take(whole[...], &items)
            }
            start = end + 1
            if bytes[end] == 0x0D {
                if start == bytes.endIndex {
                    isAfterCR = true
                } else if bytes[start] == 0x0A {
                    start += 1
                }
            }
        }
        line.append(contentsOf: bytes[start...])
        try checkSize()
        return items
    }

    /// Whether something of an event has come that no blank line has ended.
    var isInsideEvent: Bool { !line.isEmpty || data != nil }

    private mutating func take(
        _ whole: ArraySlice<UInt8>, _ items: inout [Item]
    ) throws(ReplyDefect) {
        var text = whole
        if isAtStart {
            isAtStart = false
            if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        }
        guard let first = text.first else { return endEvent(&items) }
        guard first != UInt8(ascii: ":") else { return items.append(.comment) }
        let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        var value = colon < text.endIndex ? text[(colon + 1)...] : []
        if value.first == 0x20 { value = value.dropFirst() }
        let field = text[..<colon]
        if field.elementsEqual("data".utf8) {
            if data == nil {
                data = Array(value)
            } else {
                data?.append(0x0A)
                data?.append(contentsOf: value)
            }
            try checkSize()
        } else if field.elementsEqual("event".utf8) {
            name = Array(value)
        }
    }

    private mutating func endEvent(_ items: inout [Item]) {
        if let data {
            let name = name.map { String(decoding: $0, as: UTF8.self) }
            items.append(.event(name: name, data: data))
        }
        data = nil
        name = nil
    }

    private func checkSize() throws(ReplyDefect) {
        guard line.count + (data?.count ?? 0) <= ServerSentEvents.eventLimit else {
            throw ReplyDefect("an event of over \(ServerSentEvents.eventLimit) bytes")
        }
    }
}

/// Writes events in the framing that every client of the wires here reads.
enum EventFrame {
    /// `event: name` where there is one, then `data:`. JSON in its compact form has no line feed;
    /// data that has one is written as several lines.
    static func append(name: String?, data: [UInt8], to bytes: inout [UInt8]) {
        if let name {
            bytes.append(contentsOf: "event: ".utf8)
            // A name with a line end in it would begin another field.
            bytes.append(contentsOf: name.utf8.filter { $0 != 0x0A && $0 != 0x0D })
            bytes.append(0x0A)
        }
        for line in data.split(separator: 0x0A, omittingEmptySubsequences: false) {
            bytes.append(contentsOf: "data: ".utf8)
            bytes.append(contentsOf: line)
            bytes.append(0x0A)
        }
        bytes.append(0x0A)
    }

    /// A comment, which only keeps the connection alive.
    static let keepAlive = Array(": keep-alive\n\n".utf8)
}
