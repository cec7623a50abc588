package import WeirCore

/// Failed jobs: what an operator does with them.
extension JobDesk {
    /// A failed job with everything that says why, but nothing of what it asked or was told.
    package struct DeadLetter: Sendable, Equatable {
        package let record: JobRecord
        /// Its last claims, the oldest first.
        package let history: [JobAttempt]
        /// Nil where no version of this program could run it.
        package let request: JobRequest?
    }

    package func deadLetters(
        of selection: Selection, below cursor: Int64?, limit: Int, by caller: Caller
    ) async throws(WeirError) -> Page {
        try caller.requireAdmin()
        var selection = selection
        selection.status = .failed
        return try await page(of: selection, below: cursor, limit: limit, for: caller)
    }

    package func deadLetter(
        _ id: JobID, by caller: Caller
    ) async throws(WeirError) -> DeadLetter {
        let record = try await findDead(id, for: caller)
        do {
            return DeadLetter(
                record: record, history: try await store.history(of: id),
                request: try await store.request(of: id).flatMap { JobRequest($0) })
        } catch {
            throw WeirError(error)
        }
    }

    /// Queues a failed job anew, with all its attempts and a new deadline.
    package func replay(_ id: JobID, by caller: Caller) async throws(WeirError) -> JobRecord {
        let dead = try await findDead(id, for: caller)
        let now = time.now()
        let wait = dead.job.waitsForBudget ? JobOrder.horizon : queues[dead.job.queue]?.deadline
        let step = JobStep.replay(
            at: now, deadline: now.advanced(by: wait ?? JobQueues.Queue().deadline))
        try await note("job.replay", dead, by: caller, at: now)
        let replayed: Job?
        do {
            replayed = try await store.apply(step, to: id, result: nil)
        } catch {
            throw WeirError(error)
        }
        guard replayed != nil else {
            throw WeirError(.conflict, "The job isn't a dead letter any more")
        }
        bell.ring(dead.job.queue)
        return try await find(id, for: caller)
    }

    /// Forgets a failed job, with all that it has left.
    package func purge(_ id: JobID, by caller: Caller) async throws(WeirError) {
        let dead = try await findDead(id, for: caller)
        try await note("job.purge", dead, by: caller, at: time.now())
        let isGone: Bool
        do {
            isGone = try await store.forget(id)
        } catch {
            throw WeirError(error)
        }
        // A replay has come between.
        guard isGone else {
            throw WeirError(.conflict, "The job isn't a dead letter any more")
        }
    }

    private func findDead(
        _ id: JobID, for caller: Caller
    ) async throws(WeirError) -> JobRecord {
        try caller.requireAdmin()
        let record = try await find(id, for: caller)
        guard record.job.status == .failed else {
            throw WeirError(.conflict, "The job is no dead letter: it is \(record.job.status)")
        }
        return record
    }

    /// Written before it is done: nothing is done that the audit log doesn't tell.
    private func note(
        _ action: String, _ record: JobRecord, by caller: Caller, at now: Timestamp
    ) async throws(WeirError) {
        var details: JSON = .object(JSONObject())
        if case .failed(let failure, _) = record.job.state {
            details = [
                "queue": .string(record.job.queue.description),
                "error": .string(failure.code.rawValue),
            ]
        }
        do {
            try await audit.append(
                AuditEntry(
                    at: now, actor: caller.key.description, action: action,
                    tenant: record.job.tenant, subject: record.job.id.description,
                    details: details))
        } catch {
            throw WeirError(error)
        }
    }
}
