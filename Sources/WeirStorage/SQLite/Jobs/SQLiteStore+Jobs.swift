package import WeirCore
package import WeirService

extension SQLiteStore: JobStore {
    package func enqueue(
        _ job: Job, request: [UInt8], claim: IdempotencyClaim?, limit: Int
    ) async throws(StoreError) -> JobAcceptance {
        try await writer.write { session throws(SQLiteError) in
            try session.enqueue(job, request: request, claim: claim, limit: limit)
        }
    }

    package func claim(
        from queue: QueueName, _ rules: QueueRules, at now: Timestamp
    ) async throws(StoreError) -> ClaimedJob? {
        try await writer.write { session throws(SQLiteError) in
            try session.claimJob(from: queue, rules, at: now)
        }
    }

    package func apply(
        _ step: JobStep, to job: JobID, result: [UInt8]?
    ) async throws(StoreError) -> Job? {
        try await writer.write { session throws(SQLiteError) in
            try session.apply(step, to: job, result: result)
        }
    }

    package func takeBack(
        from queue: QueueName, _ rules: QueueRules, at now: Timestamp, dice: [UInt64]
    ) async throws(StoreError) -> [Job] {
        try await writer.write { session throws(SQLiteError) in
            try session.takeBackJobs(from: queue, rules, at: now, dice: dice)
        }
    }

    package func expire(at now: Timestamp, limit: Int) async throws(StoreError) -> [Job] {
        guard limit > 0 else { return [] }
        return try await writer.write { session throws(SQLiteError) in
            try session.expireJobs(at: now, limit: limit)
        }
    }

    package func wake(
        _ wait: Job.Wait, tenant: TenantID?, at now: Timestamp, limit: Int
    ) async throws(StoreError) -> [Job] {
        guard limit > 0 else { return [] }
        return try await writer.write { session throws(SQLiteError) in
            try session.wakeJobs(wait, tenant: tenant, at: now, limit: limit)
        }
    }

    package func purge(
        _ queue: QueueName, endedBy moment: Timestamp, limit: Int
    ) async throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        return try await writer.write { session throws(SQLiteError) in
            try session.purgeJobs(queue, endedBy: moment, limit: limit)
        }
    }

    package func job(_ id: JobID) async throws(StoreError) -> Job? {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                "SELECT \(JobRow.columns) FROM jobs WHERE job_id = ?")
            query.bind(id.description)
            return try query.first(JobRow.init)?.job
        }
    }

    package func result(of id: JobID) async throws(StoreError) -> [UInt8]? {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                "SELECT body FROM job_results WHERE seq = (SELECT seq FROM jobs WHERE job_id = ?)"
            )
            query.bind(id.description)
            return try query.first { row throws(SQLiteError) in row.bytes(0) }
        }
    }

    package func jobs(
        tenant: TenantID?, status: Job.Status?, below cursor: Int64?, limit: Int
    ) async throws(StoreError) -> [RecordedJob] {
        guard limit > 0 else { return [] }
        return try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT \(JobRow.columns) FROM jobs WHERE seq < ?
                    \(tenant == nil ? "" : "AND tenant_id = ?")
                    \(status == nil ? "" : "AND status = ?") ORDER BY seq DESC LIMIT ?
                """)
            query.bind(cursor ?? .max)
            if let tenant { query.bind(tenant.number) }
            if let status { query.bind(status.rawValue) }
            query.bind(Int64(limit))
            var jobs: [RecordedJob] = []
            try query.each { row throws(SQLiteError) in
                let found = try JobRow(row)
                jobs.append(RecordedJob(sequence: found.sequence, job: found.job))
            }
            return jobs
        }
    }
}
