/// What may stand in a request line, byte by byte.
enum RequestTarget {
    /// A path that begins with a slash, without a query.
    static func isPath(_ bytes: some Sequence<UInt8>) -> Bool {
        isTarget(bytes, allowsQuery: false)
    }

    /// A path that begins with a slash, with or without a query.
    static func isPathAndQuery(_ bytes: some Sequence<UInt8>) -> Bool {
        isTarget(bytes, allowsQuery: true)
    }

    private static func isTarget(_ bytes: some Sequence<UInt8>, allowsQuery: Bool) -> Bool {
        var isFirst = true
        var hexadecimalsDue = 0
        for byte in bytes {
            if isFirst {
                guard byte == .slash else { return false }
                isFirst = false
            } else if hexadecimalsDue > 0 {
                guard byte.isHexadecimal else { return false }
                hexadecimalsDue -= 1
            } else if byte == .percent {
                hexadecimalsDue = 2
            } else if byte == .question {
                guard allowsQuery else { return false }
            } else {
                guard isPlain(byte) else { return false }
            }
        }
        return !isFirst && hexadecimalsDue == 0
    }

    /// RFC 3986's pchar and the slash.
    private static func isPlain(_ byte: UInt8) -> Bool {
        if byte.isLetterOrDigit { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: ":"),
            UInt8(ascii: "@"), UInt8(ascii: "/"):
            return true
        default: return false
        }
    }
}
