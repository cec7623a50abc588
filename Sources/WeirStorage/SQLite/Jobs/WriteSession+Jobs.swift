import WeirCore
import WeirService

extension WriteSession {
    func enqueue(
        _ job: Job, request: JobRequest, body: [UInt8], claim: IdempotencyClaim?, limit: Int
    ) throws(SQLiteError) -> JobAcceptance {
        if let claim, let holder = try holder(of: claim) { return holder }
        guard try turn(of: job.tenant, in: job.queue).unfinished < Int64(limit) else {
            return .full
        }
        let isReady = job.isDue(at: job.acceptedAt)
        let insert = try connection.statement(
            """
            INSERT INTO jobs (job_id, tenant_id, user_id, queue, priority, accepted_at, deadline,
                waits_for_budget, status, moment, waits_for, error, message, attempts, epoch,
                is_ready, idempotency_key, fingerprint, changed_at, feature, calls, webhook,
                is_report, is_batch)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            RETURNING seq
            """)
        insert.bind(job.id.description)
        insert.bind(job.tenant.number)
        insert.bind(job.user.number)
        insert.bind(job.queue.description)
        insert.bind(Int64(job.priority))
        insert.bind(job.acceptedAt.milliseconds)
        insert.bind(job.deadline.milliseconds)
        insert.bind(job.waitsForBudget)
        insert.bind(stateOf: job, isReady: isReady)
        insert.bind(claim?.key)
        if let claim { insert.bind(blob: claim.fingerprint) } else { insert.bindNull() }
        insert.bind(job.acceptedAt.milliseconds)
        insert.bind(request.feature.description)
        insert.bind(Int64(request.calls.count))
        insert.bind(request.webhook)
        insert.bind(request.report != nil)
        insert.bind(request.allowsBatch)
        let sequence = try insert.first { row throws(SQLiteError) in row.int64(0) }
        guard let sequence else { throw .corrupt("a job was inserted without a number") }
        try keep(body, of: sequence, in: "job_requests")
        try change(job, ready: isReady ? 1 : 0, unfinished: 1)
        return .accepted
    }

    func claimJob(
        from queue: QueueName, _ rules: QueueRules, at now: Timestamp
    ) throws(SQLiteError) -> ClaimedJob? {
        try markReady(in: queue, at: now)
        // Whoever lets deadlines pass fails jobs here, a few at a time; the next claim goes on.
        for _ in 0..<64 {
            guard let (mark, row) = try next(in: queue) else { return nil }
            var changed = row
            let claim = JobStep.claim(at: now, rules)
            if changed.job.apply(claim) {
                changed.isReady = false
                changed.claimedAt = now
                try save(changed, after: row, claim)
                try serve(mark, of: changed.job)
                let request = try connection.statement(
                    "SELECT body FROM job_requests WHERE seq = ?")
                request.bind(row.sequence)
                let body = try request.first { row throws(SQLiteError) in row.bytes(0) }
                return ClaimedJob(job: changed.job, request: body ?? [])
            }
            // The other way out is a clock that was set back: it waits again.
            _ = changed.job.apply(.expire(at: now))
            changed.isReady = false
            try save(changed, after: row, .expire(at: now))
        }
        return nil
    }

    func apply(
        _ step: JobStep, to id: JobID, result: [UInt8]?
    ) throws(SQLiteError) -> Job? {
        let query = try connection.statement(
            "SELECT \(JobRow.columns) FROM jobs WHERE job_id = ?")
        query.bind(id.description)
        guard let row = try query.first(JobRow.init),
            let job = try apply(step, to: row)
        else { return nil }
        if let result, job.status == .complete {
            try keep(result, of: row.sequence, in: "job_results")
        }
        return job
    }

    /// Lets a step happen to rows that a query finds; each gets its own step.
    func apply(
        _ steps: [JobStep], toRowsOf query: Statement
    ) throws(SQLiteError) -> [Job] {
        var rows: [JobRow] = []
        try query.each { row throws(SQLiteError) in rows.append(try JobRow(row)) }
        var jobs: [Job] = []
        for (row, step) in zip(rows, steps) {
            if let job = try apply(step, to: row) { jobs.append(job) }
        }
        return jobs
    }

    private func apply(_ step: JobStep, to row: JobRow) throws(SQLiteError) -> Job? {
        var changed = row
        guard changed.job.apply(step) else { return nil }
        changed.isReady = changed.job.isDue(at: step.moment)
        try save(changed, after: row, step)
        return changed.job
    }

    private func save(
        _ row: JobRow, after before: JobRow, _ step: JobStep
    ) throws(SQLiteError) {
        if case .beat = step { return try extendLease(of: row) }
        let update = try connection.statement(
            """
            UPDATE jobs SET status = ?, moment = ?, waits_for = ?, error = ?, message = ?,
                attempts = ?, epoch = ?, is_ready = ?, deadline = ?, changed_at = ?, claimed_at = ?
            WHERE seq = ?
            """)
        update.bind(stateOf: row.job, isReady: row.isReady)
        update.bind(row.job.deadline.milliseconds)
        update.bind(step.moment.milliseconds)
        update.bind(row.claimedAt?.milliseconds)
        update.bind(row.sequence)
        try update.run()
        try note(step, from: before, to: row)
        func count(_ isCounted: Bool) -> Int64 { isCounted ? 1 : 0 }
        try change(
            row.job, ready: count(row.isReady) - count(before.isReady),
            unfinished: count(row.job.endedAt == nil) - count(before.job.endedAt == nil))
        guard before.job.endedAt == nil, let endedAt = row.job.endedAt else { return }
        let events = JobEvent.events(of: row.job, isReport: row.isReport)
        for (index, event) in events.enumerated() {
            let number = try publish(
                event.type, payload: event.payload.encoded, tenant: row.job.tenant,
                user: row.job.user, at: endedAt)
            guard index == events.count - 1 else { continue }
            try tellWebhook(of: row, event, number: number, at: endedAt)
        }
    }

    private func keep(
        _ body: [UInt8], of sequence: Int64, in table: String
    ) throws(SQLiteError) {
        let insert = try connection.statement("INSERT INTO \(table) (seq, body) VALUES (?, ?)")
        insert.bind(sequence)
        insert.bind(blob: body)
        try insert.run()
    }

    private func holder(of claim: IdempotencyClaim) throws(SQLiteError) -> JobAcceptance? {
        let query = try connection.statement(
            """
            SELECT \(JobRow.columns), fingerprint FROM jobs
            WHERE tenant_id = ? AND idempotency_key = ?
            """)
        query.bind(claim.tenant.number)
        query.bind(claim.key)
        return try query.first { row throws(SQLiteError) in
            .existing(try JobRow(row).job, fingerprint: row.bytes(JobRow.columnCount))
        }
    }
}
