/// Base64 after RFC 4648, on bytes.
enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let rest = bytes.count - start
            let first = bytes[start]
            let second = rest > 1 ? bytes[start + 1] : 0
            let third = rest > 2 ? bytes[start + 2] : 0
            text.append(letter(first >> 2))
            text.append(letter((first & 0x03) << 4 | second >> 4))
            text.append(rest > 1 ? letter((second & 0x0F) << 2 | third >> 6) : padding)
            text.append(rest > 2 ? letter(third & 0x3F) : padding)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads either alphabet, the standard and the one for addresses, padded or not: SDKs send
    /// both; nil where the text is no base64.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3)
        var held: UInt32 = 0
        var letters = 0
        var paddings = 0
        for byte in text.utf8 {
            if byte == padding {
                paddings += 1
                continue
            }
            guard paddings == 0, let value = value(byte) else { return nil }
            held = (held << 6 | UInt32(value)) & 0xFF_FFFF
            letters += 1
            if letters % 4 == 0 {
                bytes.append(UInt8(truncatingIfNeeded: held >> 16))
                bytes.append(UInt8(truncatingIfNeeded: held >> 8))
                bytes.append(UInt8(truncatingIfNeeded: held))
            }
        }
        guard isWhole(letters: letters, paddings: paddings) else { return nil }
        switch letters % 4 {
        case 2: bytes.append(UInt8(truncatingIfNeeded: held >> 4))
        case 3:
            bytes.append(UInt8(truncatingIfNeeded: held >> 10))
            bytes.append(UInt8(truncatingIfNeeded: held >> 2))
        default: break
        }
        return bytes
    }

    /// The same bytes in the standard alphabet and padded, as the other wires want them; nil where
    /// the text is no base64.
    static func standard(_ text: String) -> String? {
        var letters = 0
        var paddings = 0
        var isStandard = true
        for byte in text.utf8 {
            if byte == padding {
                paddings += 1
            } else {
                guard paddings == 0, value(byte) != nil else { return nil }
                letters += 1
                if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") { isStandard = false }
            }
        }
        guard isWhole(letters: letters, paddings: paddings) else { return nil }
        if isStandard, (letters + paddings) % 4 == 0 { return text }
        let missing = (4 - letters % 4) % 4
        let translated = text.utf8.prefix(letters).map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        return String(decoding: translated, as: UTF8.self) + String(repeating: "=", count: missing)
    }

    private static let padding = UInt8(ascii: "=")

    /// One letter alone holds no byte; where there is padding it fills up the last four.
    private static func isWhole(letters: Int, paddings: Int) -> Bool {
        letters % 4 != 1 && (paddings == 0 || (paddings < 3 && (letters + paddings) % 4 == 0))
    }

    private static func letter(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func value(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): letter - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): letter - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
