package import WeirCore
package import WeirService

extension SQLiteStore {
    package func job(_ id: JobID) async throws(StoreError) -> Job? {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                "SELECT \(JobRow.columns) FROM jobs WHERE job_id = ?")
            query.bind(id.description)
            return try query.first(JobRow.init)?.job
        }
    }

    package func record(of id: JobID) async throws(StoreError) -> JobRecord? {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                "SELECT \(JobRecord.columns) FROM jobs WHERE job_id = ?")
            query.bind(id.description)
            return try query.first(JobRecord.init)
        }
    }

    package func request(of id: JobID) async throws(StoreError) -> [UInt8]? {
        try await body(of: id, in: "job_requests")
    }

    package func result(of id: JobID) async throws(StoreError) -> [UInt8]? {
        try await body(of: id, in: "job_results")
    }

    private func body(
        of id: JobID, in table: String
    ) async throws(StoreError) -> [UInt8]? {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                "SELECT body FROM \(table) WHERE seq = (SELECT seq FROM jobs WHERE job_id = ?)")
            query.bind(id.description)
            return try query.first { row throws(SQLiteError) in row.bytes(0) }
        }
    }

    package func answers(of id: JobID) async throws(StoreError) -> [JobCallAnswer] {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT number, is_error, body FROM job_answers
                WHERE seq = (SELECT seq FROM jobs WHERE job_id = ?) ORDER BY number
                """)
            query.bind(id.description)
            var answers: [JobCallAnswer] = []
            try query.each { row throws(SQLiteError) in
                answers.append(
                    JobCallAnswer(
                        number: Int(clamping: row.int64(0)), isError: row.bool(1),
                        body: row.bytes(2)))
            }
            return answers
        }
    }

    package func history(of id: JobID) async throws(StoreError) -> [JobAttempt] {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT epoch, number, claimed_at, ended_at, outcome, error FROM job_attempts
                WHERE seq = (SELECT seq FROM jobs WHERE job_id = ?) ORDER BY epoch
                """)
            query.bind(id.description)
            var attempts: [JobAttempt] = []
            try query.each { row throws(SQLiteError) in attempts.append(JobAttempt(row)) }
            return attempts
        }
    }

    package func jobs(
        tenant: TenantID?, status: Job.Status?, queue: QueueName?, below cursor: Int64?,
        limit: Int
    ) async throws(StoreError) -> [JobRecord] {
        guard limit > 0 else { return [] }
        return try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT \(JobRecord.columns) FROM jobs WHERE seq < ?
                    \(tenant == nil ? "" : "AND tenant_id = ?")
                    \(status == nil ? "" : "AND status = ?")
                    \(queue == nil ? "" : "AND queue = ?") ORDER BY seq DESC LIMIT ?
                """)
            query.bind(cursor ?? .max)
            if let tenant { query.bind(tenant.number) }
            if let status { query.bind(status.rawValue) }
            if let queue { query.bind(queue.description) }
            query.bind(Int64(limit))
            var jobs: [JobRecord] = []
            try query.each { row throws(SQLiteError) in jobs.append(try JobRecord(row)) }
            return jobs
        }
    }
}

extension JobAttempt {
    fileprivate init(_ row: borrowing Row) {
        self.init(
            epoch: row.int64(0), number: Int(clamping: row.int64(1)),
            claimedAt: Timestamp(milliseconds: row.int64(2)),
            endedAt: row.optionalInt64(3).map(Timestamp.init(milliseconds:)),
            outcome: row.optionalText(4).flatMap(Outcome.init),
            code: row.optionalText(5).flatMap(WeirError.Code.init))
    }
}
