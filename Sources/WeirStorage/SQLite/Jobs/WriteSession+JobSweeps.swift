import WeirCore

/// Each sweep names its index: a statement that would go through all jobs can't be prepared.
extension WriteSession {
    func takeBackJobs(
        from queue: QueueName, _ rules: QueueRules, at now: Timestamp, dice: [UInt64]
    ) throws(SQLiteError) -> [Job] {
        let query = try connection.statement(
            """
            SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_claimed
            WHERE queue = ? AND status = 'processing' AND moment <= ? ORDER BY moment LIMIT ?
            """)
        query.bind(queue.description)
        query.bind(now.milliseconds)
        query.bind(Int64(dice.count))
        return try apply(
            dice.map { .takeBack(at: now, rules, dice: $0) }, toRowsOf: query)
    }

    func expireJobs(at now: Timestamp, limit: Int) throws(SQLiteError) -> [Job] {
        let query = try connection.statement(
            """
            SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_to_expire
            WHERE status = 'queued' AND deadline <= ? ORDER BY deadline LIMIT ?
            """)
        query.bind(now.milliseconds)
        query.bind(Int64(limit))
        return try apply(
            Array(repeating: .expire(at: now), count: limit), toRowsOf: query)
    }

    func wakeJobs(
        _ wait: Job.Wait, tenant: TenantID?, at now: Timestamp, limit: Int
    ) throws(SQLiteError) -> [Job] {
        let query = try connection.statement(
            """
            SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_parked
            WHERE status = 'queued' AND is_ready = 0 AND waits_for = ?
                \(tenant == nil ? "" : "AND tenant_id = ?")
            ORDER BY tenant_id, seq LIMIT ?
            """)
        query.bind(wait.rawValue)
        if let tenant { query.bind(tenant.number) }
        query.bind(Int64(limit))
        return try apply(
            Array(repeating: .wake(wait, at: now), count: limit), toRowsOf: query)
    }

    func purgeJobs(
        _ queue: QueueName, endedBy moment: Timestamp, limit: Int
    ) throws(SQLiteError) -> Int {
        let query = try connection.statement(
            """
            SELECT seq FROM jobs INDEXED BY jobs_ended
            WHERE queue = ? AND status IN ('complete', 'failed', 'cancelled') AND moment <= ?
            ORDER BY moment LIMIT ?
            """)
        query.bind(queue.description)
        query.bind(moment.milliseconds)
        query.bind(Int64(limit))
        var ended: [Int64] = []
        try query.each { row throws(SQLiteError) in ended.append(row.int64(0)) }
        try forgetJobs(ended)
        return ended.count
    }
}
