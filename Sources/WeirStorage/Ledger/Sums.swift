import WeirCore

/// One sum of the ledger as `usage_rollup` has it. Money in nano-USD.
struct Sums: Equatable, Sendable {
    var calls: Int64
    var input: Int64
    var output: Int64
    var cost: Int64

    static let zero = Sums(calls: 0, input: 0, output: 0, cost: 0)

    /// Modulo 2⁶⁴, part by part.
    mutating func add(_ other: Sums) {
        calls &+= other.calls
        input &+= other.input
        output &+= other.output
        cost &+= other.cost
    }
}

/// Which sum it is, by the bytes of the file: Swift holds some texts for equal that a database
/// tells apart.
struct SumKey: Hashable, Sendable, Comparable {
    let tenant: Int64
    let period: Int64
    let dimension: [UInt8]
    let value: [UInt8]

    static func < (left: SumKey, right: SumKey) -> Bool {
        if left.tenant != right.tenant { return left.tenant < right.tenant }
        if left.period != right.period { return left.period < right.period }
        if left.dimension != right.dimension {
            return left.dimension.lexicographicallyPrecedes(right.dimension)
        }
        return left.value.lexicographicallyPrecedes(right.value)
    }
}

/// The rows that a check counts: those of a month and of every later one.
struct SumRange: Sendable {
    /// Year × 100 + month; rows and sums of earlier months don't count.
    var period: Int64
    /// Every row that counts has an id above this one.
    var after: Int64
    var last = Int64.max
    /// Attempts that were open when the stored sums were read: those don't have them.
    var open: Set<Int64> = []

    /// Every row there is.
    static let all = SumRange(period: .min, after: .min)
}

/// A stored sum that isn't what its rows make.
struct SumDifference: Sendable, Equatable, CustomStringConvertible {
    let key: SumKey
    let stored: Sums
    let counted: Sums

    /// For a person: whose sum it is, what it is, and what its rows make.
    var description: String {
        let month = Period(column: key.period)?.description ?? "\(key.period)"
        let value = key.value.isEmpty ? "" : " \(shown(key.value))"
        return "tenant \(key.tenant), \(month), \(shown(key.dimension))\(value): the stored sum is "
            + "\(text(stored)), its rows make \(text(counted))"
    }

    private func text(_ sums: Sums) -> String {
        "\(sums.calls) calls, \(sums.input) + \(sums.output) tokens, "
            + "\(Money(nanos: sums.cost).exactUSD) USD"
    }

    /// A name as the writer writes it; anything else isn't repeated.
    private func shown(_ bytes: [UInt8]) -> String {
        Slug(String(decoding: bytes, as: UTF8.self))?.description ?? "(unreadable)"
    }
}
