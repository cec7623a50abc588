import Logging
import Synchronization
import WeirCore

/// What nobody rings for: jobs that come due, leases and deadlines that run out, results whose time
/// is over. Nothing is written where a look says that there is nothing to do.
extension JobRunner {
    func makeRounds() async {
        while !isStopping {
            await makeRound(at: parts.time.now())
            await parts.time.pause(parts.round)
        }
    }

    func makeRound(at now: Timestamp) async {
        adoptRules(at: now)
        do {
            let outlook = try await parts.store.outlook(of: Array(gates.keys))
            note(outlook, at: now)
            for (queue, until) in outlook.leases where until <= now {
                try await takeBack(from: queue, at: now)
            }
            if let deadline = outlook.deadline, deadline <= now { try await expire(at: now) }
            try await wake(at: now)
            for (queue, due) in outlook.due where due <= now { parts.bell.ring(queue) }
            try await purge(at: now)
        } catch {
            log("a round over the jobs failed", error, nil)
        }
    }

    private func note(_ outlook: JobOutlook, at now: Timestamp) {
        let isAvailable = calls.isAvailable
        let due = outlook.due.values.min() ?? now
        state.withLock { state in
            state.lagMilliseconds = max(now.milliseconds(since: due), 0)
            if isAvailable, state.wasAway { state.wakes = true }
            state.wasAway = !isAvailable
        }
    }

    private func takeBack(from queue: QueueName, at now: Timestamp) async throws(StoreError) {
        guard let gate = gates[queue] else { return }
        let dice = (0..<parts.batch).map { _ in parts.dice() }
        let jobs = try await parts.store.takeBack(
            from: queue, gate.rules, at: now, dice: dice)
        gate.count { counts in
            counts.lost += Int64(jobs.count)
            counts.failed += Int64(jobs.count { $0.status == .failed })
        }
        for job in jobs {
            parts.logger.warning(
                "a job's worker was not heard of any more",
                metadata: ["job": "\(job.id)", "attempts": "\(job.attempts)"])
        }
        if !jobs.isEmpty { parts.bell.ring(queue) }
    }

    private func expire(at now: Timestamp) async throws(StoreError) {
        for job in try await parts.store.expire(at: now, limit: parts.batch) {
            gates[job.queue]?.count { counts in
                counts.expired += 1
                counts.failed += 1
            }
        }
    }

    /// Lets jobs run that waited for the service, some at a time; slow start says how many at once.
    private func wake(at now: Timestamp) async throws(StoreError) {
        guard state.withLock({ $0.wakes }), calls.isAvailable else { return }
        let woken = try await parts.store.wake(
            .service, tenant: nil, at: now, limit: parts.batch)
        if woken.count < parts.batch { state.withLock { $0.wakes = false } }
        for queue in Set(woken.map(\.queue)) { parts.bell.ring(queue) }
    }

    private func purge(at now: Timestamp) async throws(StoreError) {
        let isDue = state.withLock { state in
            state.purgedAt.map { $0.advanced(by: parts.purgeEvery) <= now } ?? true
        }
        guard isDue else { return }
        var isDone = true
        for (queue, gate) in gates {
            let moment = now.advanced(by: .zero - gate.rules.retention)
            let count = try await parts.store.purge(queue, endedBy: moment, limit: parts.batch)
            if count >= parts.batch { isDone = false }
        }
        if isDone { state.withLock { $0.purgedAt = now } }
    }

    func log(_ event: Logger.Message, _ error: StoreError, _ queue: QueueName?) {
        parts.logger.error(
            event,
            metadata: ["queue": "\(queue?.description ?? "")", "error": "\(error)"])
    }
}
