extension Money {
    /// Reads a decimal amount in USD: digits, optionally a point and one to nine digits.
    ///
    /// Nil for anything else: signs, exponents, blanks, leading zeros, more than nine decimals,
    /// NaN, infinity, and amounts above 10⁹ USD.
    package init?(decimalUSD text: String) {
        guard let nanos = parseNanos(text), nanos <= Money.largest.nanos else { return nil }
        self.init(nanos: nanos)
    }

    /// USD with at most six decimals, rounded half away from zero, no trailing zeros: `0.000598`.
    /// A valid JSON number.
    package var usd: String {
        let micros = (nanos.magnitude &+ 500) / 1_000
        let whole = micros / 1_000_000
        var fraction = String(micros % 1_000_000)
        fraction = String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        while fraction.utf8.last == UInt8(ascii: "0") { fraction.removeLast() }
        let sign = nanos < 0 && micros > 0 ? "-" : ""
        return fraction.isEmpty ? "\(sign)\(whole)" : "\(sign)\(whole).\(fraction)"
    }

    /// USD with all nine decimals that count: what `init(decimalUSD:)` reads back unchanged.
    package var exactUSD: String {
        let whole = nanos.magnitude / UInt64(Money.nanosPerDollar)
        var fraction = String(nanos.magnitude % UInt64(Money.nanosPerDollar))
        fraction = String(repeating: "0", count: 9 - fraction.utf8.count) + fraction
        while fraction.utf8.last == UInt8(ascii: "0") { fraction.removeLast() }
        let sign = nanos < 0 ? "-" : ""
        return fraction.isEmpty ? "\(sign)\(whole)" : "\(sign)\(whole).\(fraction)"
    }
}

extension Rate {
    /// Reads USD per million tokens, by the same rules as an amount.
    package init?(decimalUSDPerMillion text: String) {
        guard let nanos = parseNanos(text), nanos <= Money.largest.nanos else { return nil }
        self.init(nanosPerMillion: nanos)
    }

    package var usdPerMillion: String { Money(nanos: nanosPerMillion).exactUSD }
}

private func parseNanos(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    let point = bytes.firstIndex(of: UInt8(ascii: ".")) ?? bytes.count
    let whole = bytes[..<point]
    let fraction = point < bytes.count ? bytes[(point + 1)...] : []
    guard !whole.isEmpty, whole.count <= 10, fraction.count <= 9 else { return nil }
    guard point == bytes.count || !fraction.isEmpty else { return nil }
    guard whole.count == 1 || whole.first != UInt8(ascii: "0") else { return nil }
    var nanos: Int64 = 0
    for index in 0..<(whole.count + 9) {
        var digit: UInt8 = UInt8(ascii: "0")
        if index < whole.count {
            digit = whole[whole.startIndex + index]
        } else if index - whole.count < fraction.count {
            digit = fraction[fraction.startIndex + index - whole.count]
        }
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        let (shifted, over) = nanos.multipliedReportingOverflow(by: 10)
        let (sum, more) = shifted.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
        guard !over, !more else { return nil }
        nanos = sum
    }
    return nanos
}
