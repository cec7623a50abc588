import Testing
import WeirCore
import WeirService
import WeirTesting

/// Jobs of several calls that go through a provider's batch interface.
@Suite struct BatchOfManyTests {
    private func turn(_ stage: BatchStage) async {
        await stage.runner.gather()
        stage.provider.run()
        await stage.runner.follow()
        stage.time.advance(seconds: 300)
    }

    @Test func `a job's calls are one batch, each with its hold, its row and its answer`()
        async throws
    {
        let stage = try BatchStage()
        let id = try await stage.add(["one", "two", "three"])
        let other = try await stage.add("four")
        await stage.runner.gather()
        #expect(
            stage.provider.batches.map { $0.calls.map(\.text) } == [
                ["one", "two", "three", "four"]
            ])
        #expect(try await stage.counter().held.nanos == 4 * BatchStage.held)
        stage.provider.run()
        await stage.runner.follow()
        for id in [id, other] { #expect(try await stage.job(id).status == .complete) }
        #expect(try await stage.answers(id) == ["echo one", "echo two", "echo three"])
        let result = try #require(try await stage.result(id))
        #expect(result["failed"] == 0 && result["input_tokens"] == 60)
        #expect(stage.ledger.rows.count == 4 && stage.cost == stage.provider.billed)
        try await stage.requireCalm()
    }

