import WeirCore
import WeirService

/// Recomputes the audit chain, and from the ledger's rows every digest that it vouches for and
/// every sum that is kept of them.
struct AuditVerifier {
    private let connection: Connection
    private let checkpoint: AuditCheckpoint?
    private var chain = AuditChain.empty
    private var hasCheckpoint = false
    private var vouchedFor: Int64 = 0
    private var broken: AuditVerdict?

    init(_ connection: Connection, checkpoint: AuditCheckpoint?) {
        self.connection = connection
        self.checkpoint = checkpoint
    }

    mutating func verdict() throws(SQLiteError) -> AuditVerdict {
        let verdict = try chainVerdict()
        guard case .sound = verdict else { return verdict }
        let differences = try connection.differingSums()
        guard let first = differences.first else { return verdict }
        let more = differences.count > 1 ? "; \(differences.count) sums differ" : ""
        return .broken(at: chain.sequence, reason: "\(first)\(more)")
    }

    /// The chain and the rows that it vouches for, without the sums.
    mutating func chainVerdict() throws(SQLiteError) -> AuditVerdict {
        let query = try connection.statement(
            """
            SELECT seq, at, actor, action, tenant_id, subject, details, members, hash
            FROM audit_log ORDER BY seq
            """)
        var verifier = self
        try query.each { row throws(SQLiteError) in
            if verifier.broken == nil { try verifier.check(row) }
        }
        self = verifier
        if let broken { return broken }
        if let checkpoint, !hasCheckpoint {
            return .broken(
                at: chain.sequence + 1,
                reason: "the chain ends at \(chain.sequence), without its checkpoint "
                    + "\(checkpoint.sequence)")
        }
        let rows = try connection.statement("SELECT count(*) FROM ai_usage_log").first {
            row throws(SQLiteError) in row.int64(0)
        }
        guard rows == vouchedFor else {
            return .broken(
                at: chain.sequence,
                reason: "the ledger has \(rows ?? 0) rows, the chain vouches for \(vouchedFor)")
        }
        let head = AuditCheckpoint(sequence: chain.sequence, hash: chain.hash)
        return .sound(entries: chain.sequence, head: chain.sequence > 0 ? head : nil)
    }

    private mutating func check(_ row: borrowing Row) throws(SQLiteError) {
        let sequence = row.int64(0)
        guard sequence == chain.sequence + 1 else {
            return fail("entry \(chain.sequence + 1) is missing", at: chain.sequence + 1)
        }
        let entry = ChainEntry(
            at: row.int64(1), actor: row.text(2), action: row.text(3),
            tenant: row.optionalInt64(4), subject: row.text(5), details: row.bytes(6),
            members: row.bytes(7))
        chain.advance(entry)
        guard chain.hash == row.bytes(8) else {
            return fail("the entry isn't what was hashed", at: sequence)
        }
        if let checkpoint, checkpoint.sequence == sequence {
            guard checkpoint.hash == chain.hash else {
                return fail("the entry isn't the checkpoint's", at: sequence)
            }
            hasCheckpoint = true
        }
        if entry.action == SettledBatch.action { try checkRows(of: entry, at: sequence) }
    }

    private mutating func checkRows(
        of entry: ChainEntry, at sequence: Int64
    ) throws(SQLiteError) {
        let query = try connection.statement(
            """
            SELECT \(LedgerColumns.intent), \(LedgerColumns.outcome) FROM ai_usage_log
            WHERE attempt_id = ?
            """)
        var batch = SettledBatch()
        for attempt in SettledBatch.attempts(entry.members) {
            query.bind(attempt.number)
            let row: LedgerRow?
            do throws(SQLiteError) {
                row = try query.first { row throws(SQLiteError) in try LedgerRow(row) }
            } catch {
                guard error.isCorruption else { throw error }
                return fail(error.message, at: sequence)
            }
            guard let row, let outcome = row.outcome else {
                return fail("attempt \(attempt.number) is missing in the ledger", at: sequence)
            }
            batch.add(row, outcome)
        }
        guard batch.entry()?.details == entry.details else {
            return fail("rows of the ledger aren't what was settled", at: sequence)
        }
        vouchedFor += Int64(batch.count)
    }

    private mutating func fail(_ reason: String, at sequence: Int64) {
        broken = .broken(at: sequence, reason: reason)
    }
}

extension Connection {
    /// Counts every row there is; in the caller's snapshot, where it has one.
    func differingSums() throws(SQLiteError) -> [SumDifference] {
        var check = try SumCheck(self, .all)
        while try check.countNext(.max, self) {}
        return check.differences()
    }
}
