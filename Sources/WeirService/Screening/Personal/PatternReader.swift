/// Reads a pattern's characters and counts.
struct PatternReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func character(
        _ refuse: (String) -> PatternError
    ) throws(PatternError) -> (byte: UInt8, isEscaped: Bool)? {
        guard position < bytes.count else { return nil }
        let isEscaped = bytes[position] == UInt8(ascii: "\\")
        if isEscaped { position += 1 }
        guard position < bytes.count else { throw refuse("nothing follows \\") }
        let byte = bytes[position]
        guard (0x20..<0x7F).contains(byte) else { throw refuse("a character outside of ASCII") }
        let isSyntax = [UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "?")].contains(byte)
        guard isEscaped || !isSyntax else { throw refuse("a count without anything to repeat") }
        position += 1
        return (byte, isEscaped)
    }

    mutating func count(
        _ refuse: (String) -> PatternError
    ) throws(PatternError) -> ClosedRange<Int> {
        guard position < bytes.count else { return 1...1 }
        if bytes[position] == UInt8(ascii: "?") {
            position += 1
            return 0...1
        }
        guard bytes[position] == UInt8(ascii: "{") else { return 1...1 }
        guard let close = bytes[position...].firstIndex(of: UInt8(ascii: "}")) else {
            throw refuse("{ without }")
        }
        let inside = String(decoding: bytes[(position + 1)..<close], as: UTF8.self)
        position = close + 1
        let numbers = inside.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.utf8.allSatisfy(\.isDigit) ? Int($0) : nil
        }
        guard (1...2).contains(numbers.count), let first = numbers[0],
            let last = numbers[numbers.count - 1], first <= last,
            (1...CompiledIDPattern.largestLength).contains(last)
        else { throw refuse("a count is {n} or {n,m} with 1 to 63") }
        return first...last
    }
}
