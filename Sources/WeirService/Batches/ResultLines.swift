/// A reply's lines as they come, each within a bound.
struct ResultLines {
    private let body: any UpstreamBody
    private var lines: [[UInt8]] = []
    private var rest: [UInt8] = []
    private var isAtEnd = false
    /// Whether the reply came to its end; false as long as it goes on, and where it broke off.
    private(set) var isWhole = false

    /// A whole reply of one call has no more.
    private static let longest = 32 << 20

    init(_ body: any UpstreamBody) { self.body = body }

    /// Nil at the end, and where the reply breaks off.
    mutating func next() async -> [UInt8]? {
        while lines.isEmpty, !isAtEnd {
            switch await body.next() {
            case .bytes(let bytes):
                body.noteToken()
                take(bytes)
            case .end:
                if !rest.isEmpty { lines.append(rest) }
                (isAtEnd, isWhole) = (true, true)
            case .lost: isAtEnd = true
            }
        }
        return lines.isEmpty ? nil : lines.removeFirst()
    }

    private mutating func take(_ bytes: [UInt8]) {
        var bytes = bytes[...]
        while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(rest + bytes[..<end])
            rest = []
            bytes = bytes[(end + 1)...]
        }
        rest += bytes
        guard rest.count > ResultLines.longest else { return }
        body.cancel()
        isAtEnd = true
    }
}
