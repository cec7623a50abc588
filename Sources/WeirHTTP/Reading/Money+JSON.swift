import WeirCore

extension Money {
    /// Reads an amount from a JSON number's own text, digit by digit: never through floating point.
    /// Exponents are allowed, since writers of small numbers use them. Nil above 10⁹ USD, below
    /// -10⁹ USD, or with more than nine decimals that count.
    init?(jsonNumber text: String) {
        let number = SignedDecimal(text)
        guard let number, let money = Money(decimalUSD: number.magnitude) else { return nil }
        self.init(nanos: number.isNegative ? -money.nanos : money.nanos)
    }
}

extension JSON {
    /// The value of a number without a fraction, however it is written: `12`, `12.0`, `1.2e1`.
    /// Callers' documents have such; where a number counts money it is read by `integer` alone.
    var wholeNumber: Int64? {
        guard case .number(let text) = self else { return nil }
        if let plain = integer { return plain }
        guard let number = SignedDecimal(text) else { return nil }
        return Int64(number.isNegative ? "-\(number.magnitude)" : number.magnitude)
    }
}

/// A JSON number's text as plain digits.
private struct SignedDecimal {
    let isNegative: Bool
    /// Digits with a point in their place, where there is a fraction; no zero that says nothing.
    let magnitude: String

    /// Nil for an exponent beyond 64.
    init?(_ text: String) {
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

extension BodyFields {
    /// A budget: a JSON number of USD, zero or more.
    func budget(_ name: String) throws(WeirError) -> Money? {
        guard let value = self[name] else { return nil }
        guard case .number(let text) = value, let money = Money(jsonNumber: text), money >= .zero
        else { throw error(name, "must be a number of USD from 0, with at most nine decimals") }
        return money
    }

    /// An amount that may be negative: a JSON number, or the same as text.
    func amount(_ name: String) throws(WeirError) -> Money? {
        guard let value = self[name] else { return nil }
        let money: Money? =
            switch value {
            case .number(let text): Money(jsonNumber: text)
            case .string(let text): signedMoney(text)
            default: nil
            }
        guard let money else {
            throw error(name, "must be an amount of USD with at most nine decimals")
        }
        return money
    }

    private func signedMoney(_ text: String) -> Money? {
        guard text.utf8.first == UInt8(ascii: "-") else { return Money(decimalUSD: text) }
        return Money(decimalUSD: String(text.dropFirst())).map { Money(nanos: -$0.nanos) }
    }
}
