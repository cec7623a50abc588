import WeirCore
import WeirService

/// What is kept of a job's claims, and of the answers to its calls.
extension WriteSession {
    /// The only thing that a sign of life changes.
    func extendLease(of row: JobRow) throws(SQLiteError) {
        guard case .processing(let until) = row.job.state else { return }
        let update = try connection.statement("UPDATE jobs SET moment = ? WHERE seq = ?")
        update.bind(until.milliseconds)
        update.bind(row.sequence)
        try update.run()
    }

    /// Writes a claim's begin or end down, and lets go of answers that nobody needs any more.
    func note(
        _ step: JobStep, from before: JobRow, to after: JobRow
    ) throws(SQLiteError) {
        if let attempt = JobAttempt(step, of: after.job) {
            return try begin(attempt, of: after.sequence)
        }
        if case .replay = step { try dropAnswers(of: after.sequence, keepingGood: true) }
        if case .complete = step { try dropAnswers(of: after.sequence, keepingGood: false) }
        guard let claimedAt = before.claimedAt else { return }
        var attempt = JobAttempt(
            epoch: before.job.epoch, number: before.job.attempts, claimedAt: claimedAt)
        guard attempt.end(by: step, from: before.job, to: after.job) else { return }
        let update = try connection.statement(
            """
            UPDATE job_attempts SET ended_at = ?, outcome = ?, error = ?
            WHERE seq = ? AND epoch = ?
            """)
        update.bind(attempt.endedAt?.milliseconds)
        update.bind(attempt.outcome?.rawValue)
        update.bind(attempt.code?.rawValue)
        update.bind(after.sequence)
        update.bind(attempt.epoch)
        try update.run()
    }

    func keep(
        _ answer: JobCallAnswer, of id: JobID, epoch: Int64, at now: Timestamp
    ) throws(SQLiteError) -> Bool {
        let query = try connection.statement(
            "SELECT seq FROM jobs WHERE job_id = ? AND status = 'processing' AND epoch = ?")
        query.bind(id.description)
        query.bind(epoch)
        let found = try query.first { row throws(SQLiteError) in row.int64(0) }
        guard let sequence = found else { return false }
        let insert = try connection.statement(
            """
            INSERT INTO job_answers (seq, number, is_error, body) VALUES (?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """)
        insert.bind(sequence)
        insert.bind(Int64(answer.number))
        insert.bind(answer.isError)
        insert.bind(blob: answer.body)
        guard try insert.run() > 0 else { return true }
        let update = try connection.statement(
            "UPDATE jobs SET answered = answered + 1, changed_at = ? WHERE seq = ?")
        update.bind(now.milliseconds)
        update.bind(sequence)
        try update.run()
        return true
    }

    func forgetJob(_ id: JobID) throws(SQLiteError) -> Bool {
        let query = try connection.statement(
            """
            SELECT seq FROM jobs
            WHERE job_id = ? AND status IN ('complete', 'failed', 'cancelled')
            """)
        query.bind(id.description)
        let found = try query.first { row throws(SQLiteError) in row.int64(0) }
        guard let sequence = found else { return false }
        try forgetJobs([sequence])
        return true
    }

    /// Deletes jobs with all that they have left.
    func forgetJobs(_ sequences: [Int64]) throws(SQLiteError) {
        for table in ["job_results", "job_requests", "job_answers", "job_attempts", "jobs"] {
            let delete = try connection.statement("DELETE FROM \(table) WHERE seq = ?")
            for sequence in sequences {
                delete.bind(sequence)
                try delete.run()
            }
        }
    }

    private func begin(_ attempt: JobAttempt, of sequence: Int64) throws(SQLiteError) {
        let insert = try connection.statement(
            "INSERT INTO job_attempts (seq, epoch, number, claimed_at) VALUES (?, ?, ?, ?)")
        insert.bind(sequence)
        insert.bind(attempt.epoch)
        insert.bind(Int64(attempt.number))
        insert.bind(attempt.claimedAt.milliseconds)
        try insert.run()
        let cut = try connection.statement("DELETE FROM job_attempts WHERE seq = ? AND epoch <= ?")
        cut.bind(sequence)
        cut.bind(attempt.epoch - Int64(JobAttempt.kept))
        try cut.run()
    }

    private func dropAnswers(
        of sequence: Int64, keepingGood: Bool
    ) throws(SQLiteError) {
        let delete = try connection.statement(
            "DELETE FROM job_answers WHERE seq = ?\(keepingGood ? " AND is_error = 1" : "")")
        delete.bind(sequence)
        let count = try delete.run()
        guard keepingGood, count > 0 else { return }
        let update = try connection.statement(
            "UPDATE jobs SET answered = answered - ? WHERE seq = ?")
        update.bind(Int64(count))
        update.bind(sequence)
        try update.run()
    }
}
