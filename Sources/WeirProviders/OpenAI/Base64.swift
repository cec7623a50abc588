import WeirCore

/// Numbers as the base64 of little-endian 32-bit floats, the form in which OpenAI's SDKs ask for
/// vectors. What no float can hold becomes the nearest it can.
func base64(floats numbers: [JSON]) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * 4)
    for number in numbers {
        var bits = float(number).bitPattern
        for _ in 0..<4 {
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
        }
    }
    return base64(bytes)
}

private func float(_ json: JSON) -> Float {
    guard case .number(let text) = json, let value = Float(text) else { return 0 }
    let limit = Float.greatestFiniteMagnitude
    return max(-limit, min(limit, value))
}

/// RFC 4648, section 4, with padding.
func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        var bits: UInt32 = 0
        for place in 0..<3 {
            bits = bits << 8 | UInt32(start + place < group.endIndex ? group[start + place] : 0)
        }
        for place in 0..<4 {
            let isPadding = place > group.count
            let digit = Int(bits >> UInt32(18 - 6 * place) & 63)
            text.append(isPadding ? UInt8(ascii: "=") : alphabet[digit])
        }
    }
    return String(decoding: text, as: UTF8.self)
}

private let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
