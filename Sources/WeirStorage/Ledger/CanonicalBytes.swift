import WeirCore

/// Bytes to be hashed: each field has its length or a fixed size, so that no two different
/// sequences of fields have the same encoding. The order of fields is a promise: what was hashed
/// once must hash the same for ever.
struct CanonicalBytes {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: Int64) {
        var rest = UInt64(bitPattern: value).bigEndian
        unsafe withUnsafeBytes(of: &rest) { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func append(_ text: String) {
        append(Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ field: [UInt8]) {
        append(Int64(field.count))
        bytes.append(contentsOf: field)
    }

    mutating func append(_ value: Int64?) {
        append(value == nil ? 0 : 1)
        append(value ?? 0)
    }

    mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20) }
}

extension CanonicalBytes {
    /// Every field of a terminal row.
    mutating func append(_ row: LedgerRow, _ outcome: LedgerRow.Outcome) {
        append(row.attempt.number)
        append(row.request.description)
        append(Int64(row.attemptNumber))
        append(row.kind.rawValue)
        append(row.state.rawValue)
        append(row.tenant.number)
        append(row.user.number)
        append(row.feature.description)
        append(row.key.description)
        append(row.provider.description)
        append(row.model.description)
        append(row.upstreamModel.description)
        append(row.date.period.column)
        append(Int64(row.date.day.number))
        append(row.held.nanos)
        append(row.priceVersion)
        append(row.createdAt.milliseconds)
        append(row.promptDigest)
        append(row.adjusts?.number)
        append(outcome)
    }

    private mutating func append(_ outcome: LedgerRow.Outcome) {
        append(outcome.status.rawValue)
        append(outcome.cost.nanos)
        append(outcome.basis.rawValue)
        append(outcome.usage.input)
        append(outcome.usage.output)
        append(outcome.usage.cacheRead)
        append(outcome.usage.cacheWrite5m)
        append(outcome.usage.cacheWrite1h)
        append(outcome.usage.reasoning)
        append(outcome.usage.webSearches)
        append(outcome.usage.serviceTier?.rawValue ?? "")
        append(outcome.isInDoubt ? 1 : 0)
        append(outcome.isUsageSuspect ? 1 : 0)
        append(outcome.settledAt.milliseconds)
        append(outcome.answerDigest)
    }
}

extension Period {
    /// As the database has it: 202604.
    var column: Int64 { Int64(year * 100 + month) }

    init?(column: Int64) {
        guard let number = Int(exactly: column), number > 0 else { return nil }
        self.init(year: number / 100, month: number % 100)
    }
}
