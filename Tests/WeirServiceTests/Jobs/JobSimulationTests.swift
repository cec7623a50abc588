import Synchronization
import Testing
import WeirCore
import WeirService
import WeirTesting

/// Processes that share a store and are killed at random, from a seed; then what must hold.
@Suite(.timeLimit(.minutes(5))) struct JobSimulationTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `each job ends once, whatever is killed`(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let (time, store, book) = (SteppedTime(), InMemoryJobStore(), AnswerBook(seed: seed))
        var rules = QueueRules()
        (rules.lease, rules.attemptTimeout) = (.seconds(6), .seconds(8))
        let first = try stage(rules, time, store, book)
        let jobs = 40
        for number in 1...jobs {
            try await first.add(
                number, tenant: Int64(number % 3 + 1), calls: number % 5 == 0 ? 6 : 1)
        }
        var processes: [(JobStage, Task<Void, Never>)] = []
        for round in 0..<2_000 {
            if processes.count < 2 {
                let next = try stage(rules, time, store, book)
                processes.append((next, Task { await next.runner.run() }))
            }
            if round < 600, random.next() % 12 == 0 {
                // Killed: what it had begun is never heard of again.
                let (victim, running) = processes.remove(at: Int(random.next() % 2))
                victim.runner.abandon()
                victim.runner.stop()
                running.cancel()
            }
            for _ in 0..<20 { await Task.yield() }
            time.advance(by: .milliseconds(Int64(random.next() % 700)))
            let left = try await store.figures().reduce(0) { $0 + $1.waiting + $1.processing }
            if left == 0 { break }
        }
        for (stage, running) in processes {
            stage.runner.stop()
            running.cancel()
        }
        try await check(store, book, jobs, seed)
    }

    private func stage(
        _ rules: QueueRules, _ time: SteppedTime, _ store: InMemoryJobStore, _ book: AnswerBook
    ) throws -> JobStage {
        try JobStage(rules, time: time, store: store) { call, _, time in
            await book.answer(call, time)
        }
    }

    private func check(
        _ store: InMemoryJobStore, _ book: AnswerBook, _ count: Int, _ seed: UInt64
    ) async throws {
        let records = try await store.jobs(
            tenant: nil, status: nil, queue: nil, below: nil, limit: 999)
        #expect(records.count == count)
        var events: [String: Int] = [:]
        for event in store.events {
            events[event.payload["job_id"]?.string ?? "", default: 0] += 1
        }
        for record in records {
            let job = record.job
            let note: Comment = "seed \(seed), \(job.id), \(job.state)"
            #expect([.complete, .failed].contains(job.status), note)
            #expect(job.attempts <= 3, note)
            #expect(events[job.id.description] == 1, note)
            let result = try await store.result(of: job.id)
            #expect((result != nil) == (job.status == .complete), note)
            if let result, record.progress.total == 1 {
                // It is the answer of the claim that ended the job, and of no other.
                let key = "\"job:\(job.id):\(job.epoch)\""
                #expect(String(decoding: result, as: UTF8.self).contains(key), note)
            }
            let asked = book.asked(job.id)
            // No call of a job is made more often than it has attempts, and each by its own key.
            #expect(asked.values.allSatisfy { $0 == 1 }, note)
            let counted = try await store.history(of: job.id).count {
                $0.outcome != .heldBack && $0.outcome != .handedBack
            }
            #expect(counted <= 3, note)
        }
        let complete = records.count { $0.job.status == .complete }
        #expect(complete > count / 4 && complete < count, "seed \(seed) shows too little")
    }
}

/// Answers by chance, and counts by key what was asked.
private final class AnswerBook: Sendable {
    private let state: Mutex<(random: SplitMix, asked: [String: Int])>

    init(seed: UInt64) { state = Mutex((SplitMix(seed: seed ^ 0xABCD), [:])) }

    func answer(_ call: JobCall, _ time: SteppedTime) async -> JobAnswer {
        let (kind, wait) = state.withLock { state in
            state.asked[call.idempotencyKey, default: 0] += 1
            return (state.random.next() % 16, state.random.next() % 3_000)
        }
        await time.pause(.milliseconds(Int64(wait)))
        // One is refused for good, however the dice fall.
        if call.idempotencyKey.hasPrefix("job:job_7:") { return .error(.unsafeInput) }
        switch kind {
        case 0: return .error(.providerError)
        case 1: return .lost
        case 2: return .error(.unsafeInput)
        case 3: return .error(.providerUnavailable, heldBack: true)
        case 4: return .notSent
        case 5:
            await time.pause(.seconds(30))
            return .envelope(call.idempotencyKey)
        default: return .envelope(call.idempotencyKey)
        }
    }

    func asked(_ job: JobID) -> [String: Int] {
        state.withLock { $0.asked.filter { $0.key.hasPrefix("job:\(job):") } }
    }
}
