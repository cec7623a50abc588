import WeirCore
import WeirService

/// The only connection that writes and checkpoints, and what the open transaction has gathered.
/// Lives on the writer's thread.
final class WriteSession {
    let connection: Connection
    let ledger: LedgerStatements
    var rollups = RollupBatch()
    var settled = SettledBatch()
    var published = PublishedEvents()
    /// The audit chain's head, as of the last entry that was written.
    var chain: AuditChain
    /// No attempt above this one has ever been written, durable or not.
    var highestAttempt: AttemptID
    /// The highest attempt that was there when the file was opened: recovery goes no further.
    let lastAttemptBefore: AttemptID
    var hasRecovered = false
    /// The latest time that a caller named; old idempotency records are purged by it.
    var latest = Timestamp(milliseconds: .min)
    var claimsSincePurge = 0
    var purgedUpTo: Int64 = 0
    private var committedChain: AuditChain
    private var pagesAtCheckpoint = 0
    private var pagesAtTruncation = 0

    init(_ connection: Connection) throws(SQLiteError) {
        self.connection = connection
        ledger = try LedgerStatements(connection)
        chain = try connection.auditHead()
        committedChain = chain
        lastAttemptBefore = try connection.highestAttempt()
        highestAttempt = lastAttemptBefore
    }

    func begin() throws(SQLiteError) { try ledger.begin.run() }

    /// Writes what the transaction has gathered and makes all of it durable. If this throws, it is
    /// unknown whether the transaction is durable, unless the error is a refusal.
    func commit() throws(SQLiteError) {
        try flushRollups()
        try flushAudit()
        try purgeIdempotency()
        try ledger.commit.run()
        committedChain = chain
        forgetBatch()
    }

    /// Undoes the open transaction, also where SQLite has done that by itself.
    func rollBack() throws(SQLiteError) {
        forgetBatch()
        published = PublishedEvents()
        chain = committedChain
        if connection.isInTransaction { try ledger.rollBack.run() }
    }

    /// Runs one operation so that, refused, it leaves no trace in the open transaction.
    func isolated<Value>(
        _ body: () throws(SQLiteError) -> Value
    ) throws(SQLiteError) -> Value {
        let (chainBefore, mark) = (chain, settled.mark)
        try ledger.savepoint.run()
        do {
            let value = try body()
            // Now, not at the end: a sum that overflows must fail the row that makes it do so.
            try flushRollups()
            try ledger.release.run()
            return value
        } catch {
            guard error.isRefusal else { throw error }
            chain = chainBefore
            settled.cut(to: mark)
            rollups.removeAll()
            try ledger.rollBackToSavepoint.run()
            try ledger.release.run()
            throw error
        }
    }

    /// For whom the last transaction has something, once.
    func takePublished() -> PublishedEvents {
        defer { published = PublishedEvents() }
        return published
    }

    private func flushRollups() throws(SQLiteError) {
        for (key, sum) in rollups.sums {
            let upsert = ledger.addRollup
            upsert.bind(key.tenant.number)
            upsert.bind(key.period.column)
            upsert.bind(key.dimension.rawValue)
            upsert.bind(key.value)
            upsert.bind(sum.calls)
            upsert.bind(sum.inputTokens)
            upsert.bind(sum.outputTokens)
            upsert.bind(sum.cost.nanos)
            try upsert.run()
        }
        rollups.removeAll()
    }

    private func flushAudit() throws(SQLiteError) {
        guard let entry = settled.entry() else { return }
        try append(entry)
        settled.removeAll()
    }

    private func forgetBatch() {
        rollups.removeAll()
        settled.removeAll()
    }
}

extension WriteSession {
    /// Moves the log into the database once it has grown by so many pages. Past the second mark it
    /// waits for readers for a moment, so that the log's file can't grow without bound under them.
    func checkpointIfDue(after pages: Int, cutAfter limit: Int) throws(SQLiteError) {
        let written = connection.pagesWritten
        if written - pagesAtTruncation >= limit, try cutLog(waiting: 250) { return }
        guard written - pagesAtCheckpoint >= pages else { return }
        pagesAtCheckpoint = written
        // A log that is all in the database is written anew from its start.
        if try connection.checkpoint(.passive) { pagesAtTruncation = written }
    }

    /// Whether a pause would be good for something.
    var hasLog: Bool { connection.pagesWritten > pagesAtTruncation }

    /// Moves all of the log into the database and cuts its file, if no reader needs it.
    @discardableResult
    func cutLog(waiting milliseconds: Int32) throws(SQLiteError) -> Bool {
        connection.setBusyTimeout(milliseconds: milliseconds)
        defer { connection.setBusyTimeout(milliseconds: SQLiteStore.busyTimeout) }
        guard try connection.checkpoint(.truncate) else { return false }
        pagesAtCheckpoint = connection.pagesWritten
        pagesAtTruncation = pagesAtCheckpoint
        return true
    }
}

extension Connection {
    func auditHead() throws(SQLiteError) -> AuditChain {
        try statement("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1").first {
            row throws(SQLiteError) in AuditChain(sequence: row.int64(0), hash: row.bytes(1))
        } ?? .empty
    }

    /// The highest id in either table; 0 where there is none.
    func highestAttempt() throws(SQLiteError) -> AttemptID {
        let highest = try statement(
            """
            SELECT max(coalesce((SELECT max(attempt_id) FROM ai_usage_log), 0),
                coalesce((SELECT max(attempt_id) FROM open_attempts), 0))
            """
        ).first { row throws(SQLiteError) in row.int64(0) }
        return AttemptID(number: highest ?? 0)
    }
}
