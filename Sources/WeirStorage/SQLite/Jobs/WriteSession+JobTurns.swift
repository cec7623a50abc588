import WeirCore

extension WriteSession {
    /// Jobs that one claim finds due at most; the next one finds more.
    private static let readyStep = 512

    func turn(
        of tenant: TenantID, in queue: QueueName
    ) throws(SQLiteError) -> (mark: Int64?, ready: Int64, unfinished: Int64) {
        let query = try connection.statement(
            "SELECT mark, ready, unfinished FROM job_turns WHERE queue = ? AND tenant_id = ?")
        query.bind(queue.description)
        query.bind(tenant.number)
        return try query.first { row throws(SQLiteError) in
            (row.int64(0), row.int64(1), row.int64(2))
        } ?? (nil, 0, 0)
    }

    /// Keeps the counts of a job's tenant. Who comes to wait gets its turn.
    func change(_ job: Job, ready: Int64, unfinished: Int64) throws(SQLiteError) {
        guard ready != 0 || unfinished != 0 else { return }
        let turn = try turn(of: job.tenant, in: job.queue)
        let mark =
            turn.ready == 0 && ready > 0
            ? try turns(of: job.queue).mark(after: turn.mark) : turn.mark ?? 0
        try keep(mark, turn.ready + ready, turn.unfinished + unfinished, of: job)
    }

    /// The tenant whose turn it is, and its next job.
    func next(in queue: QueueName) throws(SQLiteError) -> (mark: Int64, row: JobRow)? {
        let query = try connection.statement(
            """
            SELECT tenant_id, mark FROM job_turns INDEXED BY job_turns_next
            WHERE queue = ? AND ready > 0 ORDER BY mark, tenant_id LIMIT 1
            """)
        query.bind(queue.description)
        let first = try query.first { row throws(SQLiteError) in (row.int64(0), row.int64(1)) }
        guard let (tenant, mark) = first else { return nil }
        let head = try connection.statement(
            """
            SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_ready
            WHERE queue = ? AND tenant_id = ? AND is_ready = 1 ORDER BY priority DESC, seq LIMIT 1
            """)
        head.bind(queue.description)
        head.bind(tenant)
        guard let row = try head.first(JobRow.init) else {
            throw .corrupt("tenant \(tenant) has a turn and no job")
        }
        return (mark, row)
    }

    func serve(_ mark: Int64, of job: Job) throws(SQLiteError) {
        var turns = try turns(of: job.queue)
        let next = turns.serve(mark)
        let turn = try turn(of: job.tenant, in: job.queue)
        try keep(next, turn.ready, turn.unfinished, of: job)
        let update = try connection.statement(
            """
            INSERT INTO job_queues (queue, present) VALUES (?, ?)
            ON CONFLICT (queue) DO UPDATE SET present = excluded.present
            """)
        update.bind(job.queue.description)
        update.bind(turns.present)
        try update.run()
    }

    /// Lets those take part whose time has come.
    func markReady(in queue: QueueName, at now: Timestamp) throws(SQLiteError) {
        let query = try connection.statement(
            """
            SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_due
            WHERE queue = ? AND status = 'queued' AND is_ready = 0 AND moment <= ?
            ORDER BY moment LIMIT \(WriteSession.readyStep)
            """)
        query.bind(queue.description)
        query.bind(now.milliseconds)
        var due: [JobRow] = []
        try query.each { row throws(SQLiteError) in due.append(try JobRow(row)) }
        let update = try connection.statement("UPDATE jobs SET is_ready = 1 WHERE seq = ?")
        for row in due {
            update.bind(row.sequence)
            try update.run()
            try change(row.job, ready: 1, unfinished: 0)
        }
    }

    private func turns(of queue: QueueName) throws(SQLiteError) -> FairTurns {
        let query = try connection.statement("SELECT present FROM job_queues WHERE queue = ?")
        query.bind(queue.description)
        let present = try query.first { row throws(SQLiteError) in row.int64(0) }
        return FairTurns(present: present ?? 0)
    }

    private func keep(
        _ mark: Int64, _ ready: Int64, _ unfinished: Int64, of job: Job
    ) throws(SQLiteError) {
        let upsert = try connection.statement(
            """
            INSERT INTO job_turns (queue, tenant_id, mark, ready, unfinished)
            VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (queue, tenant_id) DO UPDATE SET mark = excluded.mark,
                ready = excluded.ready, unfinished = excluded.unfinished
            """)
        upsert.bind(job.queue.description)
        upsert.bind(job.tenant.number)
        upsert.bind(mark)
        upsert.bind(ready)
        upsert.bind(unfinished)
        try upsert.run()
    }
}