    @Test func `answers are kept, and only what has none goes into the next batch`() async throws {
        let stage = try BatchStage()
        let id = try await stage.add(["one", "expired", "refused"])
        await turn(stage)
        #expect(try await stage.job(id).status == .queued)
        #expect(try await stage.answers(id) == ["echo one", "invalid_request"])
        let progress = try await stage.jobs.record(of: id)?.progress
        #expect(progress == JobProgress(done: 2, total: 3))
        await turn(stage)
        await turn(stage)
        #expect(
            stage.provider.batches.map { $0.calls.map(\.text) } == [
                ["one", "expired", "refused"], ["expired"], ["expired"],
            ])
        #expect(try await stage.job(id).status == .complete)
        #expect(try await stage.job(id).attempts == 3)
        #expect(
            try await stage.answers(id) == ["echo one", "provider_unavailable", "invalid_request"])
        #expect(try await stage.result(id)?["failed"] == 2)
        #expect(stage.cost == stage.provider.billed)
        try await stage.requireCalm()
    }

    @Test func `a job all of whose calls fail has failed`() async throws {
        let stage = try BatchStage()
        let id = try await stage.add(["refused", "refused"])
        await turn(stage)
        guard case .failed(let failure, _) = try await stage.job(id).state else {
            Issue.record("it hasn't failed")
            return
        }
        #expect(failure.code == .invalidRequest)
        #expect(stage.cost == 0)
        try await stage.requireCalm()
    }

    @Test(arguments: [true, false])
    func `what the budget can't carry stays out, and may wait`(waits: Bool) async throws {
        let stage = try BatchStage(limit: .capped(Money(nanos: 2 * BatchStage.held)))
        let id = try await stage.add(["one", "two", "three"], waitsForBudget: waits)
        await turn(stage)
        #expect(stage.provider.batches.map(\.calls.count) == [2])
        if waits {
            guard case .queued(_, .budget) = try await stage.job(id).state else {
                Issue.record("it isn't parked")
                return
            }
            #expect(try await stage.answers(id) == ["echo one", "echo two"])
        } else {
            #expect(try await stage.job(id).status == .complete)
            #expect(
                try await stage.answers(id) == ["echo one", "echo two", "ai_budget_exceeded"])
        }
        try await stage.requireCalm()
    }

    @Test func `a job that is more than a batch takes several, one after another`() async throws {
        var settings = BatchSettings()
        settings.calls = 2
        let stage = try BatchStage(settings: settings)
        let texts = (1...5).map { "t\($0)" }
        let id = try await stage.add(texts)
        for _ in 0..<3 {
            #expect(try await stage.job(id).status == .queued)
            await turn(stage)
        }
        #expect(stage.provider.batches.map(\.calls.count) == [2, 2, 1])
        #expect(try await stage.job(id).status == .complete)
        #expect(try await stage.job(id).attempts == 1)
        #expect(try await stage.answers(id) == texts.map { "echo \($0)" })
        try await stage.requireCalm()
    }

    @Test func `of a job's calls the limits of pace count one`() async throws {
        var policy = LimitPolicy()
        policy.tenant = CallLimits(calls: RateLimit(perMinute: 1, burst: 0))
        let stage = try BatchStage(rates: RateGate(policy))
        let first = try await stage.add(["one", "two", "three"])
        let second = try await stage.add(["four", "five"])
        await stage.runner.gather()
        #expect(stage.provider.batches.map(\.calls.count) == [3])
        guard case .queued(_, .service) = try await stage.job(second).state else {
            Issue.record("the second job doesn't wait")
            return
        }
        stage.provider.run()
        await stage.runner.follow()
        #expect(try await stage.job(first).status == .complete)
        stage.time.advance(seconds: 300)
        await turn(stage)
        #expect(try await stage.answers(second) == ["echo four", "echo five"])
    }

    @Test func `an answer that its report can't use uses an attempt up`() async throws {
        let stage = try BatchStage()
        let form = ReportForm(title: "x", format: .json, requiredFields: ["total"])
        let one = try await stage.add("one", report: form)
        let many = try await stage.add(["two", "three"], report: form)
        for _ in 0..<3 { await turn(stage) }
        for id in [one, many] {
            guard case .failed(let failure, _) = try await stage.job(id).state else {
                Issue.record("\(id) hasn't failed")
                return
            }
            #expect(failure.code == .unsafeOutput)
        }
        #expect(stage.cost == stage.provider.billed)
        #expect(stage.ledger.rows.count == 9)
    }

    @Test func `a restart between submission and results changes nothing`() async throws {
        var stage = try BatchStage()
        let id = try await stage.add(["one", "expired", "three"])
        await stage.runner.gather()
        try await stage.restart()
        #expect(try await stage.counter().held.nanos == 3 * BatchStage.held)
        stage.provider.run()
        await stage.runner.follow()
        #expect(try await stage.job(id).status == .queued)
        #expect(try await stage.answers(id) == ["echo one", "echo three"])
        stage.time.advance(seconds: 300)
        for _ in 0..<2 { await turn(stage) }
        #expect(
            try await stage.answers(id) == ["echo one", "provider_unavailable", "echo three"])
        #expect(stage.cost == stage.provider.billed)
        try await stage.requireCalm()
    }

    /// Stops the ledger after each number of writes. Whatever was reached: one row for each
    /// attempt, the ledger never below the bill, and every call answered once.
    @Test(arguments: [
        FakeBatchProvider.Creation.answered, .lost(isMade: true), .lost(isMade: false),
    ])
    func `no write between which a process dies loses an answer`(
        creation: FakeBatchProvider.Creation
    ) async throws {
        for writes in 0...12 {
            var stage = try BatchStage(usesFiles: writes % 2 == 0)
            let id = try await stage.add(["one", "two", "refused"])
            stage.provider.onCreation(creation)
            stage.ledger.fail(after: writes)
            await stage.runner.gather()
            stage.provider.run()
            await stage.runner.follow()
            stage.provider.onCreation(.answered)
            try await stage.restart()
            for _ in 0..<20 { await turn(stage) }
            #expect(
                try await stage.answers(id) == ["echo one", "echo two", "invalid_request"],
                "after \(writes) writes")
            #expect(try await stage.job(id).attempts <= 3)
            let inDoubt = stage.ledger.rows.filter { $0.outcome?.isInDoubt == true }
            if inDoubt.isEmpty { #expect(stage.cost == stage.provider.billed) }
            #expect(stage.cost >= stage.provider.billed)
            try await stage.requireCalm()
        }
    }
}
