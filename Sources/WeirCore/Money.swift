/// An amount of money: integer nano-USD (10⁻⁹ USD), never a floating-point number.
///
/// Amounts from outside are at most 10⁹ USD, so that sums of billions of rows stay far from the
/// edge; all arithmetic reports overflow instead of trapping.
package struct Money: Sendable, Hashable, Comparable {
    package let nanos: Int64

    package init(nanos: Int64) { self.nanos = nanos }

    package static let zero = Money(nanos: 0)
    /// 10⁹ USD: the largest amount accepted from outside.
    package static let largest = Money(nanos: 1_000_000_000 * nanosPerDollar)
    package static let nanosPerDollar: Int64 = 1_000_000_000

    package static func < (left: Money, right: Money) -> Bool { left.nanos < right.nanos }

    /// The sum, or nil where it leaves Int64.
    package func adding(_ other: Money) -> Money? {
        let (sum, overflow) = nanos.addingReportingOverflow(other.nanos)
        return overflow ? nil : Money(nanos: sum)
    }

    /// The difference, or nil where it leaves Int64.
    package func subtracting(_ other: Money) -> Money? {
        let (difference, overflow) = nanos.subtractingReportingOverflow(other.nanos)
        return overflow ? nil : Money(nanos: difference)
    }

    /// The sum, held at Int64's edge. For totals that must be shown and never trap.
    package func saturatingAdd(_ other: Money) -> Money {
        adding(other) ?? Money(nanos: other.nanos < 0 ? .min : .max)
    }

    package func saturatingSubtract(_ other: Money) -> Money {
        subtracting(other) ?? Money(nanos: other.nanos < 0 ? .max : .min)
    }
}

/// A price: nano-USD per million tokens. 0.80 USD per million is 800,000,000.
package struct Rate: Sendable, Hashable, Comparable {
    package let nanosPerMillion: Int64

    package init(nanosPerMillion: Int64) { self.nanosPerMillion = nanosPerMillion }

    package static let zero = Rate(nanosPerMillion: 0)

    package static func < (left: Rate, right: Rate) -> Bool {
        left.nanosPerMillion < right.nanosPerMillion
    }

    /// `ceil(tokens × rate / 10⁶)` by a 128-bit product; nil where the result leaves Int64 or an
    /// operand is negative.
    package func cost(of tokens: Int64) -> Money? {
        guard tokens >= 0, nanosPerMillion >= 0 else { return nil }
        let product = tokens.multipliedFullWidth(by: nanosPerMillion)
        let million: Int64 = 1_000_000
        guard product.high < million else { return nil }
        let (quotient, remainder) = UInt64(million).dividingFullWidth(
            (UInt64(product.high), product.low))
        let (rounded, overflow) = quotient.addingReportingOverflow(remainder > 0 ? 1 : 0)
        guard !overflow, let nanos = Int64(exactly: rounded) else { return nil }
        return Money(nanos: nanos)
    }
}
