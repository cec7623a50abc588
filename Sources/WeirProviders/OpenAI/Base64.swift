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
    return Base64Text.encode(bytes)
}

private func float(_ json: JSON) -> Float {
    guard case .number(let text) = json, let value = Float(text) else { return 0 }
    let limit = Float.greatestFiniteMagnitude
    return max(-limit, min(limit, value))
}
