import WeirCore

/// Adds rows up by everything that the ledger keeps sums of. Names are numbered as they come, so
/// that a row costs a look-up of its names and seven additions under keys of plain integers.
struct RowCounts: Sendable {
    private var sums: [Key: Sums] = [:]
    /// The numbers of names that stood in a row together, by their bytes.
    private var together: [RowNames.Spelling: RowNames] = [:]
    private var numbers: [[UInt8]: Int64] = [:]
    private var names: [[UInt8]] = []

    private static let togetherLimit = 16_384
    private static let dimensions = RollupBatch.Dimension.allCases

    private struct Key: Hashable {
        let tenant: Int64
        let period: Int64
        /// A position in `dimensions`, which costs less to hash than its name.
        let dimension: Int
        /// A user's or a day's own number, a name's number, or 0.
        let value: Int64
    }

    /// Where a row counts.
    struct Place {
        let tenant: Int64
        let period: Int64
        let user: Int64
        let day: Int64
    }

    mutating func add(_ row: Sums, at place: Place, _ spelling: RowNames.Spelling) {
        let names = number(spelling)
        for dimension in RowCounts.dimensions.indices {
            let value =
                switch RowCounts.dimensions[dimension] {
                case .total: Int64(0)
                case .user: place.user
                case .day: place.day
                case .feature: names.feature
                case .key: names.key
                case .provider: names.provider
                case .model: names.model
                }
            let key = Key(
                tenant: place.tenant, period: place.period, dimension: dimension, value: value)
            sums[key, default: .zero].add(row)
        }
    }

    /// Every sum under the key that the file has for it.
    func byKey() -> [SumKey: Sums] {
        var found: [SumKey: Sums] = [:]
        found.reserveCapacity(sums.count)
        for (key, sum) in sums {
            let dimension = RowCounts.dimensions[key.dimension]
            let value: [UInt8] =
                switch dimension {
                case .total: []
                case .user: Array(String(key.value).utf8)
                case .day: Array(Day(number: Int32(truncatingIfNeeded: key.value)).description.utf8)
                case .feature, .key, .provider, .model: names[Int(key.value)]
                }
            let place = SumKey(
                tenant: key.tenant, period: key.period,
                dimension: Array(dimension.rawValue.utf8), value: value)
            found[place, default: .zero].add(sum)
        }
        return found
    }

    private mutating func number(_ spelling: RowNames.Spelling) -> RowNames {
        if let known = together[spelling] { return known }
        if together.count >= RowCounts.togetherLimit { together.removeAll(keepingCapacity: true) }
        let names = spelling.names.map { number(name: Array($0)) }
        let found = RowNames(
            feature: names[0], key: names[1], provider: names[2], model: names[3])
        together[spelling] = found
        return found
    }

    private mutating func number(name: [UInt8]) -> Int64 {
        if let known = numbers[name] { return known }
        let next = Int64(names.count)
        names.append(name)
        numbers[name] = next
        return next
    }
}

/// A row's names, as numbers.
struct RowNames: Sendable {
    let feature: Int64
    let key: Int64
    let provider: Int64
    let model: Int64

    /// Four names one behind the other, then where each ends, as four bytes.
    struct Spelling: Hashable, Sendable {
        private var bytes: [UInt8] = []

        func hash(into hasher: inout Hasher) {
            // All at once: an array would be hashed byte by byte.
            unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }

        mutating func read(_ row: borrowing Row, _ columns: (Int32, Int32, Int32, Int32)) {
            bytes.removeAll(keepingCapacity: true)
            row.append(columns.0, to: &bytes)
            let first = bytes.count
            row.append(columns.1, to: &bytes)
            let second = bytes.count
            row.append(columns.2, to: &bytes)
            let third = bytes.count
            row.append(columns.3, to: &bytes)
            let fourth = bytes.count
            append(first)
            append(second)
            append(third)
            append(fourth)
        }

        var names: [ArraySlice<UInt8>] {
            var start = 0
            return stride(from: bytes.count - 16, to: bytes.count, by: 4).map { place in
                let end = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
                defer { start = end }
                return bytes[start..<end]
            }
        }

        private mutating func append(_ end: Int) {
            for shift in stride(from: 24, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: end >> shift))
            }
        }
    }
}
