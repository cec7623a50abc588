import Testing
import WeirCore
import WeirService
import WeirTesting

@Suite struct BatchRunnerTests {
    @Test func `a batch is held when it is submitted, and settled at half price by its results`()
        async throws
    {
        let stage = try BatchStage()
        let jobs = [try await stage.add("one"), try await stage.add("two")]
        await stage.runner.gather()
        #expect(try await stage.counter().held.nanos == 2 * BatchStage.held)
        #expect(stage.ledger.rows.allSatisfy { $0.state == .intent })
        await stage.runner.follow()
        #expect(try await stage.job(jobs[0]).status == .processing)
        stage.provider.run()
        await stage.runner.follow()
        for (job, text) in zip(jobs, ["one", "two"]) {
            #expect(try await stage.job(job).status == .complete)
            let result = try #require(try await stage.result(job))
            #expect(result["content"]?.string == "echo \(text)")
            #expect(result["input_tokens"] == 20)
            #expect(result["output_tokens"] == 7)
        }
        #expect(stage.cost == 2 * FakeBatchProvider.cost)
        #expect(stage.provider.billed == stage.cost)
        let usages = stage.ledger.rows.map { $0.outcome?.usage.serviceTier }
        #expect(usages == [.batch, .batch])
        #expect(try await stage.counter().settled.nanos == stage.cost)
        try await stage.requireCalm()
    }

    @Test func `a batch holds one tenant's calls`() async throws {
        let stage = try BatchStage()
        for number in 1...3 {
            try await stage.add("a\(number)", tenant: 42)
            try await stage.add("b\(number)", tenant: 43)
        }
        await stage.runner.gather()
        let texts = stage.provider.batches.map { $0.calls.map(\.text).sorted() }
        #expect(texts.sorted { $0[0] < $1[0] } == [["a1", "a2", "a3"], ["b1", "b2", "b3"]])
    }

    /// What becomes of a call, what it costs, and where its job is then.
    @Test(
        arguments: [
            ("fine", FakeBatchProvider.cost, .complete, LedgerRow.Status.ok),
            ("refused", 0, .failed, .providerRejected),
            ("expired", 0, .queued, .providerRejected),
            ("missing", BatchStage.held, .queued, .lost),
            ("broken", BatchStage.held, .queued, .badReply),
        ] as [(String, Int64, Job.Status, LedgerRow.Status)])
    func `each call ends by itself`(
        text: String, cost: Int64, job: Job.Status, status: LedgerRow.Status
    ) async throws {
        let stage = try BatchStage()
        let id = try await stage.add(text)
        await stage.runner.gather()
        stage.provider.run()
        await stage.runner.follow()
        #expect(stage.ledger.rows.map { $0.outcome?.status } == [status])
        #expect(stage.cost == cost)
        #expect(try await stage.job(id).status == job)
        try await stage.requireCalm()
    }

    /// A batch that ran out says how many calls it has completed: a call without a result is free
    /// only where all of these have theirs.
    @Test(
        arguments: [
            ("unrun", "fine", 0), ("unrun", "missing", 2 * BatchStage.held),
            ("missing", "fine", BatchStage.held),
        ] as [(String, String, Int64)])
    func `a missing result of a batch that ran out`(
        first: String, second: String, missing: Int64
    ) async throws {
        let stage = try BatchStage()
        try await stage.add("expired")
        let id = try await stage.add(first)
        try await stage.add(second)
        await stage.runner.gather()
        stage.provider.run()
        await stage.runner.follow()
        #expect(stage.cost == missing + (second == "fine" ? FakeBatchProvider.cost : 0))
        #expect(stage.cost >= stage.provider.billed)
        #expect(try await stage.job(id).status == .queued)
        try await stage.requireCalm()
    }

    @Test func `what the budget can't carry stays out of the batch`() async throws {
        let stage = try BatchStage(limit: .capped(Money(nanos: 2 * BatchStage.held)))
        var ids: [JobID] = []
        for number in 1...3 { ids.append(try await stage.add("t\(number)")) }
        await stage.runner.gather()
        #expect(stage.provider.batches.map(\.calls.count) == [2])
        guard case .failed(let failure, _) = try await stage.job(ids[2]).state else {
            Issue.record("the third job hasn't failed")
            return
        }
        #expect(failure.code == .budgetExceeded)
        stage.provider.run()
        await stage.runner.follow()
        #expect(try await stage.job(ids[0]).status == .complete)
        try await stage.requireCalm()
    }

    @Test func `a job that waits for budget is parked until the next month`() async throws {
        let stage = try BatchStage(limit: .capped(Money(nanos: 1)))
        let id = try await stage.add("t", waitsForBudget: true)
        await stage.runner.gather()
        guard case .queued(let dueAt, .budget) = try await stage.job(id).state else {
            Issue.record("it isn't parked")
            return
        }
        // 2026-05-01 00:00 UTC.
        #expect(dueAt == Timestamp(utcDay: "2026-05-01"))
        #expect(stage.ledger.rows.isEmpty)
    }

    @Test func `a model without a batch price is refused, and never run at another`() async throws {
        let stage = try BatchStage()
        let id = try await stage.add("t", model: "dear")
        let several = try await stage.add(["t", "u"], model: "dear")
        await stage.runner.gather()
        #expect(stage.transport.calls.isEmpty)
        for id in [id, several] {
            guard case .failed(let failure, _) = try await stage.job(id).state else {
                Issue.record("\(id) hasn't failed")
                return
            }
            #expect(failure.code == .unpricedModel)
        }
    }

    @Test func `a batch that all its jobs have left is cancelled once`() async throws {
        let stage = try BatchStage()
        let ids = [try await stage.add("one"), try await stage.add("two")]
        await stage.runner.gather()
        func cancel(_ id: JobID) async throws {
            _ = try await stage.jobs.apply(.cancel(at: stage.time.now()), to: id, result: nil)
        }
        try await cancel(ids[0])
        await stage.runner.follow()
        #expect(!stage.provider.requests.contains("post /batches/b1/cancel"))
        try await cancel(ids[1])
        for _ in 0..<3 { await stage.runner.follow() }
        #expect(stage.provider.requests.count { $0 == "post /batches/b1/cancel" } == 1)
        // It ran all the same: it is billed, and its results are dropped.
        stage.provider.run()
        await stage.runner.follow()
        #expect(stage.cost == stage.provider.billed)
        #expect(try await stage.job(ids[0]).status == .cancelled)
        #expect(try await stage.result(ids[0]) == nil)
        try await stage.requireCalm()
    }
}
