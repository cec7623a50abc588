import WeirCore

extension Money {
    /// Reads an amount from a JSON number's own text, digit by digit: never through floating point.
    /// Exponents are allowed, since writers of small numbers use them. Nil above 10⁹ USD, below
    /// -10⁹ USD, or with more than nine decimals that count.
    init?(jsonNumber text: String) {
        let number = PlainDecimal(jsonNumber: text)
        guard let number, let money = Money(decimalUSD: number.magnitude) else { return nil }
        self.init(nanos: number.isNegative ? -money.nanos : money.nanos)
    }
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
