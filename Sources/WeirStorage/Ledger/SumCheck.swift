import WeirCore

/// Counts the ledger's sums anew from its rows, beside those that are stored.
///
/// Everything is compared as the bytes and the integers that the file has, never as values that
/// were made of them. Sums are taken modulo 2⁶⁴; the writer lets none leave 64 bits.
struct SumCheck: Sendable {
    /// What `usage_rollup` says; what a caller compares with `counted`.
    let stored: [SumKey: Sums]
    /// What the rows say so far.
    private(set) var counted: [SumKey: Sums] = [:]
    /// Settled rows that were counted.
    private(set) var rows: Int64 = 0
    let range: SumRange
    /// The last row that was looked at.
    private var cursor: Int64
    /// Rows that have everything in common that is counted by; kept until there are many.
    private var groups: [SumGroup: Sums] = [:]

    private static let groupLimit = 16_384

    init(stored: [SumKey: Sums], range: SumRange) {
        self.stored = stored
        self.range = range
        cursor = range.after
    }

    /// The sums that differ, in an order of their own. Of use once every row was counted.
    func differences() -> [SumDifference] {
        var found: [SumDifference] = []
        for (key, sums) in stored where counted[key, default: .zero] != sums {
            found.append(SumDifference(key: key, stored: sums, counted: counted[key] ?? .zero))
        }
        for (key, sums) in counted where stored[key] == nil && sums != .zero {
            found.append(SumDifference(key: key, stored: .zero, counted: sums))
        }
        return found.sorted { $0.key < $1.key }
    }

    mutating func add(_ sums: Sums, to group: SumGroup) {
        rows += 1
        groups[group, default: .zero].add(sums)
        if groups.count >= SumCheck.groupLimit { flush() }
    }

    /// Adds what the groups hold to every sum that they count in.
    private mutating func flush() {
        for (group, sums) in groups {
            for dimension in RollupBatch.Dimension.allCases {
                counted[group.key(dimension), default: .zero].add(sums)
            }
        }
        groups.removeAll(keepingCapacity: true)
    }
}

extension SumCheck {
    /// Reads the stored sums, and which rows belong to them.
    /// - Parameter range: of the rows that count; its open attempts and its end are found here.
    init(_ connection: Connection, _ range: SumRange) throws(SQLiteError) {
        var range = range
        let open = try connection.statement("SELECT attempt_id FROM open_attempts")
        try open.each { row throws(SQLiteError) in range.open.insert(row.int64(0)) }
        range.last = try connection.highestAttempt().number
        let query = try connection.statement(
            """
            SELECT tenant_id, period, dimension, value, calls, input_tokens, output_tokens,
                cost_nanos FROM usage_rollup WHERE period >= ?
            """)
        query.bind(range.period)
        var stored: [SumKey: Sums] = [:]
        try query.each { row throws(SQLiteError) in
            let key = SumKey(
                tenant: row.int64(0), period: row.int64(1), dimension: row.bytes(2),
                value: row.bytes(3))
            stored[key] = Sums(
                calls: row.int64(4), input: row.int64(5), output: row.int64(6),
                cost: row.int64(7))
        }
        self.init(stored: stored, range: range)
    }

    /// Counts the next rows, in a snapshot of their own: the log only grows, and what was open when
    /// the stored sums were read is left out.
    /// - Returns: Whether there may be more.
    mutating func countNext(
        _ limit: Int64, _ connection: Connection
    ) throws(SQLiteError) -> Bool {
        let query = try connection.statement(
            """
            SELECT attempt_id, tenant_id, user_id, feature, key_id, provider, model, period, day,
                kind = 'adjustment', state = 'settled', cost_nanos, input_tokens, output_tokens
            FROM ai_usage_log WHERE attempt_id > ? AND attempt_id <= ? ORDER BY attempt_id LIMIT ?
            """)
        query.bind(cursor)
        query.bind(range.last)
        query.bind(limit)
        var seen: Int64 = 0
        try query.each { row throws(SQLiteError) in
            seen += 1
            cursor = row.int64(0)
            guard row.bool(10), row.int64(7) >= range.period, !range.open.contains(cursor) else {
                return
            }
            let sums = Sums(
                calls: row.bool(9) ? 0 : 1, input: row.int64(12), output: row.int64(13),
                cost: row.int64(11))
            add(sums, to: SumGroup(row))
        }
        guard seen < limit else { return true }
        flush()
        return false
    }
}

extension SumGroup {
    /// Out of `countNext`'s columns.
    fileprivate init(_ row: borrowing Row) {
        tenant = row.int64(1)
        user = row.int64(2)
        period = row.int64(7)
        day = row.int64(8)
        names.reserveCapacity(96)
        row.append(3, to: &names)
        featureEnd = names.count
        row.append(4, to: &names)
        keyEnd = names.count
        row.append(5, to: &names)
        providerEnd = names.count
        row.append(6, to: &names)
    }
}
