/// Keeps the braces of `${NAME}` from YAML, which takes them for a mapping wherever it already is
/// inside of one. They become two private-use characters before parsing, and braces again after.
enum BraceGuard {
    private static let open: Unicode.Scalar = "\u{E0F0}"
    private static let close: Unicode.Scalar = "\u{E0F1}"

    /// The text with every `${NAME}` protected. As many characters as before: columns stay right.
    static func protect(_ text: String) throws(YAMLDefect) -> String {
        let bytes = Array(text.utf8)
        let openBytes = Array(String(open).utf8)
        let closeBytes = Array(String(close).utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 64)
        var line = 1
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            if bytes[index...].starts(with: openBytes) || bytes[index...].starts(with: closeBytes) {
                throw YAMLDefect(line: line, reason: "a private-use character (U+E0F0, U+E0F1)")
            }
            if let end = endOfReference(bytes, at: index) {
                result.append(UInt8(ascii: "$"))
                result += openBytes
                result += bytes[(index + 2)..<end]
                result += closeBytes
                index = end + 1
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func restore(_ text: String) -> String {
        guard text.unicodeScalars.contains(open) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            scalars.append(scalar == open ? "{" : scalar == close ? "}" : scalar)
        }
        return String(scalars)
    }

    /// The index of the closing brace, where `${NAME}` begins at `start`.
    static func endOfReference(_ bytes: [UInt8], at start: Int) -> Int? {
        guard start + 2 < bytes.count, bytes[start] == UInt8(ascii: "$"),
            bytes[start + 1] == UInt8(ascii: "{"), isNameStart(bytes[start + 2])
        else { return nil }
        var end = start + 3
        while end < bytes.count, isNamePart(bytes[end]) { end += 1 }
        return end < bytes.count && bytes[end] == UInt8(ascii: "}") ? end : nil
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        isNameStart(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
