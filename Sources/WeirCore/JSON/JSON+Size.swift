extension JSON {
    /// Bytes of the compact form with strings as they read, without escapes: never fewer than the
    /// tokens of a byte-level tokenizer that reads the value as such.
    package var plainBytes: Int64 {
        switch self {
        case .null: 4
        case .bool: 5
        case .number(let text): Int64(text.utf8.count)
        case .string(let text): Int64(text.utf8.count) + 2
        case .array(let elements): elements.reduce(2) { $0 + $1.plainBytes + 1 }
        case .object(let object):
            object.members.reduce(2) {
                $0 + Int64($1.name.utf8.count) + $1.value.plainBytes + 4
            }
        }
    }

    /// How much longer the value gets where a provider writes it as JSON in pure ASCII, as it may
    /// do with tools: `\u00e9` has six bytes in the place of two.
    package var escapeGrowth: Int64 {
        switch self {
        case .null, .bool, .number: 0
        case .string(let text): JSON.growth(text)
        case .array(let elements): elements.reduce(0) { $0 + $1.escapeGrowth }
        case .object(let object):
            object.members.reduce(0) { $0 + JSON.growth($1.name) + $1.value.escapeGrowth }
        }
    }

    private static func growth(_ text: String) -> Int64 {
        text.utf8.reduce(0) { sum, byte in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): sum + 1
            case 0x00..<0x20, 0x7F: sum + 5
            case 0x80...: sum + 2
            default: sum
            }
        }
    }
}
