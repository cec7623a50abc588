import Testing
import WeirCore
import WeirService
import WeirTesting

@Suite(.timeLimit(.minutes(1))) struct JobRunnerTests {
    @Test func `a job that is put in runs at once, as its tenant's and nobody else's`() async throws
    {
        let stage = try JobStage()
        try await stage.whileRunning {
            let id = try await stage.add(1)
            try await stage.until(.zero) { try await stage.job(id).status == .complete }
            #expect(try await stage.result(id)?.contains("\"content\":\"ok\"") == true)
            let call = try #require(stage.service.calls.first)
            #expect(call.idempotencyKey == "job:job_1:1")
            #expect(call.caller.onlyTenant?.number == 42 && call.caller.role == .service)
            #expect(String(decoding: call.body, as: UTF8.self) == #"{"user_message":"1.0"}"#)
            #expect(stage.runner.counts[stage.queue]?.complete == 1)
        }
    }

    @Test func `what nobody rang for, and what comes due, is found`() async throws {
        let stage = try JobStage()
        try await stage.whileRunning {
            let soon = try await stage.add(1, rings: false)
            let late = try await stage.add(2, runAt: stage.time.now().advanced(seconds: 20))
            try await stage.until(soon, is: .complete)
            await stage.pass(10)
            #expect(try await stage.job(late).status == .queued)
            try await stage.until(late, is: .complete)
        }
    }

    @Test func `an attempt that fails is followed by another, each with its own key`() async throws
    {
        let stage = try JobStage { _, number, _ in
            number < 3 ? .error(.providerError) : .envelope("third")
        } adjust: { parts in
            parts.dice = { .max }
        }
        try await stage.whileRunning {
            let id = try await stage.add(1)
            try await stage.until(id, is: .complete)
            #expect(stage.service.keys == ["job:job_1:1", "job:job_1:2", "job:job_1:3"])
            let starts = stage.service.starts.map(\.milliseconds)
            // Full jitter at its longest: 2 s, then 4 s.
            #expect(starts[1] - starts[0] >= 2_000 && starts[2] - starts[1] >= 4_000)
            #expect(try await stage.result(id)?.contains("third") == true)
            let outcomes = try await stage.store.history(of: id).map(\.outcome)
            #expect(outcomes == [.failed, .failed, .complete])
        }
    }

    @Test func `a job has three attempts, then it is a dead letter`() async throws {
        let stage = try JobStage { _, _, _ in .lost }
        try await stage.whileRunning {
            let id = try await stage.add(1)
            try await stage.until(id, is: .failed)
            #expect(stage.service.calls.count == 3)
            #expect(try await stage.result(id) == nil)
            #expect(stage.runner.counts[stage.queue]?.retried == 2)
        }
    }

    @Test(arguments: [
        JobAnswer.error(.unsafeInput), .error(.budgetExceeded), .error(.moduleInactive),
        .answered(status: 404, retryAfter: nil, wasHeldBack: false, body: []),
    ])
    func `a refusal that no time mends is final`(answer: JobAnswer) async throws {
        let stage = try JobStage { _, _, _ in answer }
        try await stage.whileRunning {
            let id = try await stage.add(1)
            try await stage.until(id, is: .failed)
            await stage.pass(60)
            #expect(stage.service.calls.count == 1)
        }
    }

    @Test func `an attempt that takes too long is given up, while its call goes on`() async throws {
        var rules = QueueRules()
        rules.concurrency = 1
        let stage = try JobStage(rules) { _, _, time in
            await time.pause(.seconds(1_000))
            return .envelope("late")
        }
        try await stage.whileRunning {
            let id = try await stage.add(1)
            try await stage.until { try await stage.job(id).status == .queued }
            let history = try await stage.store.history(of: id)
            #expect(history.map(\.code) == [.providerTimeout])
            // The call still has the queue's only place, so that no heap of them can grow.
            await stage.pass(200)
            #expect(stage.service.calls.count == 1 && stage.service.running == 1)
            try await stage.until(.seconds(1)) { stage.service.calls.count == 2 }
            #expect(try await stage.result(id) == nil)
        }
    }

    @Test func `signs of life keep a job with its worker`() async throws {
        var rules = QueueRules()
        rules.lease = .seconds(3)
        let stage = try JobStage(rules) { _, _, time in
            await time.pause(.seconds(50))
            return .envelope("slow")
        }
        try await stage.whileRunning {
            let id = try await stage.add(1)
            try await stage.until(id, is: .complete)
            #expect(try await stage.job(id).attempts == 1)
        }
    }

    @Test func `a queue keeps its pace`() async throws {
        var rules = QueueRules()
        rules.perMinute = 30
        let stage = try JobStage(rules)
        try await stage.whileRunning {
            for number in 1...10 { try await stage.add(number) }
            try await stage.until { stage.service.calls.count == 10 }
            let starts = stage.service.starts.map(\.milliseconds)
            // Each call begins a little after its claim, on a busy machine later than that.
            #expect(starts[9] - starts[0] >= 8 * 2_000)
        }
    }

    @Test func `other rules hold from the next claim on, and new queues have workers`() async throws
    {
        var rules = QueueRules()
        rules.concurrency = 1
        let stage = try JobStage(rules) { _, _, time in
            await time.pause(.seconds(10))
            return .envelope("ok")
        }
        let other = try #require(QueueName("other"))
        try await stage.whileRunning {
            for number in 1...40 { try await stage.add(number) }
            try await stage.until { stage.service.calls.count == 2 }
            rules.concurrency = 3
            stage.rules.replace([stage.queue: rules, other: rules])
            try await stage.until { stage.service.running == 3 }
            rules.concurrency = 1
            stage.rules.replace([stage.queue: rules])
            try await stage.until { stage.service.running == 1 }
            let before = stage.service.calls.count
            try await stage.until { stage.service.calls.count >= before + 5 }
            #expect(stage.service.together.suffix(5).max() == 1)
            let id = try await stage.add(99, queue: other)
            try await stage.until(id, is: .complete)
        }
    }

    @Test func `a tenant with one job doesn't wait for another's thousand`() async throws {
        var rules = QueueRules()
        rules.concurrency = 2
        let stage = try JobStage(rules)
        for number in 1...1_000 { try await stage.add(number) }
        let other = try await stage.add(2_000, tenant: 7)
        try await stage.whileRunning {
            try await stage.until(other, is: .complete)
            #expect(stage.service.calls.count < 20)
        }
    }
}
