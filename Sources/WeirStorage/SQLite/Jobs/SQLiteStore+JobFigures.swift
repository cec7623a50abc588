package import WeirCore
package import WeirService

/// Each query reads a few entries of an index, whatever waits; but for `figures`, which adds up
/// the tenants.
extension SQLiteStore {
    package func typicalDuration(
        queue: QueueName, feature: FeatureSlug
    ) async throws(StoreError) -> Duration? {
        try await readers.read { connection throws(SQLiteError) in
            let query = try connection.statement(
                """
                SELECT max(moment - claimed_at, 0) FROM jobs INDEXED BY jobs_finished
                WHERE queue = ? AND feature = ? AND status = 'complete'
                ORDER BY moment DESC LIMIT 32
                """)
            query.bind(queue.description)
            query.bind(feature.description)
            var durations: [Int64] = []
            try query.each { row throws(SQLiteError) in durations.append(row.int64(0)) }
            guard !durations.isEmpty else { return nil }
            durations.sort()
            return .milliseconds(durations[durations.count / 2])
        }
    }

    package func outlook(of queues: [QueueName]) async throws(StoreError) -> JobOutlook {
        try await readers.read { connection throws(SQLiteError) in
            var outlook = JobOutlook()
            for queue in queues {
                outlook.due[queue] = try connection.firstDue(in: queue)?.moment
                outlook.leases[queue] = try connection.moment(
                    """
                    SELECT min(moment) FROM jobs INDEXED BY jobs_claimed
                    WHERE queue = ? AND status = 'processing'
                    """, queue)
            }
            outlook.deadline = try connection.moment(
                """
                SELECT min(deadline) FROM jobs INDEXED BY jobs_to_expire WHERE status = 'queued'
                """, nil)
            return outlook
        }
    }

    package func figures() async throws(StoreError) -> [QueueFigures] {
        try await readers.read { connection throws(SQLiteError) in
            let sums = try connection.statement(
                "SELECT queue, sum(unfinished) FROM job_turns GROUP BY queue ORDER BY queue")
            var queues: [(queue: QueueName, unfinished: Int)] = []
            try sums.each { row throws(SQLiteError) in
                guard let queue = QueueName(row.text(0)) else { return }
                queues.append((queue, Int(clamping: row.int64(1))))
            }
            var figures: [QueueFigures] = []
            for (queue, unfinished) in queues {
                let count = try connection.statement(
                    """
                    SELECT count(*) FROM jobs INDEXED BY jobs_claimed
                    WHERE queue = ? AND status = 'processing'
                    """)
                count.bind(queue.description)
                let claimed = try count.first { row throws(SQLiteError) in row.int64(0) } ?? 0
                let processing = Int(clamping: claimed)
                let first = try connection.firstDue(in: queue)
                figures.append(
                    QueueFigures(
                        queue: queue, waiting: max(0, unfinished - processing),
                        processing: processing, dueSince: first?.moment,
                        oldestAcceptedAt: first?.acceptedAt))
            }
            return figures
        }
    }
}

extension Connection {
    /// The queued job that is due first, or has been for longest.
    fileprivate func firstDue(
        in queue: QueueName
    ) throws(SQLiteError) -> (moment: Timestamp, acceptedAt: Timestamp)? {
        var first: (moment: Timestamp, acceptedAt: Timestamp)?
        for isReady in [true, false] {
            let query = try statement(
                """
                SELECT moment, accepted_at FROM jobs INDEXED BY jobs_due
                WHERE queue = ? AND status = 'queued' AND is_ready = ? ORDER BY moment LIMIT 1
                """)
            query.bind(queue.description)
            query.bind(isReady)
            let found = try query.first { row throws(SQLiteError) in
                (Timestamp(milliseconds: row.int64(0)), Timestamp(milliseconds: row.int64(1)))
            }
            if let found, first.map({ found.0 < $0.moment }) ?? true { first = found }
        }
        return first
    }

    fileprivate func moment(
        _ sql: String, _ queue: QueueName?
    ) throws(SQLiteError) -> Timestamp? {
        let query = try statement(sql)
        if let queue { query.bind(queue.description) }
        return try query.first { row throws(SQLiteError) in
            row.optionalInt64(0).map(Timestamp.init(milliseconds:))
        } ?? nil
    }
}
