import WeirCore

/// Counts the ledger's sums anew from its rows, beside those that are stored.
///
/// Everything is compared as the bytes and the integers that the file has, never as values that
/// were made of them. Sums are taken modulo 2⁶⁴; the writer lets none leave 64 bits.
struct SumCheck: Sendable {
    /// Settled rows that were counted.
    private(set) var rows: Int64 = 0
    private let stored: [SumKey: Sums]
    private let range: SumRange
    private var counts = RowCounts()
    /// The last row that was looked at.
    private var cursor: Int64
    private var names = RowNames.Spelling()

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
        self.stored = stored
        self.range = range
        cursor = range.after
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
            count(row)
        }
        return seen == limit
    }

    /// The sums that differ, in an order of their own. Of use once every row was counted.
    func differences() -> [SumDifference] {
        let counted = counts.byKey()
        var found: [SumDifference] = []
        for (key, sums) in stored where counted[key, default: .zero] != sums {
            found.append(SumDifference(key: key, stored: sums, counted: counted[key] ?? .zero))
        }
        for (key, sums) in counted where stored[key] == nil && sums != .zero {
            found.append(SumDifference(key: key, stored: .zero, counted: sums))
        }
        return found.sorted { $0.key < $1.key }
    }

    private mutating func count(_ row: borrowing Row) {
        cursor = row.int64(0)
        let period = row.int64(7)
        guard row.bool(10), period >= range.period, !range.open.contains(cursor) else { return }
        rows += 1
        names.read(row, (3, 4, 5, 6))
        counts.add(
            Sums(
                calls: row.bool(9) ? 0 : 1, input: row.int64(12), output: row.int64(13),
                cost: row.int64(11)),
            at: RowCounts.Place(
                tenant: row.int64(1), period: period, user: row.int64(2), day: row.int64(8)),
            names)
    }
}
