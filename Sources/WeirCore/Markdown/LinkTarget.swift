/// What stands behind a link's text: `(https://example.com/a "title")`. Only addresses of http and
/// https count; anything else leaves the text as it is written.
struct LinkTarget {
    let address: ArraySlice<UInt8>
    /// Behind the closing parenthesis.
    let end: Int

    /// Bytes of an address.
    static let longest = 2_048
    private static let longestTitle = 256
    /// Parentheses in an address that are open at a time.
    private static let deepest = 2

    init?(_ bytes: [UInt8], at start: Int) {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "(") else { return nil }
        let rest = bytes[(start + 1)...].prefix(LinkTarget.longest)
        var depth = 0
        var position = rest.startIndex
        scan: while position < rest.endIndex {
            switch rest[position] {
            case UInt8(ascii: "("):
                depth += 1
                if depth > LinkTarget.deepest { return nil }
            case UInt8(ascii: ")"):
                if depth == 0 { break scan }
                depth -= 1
            case 0x20, 0x09, 0x0A: break scan
            case UInt8(ascii: "<"), UInt8(ascii: "\\"), UInt8(ascii: "\""): return nil
            default: break
            }
            position += 1
        }
        address = bytes[rest.startIndex..<position]
        guard position < rest.endIndex, LinkTarget.isAllowed(address),
            let close = LinkTarget.close(bytes, at: position)
        else { return nil }
        end = close + 1
    }

    /// `http://` or `https://` in any case, and something behind it.
    static func isAllowed(_ address: ArraySlice<UInt8>) -> Bool {
        ["http://", "https://"].contains { scheme in
            address.count > scheme.utf8.count
                && zip(address, scheme.utf8).allSatisfy { byte, expected in
                    (isUpperCase(byte) ? byte | 0x20 : byte) == expected
                }
        }
    }

    /// The closing parenthesis, behind a title where there is one.
    private static func close(_ bytes: [UInt8], at start: Int) -> Int? {
        let rest = bytes[start...].prefix(longestTitle)
        guard var position = rest.firstIndex(where: { !$0.isBlank }) else { return nil }
        if rest[position] == UInt8(ascii: "\"") {
            guard
                let quote = rest[(position + 1)...].firstIndex(where: {
                    $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "[")
                }), rest[quote] == UInt8(ascii: "\""),
                let next = rest[(quote + 1)...].firstIndex(where: { !$0.isBlank })
            else { return nil }
            position = next
        }
        return rest[position] == UInt8(ascii: ")") ? position : nil
    }

    private static func isUpperCase(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
