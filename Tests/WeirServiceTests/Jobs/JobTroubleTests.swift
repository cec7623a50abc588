import Synchronization
import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// Workers that stop, services that are away, processes that end.
@Suite(.timeLimit(.minutes(1))) struct JobTroubleTests {
    @Test func `a worker that slept past its lease has its answer dropped`() async throws {
        // Each process has its own clock: the first one's stands still, as if it were stopped.
        let first = try JobStage { _, _, time in
            await time.pause(.seconds(1))
            return .envelope("first")
        }
        let second = try JobStage(store: first.store) { _, _, time in
            await time.pause(.seconds(20))
            return .envelope("second")
        }
        try await first.whileRunning {
            let id = try await first.add(1)
            try await first.until(.zero) { first.service.running == 1 }
            try await second.whileRunning {
                try await second.until { second.service.running == 1 }
                try await first.until { first.runner.counts[first.queue]?.dropped == 1 }
                let job = try await first.job(id)
                #expect(job.status == .processing && job.attempts == 2)
                try await second.until(id, is: .complete)
            }
            #expect(try await first.result(id)?.contains("second") == true)
            #expect(first.store.events.count == 1)
            let outcomes = try await first.store.history(of: id).map(\.outcome)
            #expect(outcomes == [.lost, .complete])
        }
    }

    @Test func `a job that kills its worker each time is dead, and others go on`() async throws {
        let time = SteppedTime()
        let store = InMemoryJobStore()
        var died = 0
        while died < 10 {
            let dies = Mutex(false)
            let stage = try JobStage(time: time, store: store) { call, _, time in
                guard call.idempotencyKey.hasPrefix("job:job_1:") else { return .envelope("ok") }
                dies.withLock { $0 = true }
                await time.pause(.seconds(1_000_000))
                return .lost
            }
            if died == 0 { for number in 1...5 { try await stage.add(number) } }
            var isOver = false
            try await stage.whileRunning {
                try await stage.until {
                    isOver = try await stage.job(try #require(JobID("job_1"))).status == .failed
                    return isOver || dies.withLock { $0 }
                }
            }
            if isOver { break }
            died += 1
        }
        #expect(died == 3)
        let jobs = try await store.jobs(
            tenant: nil, status: nil, queue: nil, below: nil, limit: 9)
        #expect(jobs.map(\.job.status) == [.complete, .complete, .complete, .complete, .failed])
        #expect(jobs.last?.job.attempts == 3)
    }

    @Test func `while the service is away nothing is claimed, then one job at first`() async throws
    {
        var rules = QueueRules()
        rules.concurrency = 8
        let stage = try JobStage(rules) { _, _, time in
            await time.pause(.seconds(1))
            return .envelope("ok")
        }
        stage.service.isAvailable = false
        try await stage.whileRunning {
            for number in 1...40 { try await stage.add(number) }
            await stage.pass(30)
            #expect(stage.service.calls.isEmpty)
            #expect((stage.runner.lagMilliseconds ?? 0) >= 29_000)
            stage.service.isAvailable = true
            try await stage.until { stage.service.calls.count == 40 }
            let together = stage.service.together
            // On a busy machine fewer may come together, never more.
            #expect(together[0] == 1 && together[1...2].allSatisfy { $0 <= 2 })
            #expect(together[3...6].allSatisfy { $0 <= 4 })
            #expect((3...8).contains(together.max() ?? 0))
        }
    }

    @Test func `jobs that found no service use no attempt up, and are woken when it is back`()
        async throws
    {
        let isBack = Mutex(false)
        let stage = try JobStage { _, _, _ in
            isBack.withLock { $0 } ? .envelope("ok") : .notSent
        } adjust: { parts in
            parts.dice = { .max }
        }
        try await stage.whileRunning {
            let early = stage.time.now()
            for number in 1...4 { try await stage.add(number) }
            try await stage.until(.seconds(5)) { stage.service.calls.count > 24 }
            let waiting = try await stage.store.jobs(
                tenant: nil, status: .queued, queue: nil, below: nil, limit: 9)
            #expect(waiting.allSatisfy { $0.job.attempts == 0 })
            #expect(early.advanced(seconds: 60) < stage.time.now())
            isBack.withLock { $0 = true }
            // One comes back by itself, after its wait; it brings the others along.
            try await stage.until { stage.service.starts.count >= 26 }
            let back = stage.time.now()
            try await stage.until { stage.runner.counts[stage.queue]?.complete == 4 }
            #expect(stage.time.now() < back.advanced(seconds: 20))
            let jobs = try await stage.store.jobs(
                tenant: nil, status: .complete, queue: nil, below: nil, limit: 9)
            #expect(jobs.allSatisfy { $0.job.attempts == 1 })
        }
    }

    @Test func `jobs that found no service are woken when a look finds it there again`()
        async throws
    {
        let isBack = Mutex(false)
        let stage = try JobStage { _, _, _ in
            isBack.withLock { $0 } ? .envelope("ok") : .notSent
        } adjust: { parts in
            parts.dice = { .max }
        }
        try await stage.whileRunning {
            for number in 1...4 { try await stage.add(number) }
            // Each waits for minutes by now.
            try await stage.until(.seconds(5)) { stage.service.calls.count >= 44 }
            stage.service.isAvailable = false
            try await stage.until { stage.runner.state.withLock { $0.wasAway } }
            isBack.withLock { $0 = true }
            stage.service.isAvailable = true
            let back = stage.time.now()
            try await stage.until { stage.runner.counts[stage.queue]?.complete == 4 }
            #expect(stage.time.now() < back.advanced(seconds: 200))
        }
    }

    @Test func `after a provider's outage one job is tried at first`() async throws {
        var rules = QueueRules()
        rules.concurrency = 8
        let stage = try JobStage(rules) { _, number, time in
            await time.pause(.seconds(1))
            return number <= 8
                ? .error(.overloaded, heldBack: true, retryAfter: 30) : .envelope("ok")
        }
        try await stage.whileRunning {
            for number in 1...24 { try await stage.add(number) }
            try await stage.until { stage.service.calls.count == 32 }
            let together = stage.service.together.dropFirst(8)
            #expect(together.prefix(3).allSatisfy { $0 <= 2 })
            #expect(together.prefix(7).allSatisfy { $0 <= 4 })
        }
    }

    @Test func `what a provider's Retry-After asks for is waited out`() async throws {
        let stage = try JobStage { _, number, _ in
            number == 1
                ? .error(.providerUnavailable, heldBack: true, retryAfter: 20) : .envelope("ok")
        }
        try await stage.whileRunning {
            let id = try await stage.add(1)
            try await stage.until(id, is: .complete)
            let starts = stage.service.starts.map(\.milliseconds)
            #expect(starts[1] - starts[0] >= 20_000)
            #expect(try await stage.job(id).attempts == 1)
        }
    }

    @Test func `a process that is to end finishes what runs and claims nothing`() async throws {
        var rules = QueueRules()
        rules.concurrency = 1
        let stage = try JobStage(rules) { _, _, time in
            await time.pause(.seconds(10))
            return .envelope("ok")
        }
        let running = Task { await stage.runner.run() }
        let (first, second) = (try await stage.add(1), try await stage.add(2))
        try await stage.until { stage.service.running == 1 }
        stage.runner.stop()
        await stage.pass(12)
        await running.value
        #expect(try await stage.job(first).status == .complete)
        #expect(try await stage.job(second).state.isUntouched)
    }

    @Test func `what still runs when the time is over is left to its lease`() async throws {
        let stage = try JobStage { _, _, time in
            await time.pause(.seconds(50))
            return .envelope("ok")
        }
        let running = Task { await stage.runner.run() }
        let id = try await stage.add(1)
        try await stage.until { stage.service.running == 1 }
        stage.runner.stop()
        stage.runner.abandon()
        await stage.pass(1)
        await running.value
        #expect(try await stage.job(id).status == .processing)
        #expect(stage.service.running == 1)
        await stage.pass(60)
        let next = try JobStage(time: stage.time, store: stage.store)
        try await next.whileRunning { try await next.until(id, is: .complete) }
        #expect(try await stage.job(id).attempts == 2)
    }

    @Test func `cancelled while it runs, a job stays cancelled`() async throws {
        let stage = try JobStage { _, _, time in
            await time.pause(.seconds(20))
            return .envelope("ok")
        }
        try await stage.whileRunning {
            let id = try await stage.add(1)
            try await stage.until { stage.service.running == 1 }
            _ = try await stage.store.apply(
                .cancel(at: stage.time.now()), to: id, result: nil)
            try await stage.until { stage.runner.counts[stage.queue]?.dropped == 1 }
            #expect(try await stage.job(id).status == .cancelled)
            #expect(try await stage.result(id) == nil)
        }
    }

    @Test func `deadlines and retentions run out`() async throws {
        var rules = QueueRules()
        rules.retention = .seconds(300)
        let stage = try JobStage(rules)
        stage.service.isAvailable = false
        try await stage.whileRunning {
            let id = try await stage.add(1, deadline: 20)
            try await stage.until(id, is: .failed)
            #expect(stage.runner.counts[stage.queue]?.expired == 1)
            await stage.pass(150)
            #expect(try await stage.store.job(id) != nil, "it is kept for its time")
            try await stage.until(.seconds(1)) { try await stage.store.job(id) == nil }
        }
    }

    @Test func `a look for what is kept too long finds all of it`() async throws {
        var rules = QueueRules()
        rules.retention = .seconds(300)
        let stage = try JobStage(rules) { _, _, _ in
            .envelope("ok")
        } adjust: { parts in
            (parts.batch, parts.purgeEvery) = (2, .seconds(100_000))
        }
        try await stage.whileRunning {
            for number in 1...7 { try await stage.add(number) }
            try await stage.until { stage.runner.counts[stage.queue]?.complete == 7 }
            let start = stage.time.now()
            try await stage.until(.seconds(50)) {
                try await stage.store.jobs(
                    tenant: nil, status: nil, queue: nil, below: nil, limit: 9
                ).isEmpty
            }
            #expect(stage.time.now() < start.advanced(seconds: 180_000))
        }
    }

    @Test func `what the queues hold is told in figures`() async throws {
        let stage = try JobStage()
        let figures = JobFigures(store: stage.store, time: stage.time) { stage.runner.counts }
        #expect(try await figures.queues().map(\.waiting) == [0])
        try await stage.add(1)
        stage.time.advance(by: .seconds(7))
        let queue = try #require(try await figures.queues().first)
        #expect(queue.oldestAgeMilliseconds == 7_000)
        #expect(queue.waiting == 1 && queue.lagMilliseconds == 7_000)
        try await stage.whileRunning {
            try await stage.until { stage.runner.counts[stage.queue]?.complete == 1 }
        }
        let after = try #require(try await figures.queues().first)
        #expect(after.waiting == 0 && after.counts.claimed == 1 && after.lagMilliseconds == 0)
    }
}

extension Job.State {
    fileprivate var isUntouched: Bool {
        if case .queued(_, .turn) = self { true } else { false }
    }
}
