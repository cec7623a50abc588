extension JSON {
    /// The value of a number without a fraction, however it is written: `12`, `12.0`, `1.2e1`.
    /// Callers' documents have such; where a provider counts, `integer` reads it, and nothing else.
    package var wholeNumber: Int64? {
        guard case .number(let text) = self else { return nil }
        if let plain = integer { return plain }
        guard let number = PlainDecimal(jsonNumber: text) else { return nil }
        return Int64(number.isNegative ? "-\(number.magnitude)" : number.magnitude)
    }
}

/// A JSON number's text as plain digits: nothing is rounded, nothing goes through floating point.
package struct PlainDecimal: Sendable {
    package let isNegative: Bool
    /// Digits with a point in their place, where there is a fraction; no zero that says nothing.
    package let magnitude: String

    /// Nil for an exponent beyond 64, or more than 64 digits.
    package init?(jsonNumber text: String) {
        var bytes = Array(text.utf8)
        isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { bytes.removeFirst() }
        let mark = bytes.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? bytes.endIndex
        var exponent = 0
        if mark < bytes.endIndex {
            let digits = String(decoding: bytes[(mark + 1)...], as: UTF8.self)
            guard let number = Int(digits), (-64...64).contains(number) else { return nil }
            exponent = number
        }
        guard let plain = plainDecimal(bytes[..<mark], exponent) else { return nil }
        magnitude = plain
    }
}

/// Mantissa and exponent as digits with a point in its place, without zeros that say nothing.
private func plainDecimal(_ mantissa: ArraySlice<UInt8>, _ exponent: Int) -> String? {
    let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mantissa.endIndex
    var digits = Array(mantissa[..<point])
    var place = digits.count + exponent
    if point < mantissa.endIndex { digits += mantissa[(point + 1)...] }
    guard !digits.isEmpty, digits.count <= 64 else { return nil }
    if place < 1 {
        digits = Array(repeating: UInt8(ascii: "0"), count: 1 - place) + digits
        place = 1
    }
    if place > digits.count {
        digits += Array(repeating: UInt8(ascii: "0"), count: place - digits.count)
    }
    var whole = digits[..<place].drop { $0 == UInt8(ascii: "0") }
    if whole.isEmpty { whole = [UInt8(ascii: "0")] }
    var fraction = digits[place...]
    while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
    let head = String(decoding: whole, as: UTF8.self)
    return fraction.isEmpty ? head : "\(head).\(String(decoding: fraction, as: UTF8.self))"
}
