import Synchronization
package import WeirCore
package import WeirService

/// A store of jobs without a disk, as simple as the port allows.
package final class InMemoryJobStore: JobStore {
    struct Entry {
        var job: Job
        let request: JobRequest
        let claim: IdempotencyClaim?
        var result: [UInt8]?
        var changedAt: Timestamp
        var attempts: [JobAttempt] = []
        var answers: [JobCallAnswer] = []
    }

    fileprivate struct Place: Hashable {
        let queue: QueueName
        let tenant: TenantID
    }

    fileprivate struct State {
        /// By place in the order of acceptance.
        var entries: [Int64: Entry] = [:]
        var last: Int64 = 0
        var turns: [QueueName: FairTurns] = [:]
        var marks: [Place: Int64] = [:]
        var events: [JobEvent] = []
        /// Steps that are still refused.
        var overload = 0
    }
    private let state = Mutex(State())

    package init() {}

    /// What subscribers would have heard, oldest first.
    package var events: [JobEvent] { state.withLock { $0.events } }

    /// Has no room for the next steps.
    package func overload(steps: Int) { state.withLock { $0.overload = steps } }

    package func enqueue(
        _ job: Job, request: JobRequest, claim: IdempotencyClaim?, limit: Int
    ) async throws(StoreError) -> JobAcceptance {
        state.withLock { state in
            if let claim,
                let holder = state.entries.values.first(where: {
                    $0.claim?.key == claim.key && $0.claim?.tenant == claim.tenant
                })
            {
                return .existing(holder.job, fingerprint: holder.claim?.fingerprint ?? [])
            }
            let unfinished = state.entries.values.filter {
                $0.job.tenant == job.tenant && $0.job.queue == job.queue
                    && $0.job.endedAt == nil
            }
            guard unfinished.count < limit else { return .full }
            state.last += 1
            state.entries[state.last] = Entry(
                job: job, request: request, claim: claim, changedAt: job.acceptedAt)
            return .accepted
        }
    }

    package func claim(
        from queue: QueueName, _ rules: QueueRules, at now: Timestamp
    ) async throws(StoreError) -> ClaimedJob? {
        state.withLock { state in
            state.run(limit: .max) {
                $0.queue == queue
            } step: {
                .expire(at: now)
            }
            var turns = state.turns[queue] ?? FairTurns()
            let next = state.entries.filter {
                $0.value.job.queue == queue && $0.value.job.isDue(at: now)
            }.min { left, right in
                func rank(_ entry: (key: Int64, value: Entry)) -> (Int64, Int64, Int, Int64) {
                    let job = entry.value.job
                    let mark = state.marks[Place(queue: queue, tenant: job.tenant)]
                    return (
                        turns.mark(after: mark), job.tenant.number, -job.priority, entry.key
                    )
                }
                return rank(left) < rank(right)
            }
            guard let next, let job = state.apply(.claim(at: now, rules), to: next.key, nil)
            else { return nil }
            let place = Place(queue: queue, tenant: job.tenant)
            state.marks[place] = turns.serve(turns.mark(after: state.marks[place]))
            state.turns[queue] = turns
            return ClaimedJob(job: job, request: next.value.request.encoded)
        }
    }

    package func apply(
        _ step: JobStep, to job: JobID, result: [UInt8]?
    ) async throws(StoreError) -> Job? {
        try state.withLock { state throws(StoreError) -> Job? in
            guard state.overload == 0 else {
                state.overload -= 1
                throw .overloaded
            }
            guard let key = state.key(of: job) else { return nil }
            return state.apply(step, to: key, result)
        }
    }

    package func takeBack(
        from queue: QueueName, _ rules: QueueRules, at now: Timestamp, dice: [UInt64]
    ) async throws(StoreError) -> [Job] {
        state.withLock { state in
            var rest = dice[...]
            return state.run(limit: dice.count) {
                $0.queue == queue && $0.status == .processing
            } step: {
                .takeBack(at: now, rules, dice: rest.popFirst() ?? 0)
            }
        }
    }

    package func expire(at now: Timestamp, limit: Int) async throws(StoreError) -> [Job] {
        state.withLock { state in
            state.run(limit: limit) { _ in
                true
            } step: {
                .expire(at: now)
            }
        }
    }

    package func wake(
        _ wait: Job.Wait, tenant: TenantID?, at now: Timestamp, limit: Int
    ) async throws(StoreError) -> [Job] {
        state.withLock { state in
            state.run(limit: limit) {
                tenant == nil || $0.tenant == tenant
            } step: {
                .wake(wait, at: now)
            }
        }
    }

    package func purge(
        _ queue: QueueName, endedBy moment: Timestamp, limit: Int
    ) async throws(StoreError) -> Int {
        state.withLock { state in
            let ended = state.entries.compactMap { sequence, entry -> (Timestamp, Int64)? in
                guard entry.job.queue == queue, let at = entry.job.endedAt, at <= moment else {
                    return nil
                }
                return (at, sequence)
            }
            let gone = ended.sorted { $0 < $1 }.prefix(max(limit, 0))
            for (_, sequence) in gone { state.entries[sequence] = nil }
            return gone.count
        }
    }

    package func forget(_ id: JobID) async throws(StoreError) -> Bool {
        state.withLock { state in
            guard let key = state.key(of: id), state.entries[key]?.job.endedAt != nil else {
                return false
            }
            state.entries[key] = nil
            return true
        }
    }

    package func keep(
        _ answer: JobCallAnswer, of id: JobID, epoch: Int64, at now: Timestamp
    ) async throws(StoreError) -> Bool {
        state.withLock { state in
            guard let key = state.key(of: id), var entry = state.entries[key],
                entry.job.status == .processing, entry.job.epoch == epoch
            else { return false }
            if !entry.answers.contains(where: { $0.number == answer.number }) {
                entry.answers.append(answer)
                entry.answers.sort { $0.number < $1.number }
                entry.changedAt = now
                state.entries[key] = entry
            }
            return true
        }
    }

    /// What is kept, by place in the order of acceptance.
    func read<Value>(_ body: ([Int64: Entry]) -> Value) -> Value {
        state.withLock { body($0.entries) }
    }

    func entry(of id: JobID) -> (sequence: Int64, entry: Entry)? {
        state.withLock { state in
            guard let key = state.key(of: id), let entry = state.entries[key] else { return nil }
            return (key, entry)
        }
    }
}

