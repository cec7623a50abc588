package import WeirCore
package import WeirService

extension SQLiteStore: JobStore {
    package func enqueue(
        _ job: Job, request: JobRequest, claim: IdempotencyClaim?, limit: Int
    ) async throws(StoreError) -> JobAcceptance {
        let body = request.encoded
        return try await writer.write { session throws(SQLiteError) in
            try session.enqueue(job, request: request, body: body, claim: claim, limit: limit)
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

    package func forget(_ id: JobID) async throws(StoreError) -> Bool {
        try await writer.write { session throws(SQLiteError) in try session.forgetJob(id) }
    }

    package func keep(
        _ answer: JobCallAnswer, of job: JobID, epoch: Int64, at now: Timestamp
    ) async throws(StoreError) -> Bool {
        try await writer.write { session throws(SQLiteError) in
            try session.keep(answer, of: job, epoch: epoch, at: now)
        }
    }
}