extension InMemoryJobStore.State {
    fileprivate func key(of id: JobID) -> Int64? {
        entries.first { $0.value.job.id == id }?.key
    }

    fileprivate mutating func apply(
        _ step: JobStep, to key: Int64, _ result: [UInt8]?
    ) -> Job? {
        guard var entry = entries[key] else { return nil }
        let (before, wasEnded) = (entry.job, entry.job.endedAt != nil)
        guard entry.job.apply(step) else { return nil }
        if entry.job.status == .complete { entry.result = result }
        entry.note(step, from: before)
        entries[key] = entry
        if !wasEnded {
            events += JobEvent.events(of: entry.job, isReport: entry.request.report != nil)
        }
        return entry.job
    }

    /// Lets a step happen to whichever jobs it can, in the order of acceptance.
    @discardableResult
    fileprivate mutating func run(
        limit: Int, where isMeant: (Job) -> Bool, step: () -> JobStep
    ) -> [Job] {
        var jobs: [Job] = []
        for key in entries.keys.sorted() where jobs.count < limit {
            guard let entry = entries[key], isMeant(entry.job) else { continue }
            if let job = apply(step(), to: key, nil) { jobs.append(job) }
        }
        return jobs
    }
}

extension InMemoryJobStore.Entry {
    fileprivate mutating func note(_ step: JobStep, from before: Job) {
        if case .beat = step { return }
        changedAt = step.moment
        if case .replay = step { answers.removeAll { $0.isError } }
        if case .complete = step { answers = [] }
        if let attempt = JobAttempt(step, of: job) {
            attempts = Array((attempts + [attempt]).suffix(JobAttempt.kept))
        } else if var last = attempts.popLast() {
            _ = last.end(by: step, from: before, to: job)
            attempts.append(last)
        }
    }
}
