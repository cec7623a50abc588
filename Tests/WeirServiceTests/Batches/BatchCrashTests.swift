import Testing
import WeirCore
import WeirService
import WeirTesting

/// A process that dies between any two of its durable writes, and the next one.
@Suite struct BatchCrashTests {
    @Test(arguments: [true, false])
    func `a restart holds the money again before it admits anything`(keepsNames: Bool)
        async throws
    {
        var stage = try BatchStage(
            limit: .capped(Money(nanos: 2 * BatchStage.held)), keepsNames: keepsNames)
        let first = try await stage.add("one")
        await stage.runner.gather()
        try await stage.restart()
        #expect(stage.ledger.rows.map(\.state) == [.intent])
        #expect(try await stage.counter().held.nanos == BatchStage.held)
        // A claim outlives the restart: nobody submits the job again.
        stage.time.advance(seconds: 86_400)
        let taken = try await stage.jobs.takeBack(
            from: .batchQueue, QueueRules(), at: stage.time.now(), dice: [0, 0])
        #expect(taken.isEmpty)
        let more = [try await stage.add("two"), try await stage.add("three")]
        await stage.runner.gather()
        #expect(try await stage.job(more[0]).status == .processing)
        #expect(try await stage.job(more[1]).status == .failed)
        stage.provider.run()
        await stage.runner.follow()
        #expect(try await stage.job(first).status == .complete)
        #expect(stage.cost == stage.provider.billed)
        try await stage.requireCalm()
    }

    @Test func `a job whose process died before its batch was durable is run again, counted`()
        async throws
    {
        var stage = try BatchStage()
        let kept = try await stage.add("one")
        await stage.runner.gather()
        let lost = try await stage.add("two")
        let claimed = try await stage.jobs.claim(
            from: .batchQueue, QueueRules(), at: stage.time.now())
        #expect(claimed?.job.id == lost)
        try await stage.restart()
        #expect(try await stage.job(kept).status == .processing)
        #expect(try await stage.job(lost).status == .queued)
        #expect(try await stage.job(lost).attempts == 1)
        stage.time.advance(seconds: 600)
        await stage.runner.gather()
        stage.provider.run()
        await stage.runner.follow()
        for id in [kept, lost] { #expect(try await stage.job(id).status == .complete) }
        try await stage.requireCalm()
    }

    @Test func `results that are fetched again are not billed again`() async throws {
        var stage = try BatchStage()
        let ids = [try await stage.add("one"), try await stage.add("two")]
        await stage.runner.gather()
        stage.provider.run()
        // Both rows become durable, and nothing behind them.
        stage.ledger.fail(after: 2)
        await stage.runner.follow()
        let settled = stage.ledger.rows
        #expect(settled.allSatisfy { $0.state == .settled })
        try await stage.restart()
        #expect(try await stage.ledger.openBatches().count == 1)
        await stage.runner.follow()
        #expect(stage.ledger.rows == settled)
        #expect(stage.cost == stage.provider.billed)
        for id in ids {
            #expect(try await stage.job(id).status == .complete)
            #expect(try await stage.result(id)?["cost_usd"] != nil)
        }
        try await stage.requireCalm()
    }

    /// Stops the ledger after each number of writes, at each kind of creation, until a run gets by
    /// without a stop. Whatever was reached: one row for each attempt, the ledger never below the
    /// bill and equal to it where nothing is in doubt, and every job comes to its end.
    @Test(arguments: [
        FakeBatchProvider.Creation.answered, .lost(isMade: true), .lost(isMade: false),
    ])
    func `no write between which a process dies loses a row or a job`(
        creation: FakeBatchProvider.Creation
    ) async throws {
        for writes in 0...12 {
            var stage = try BatchStage(usesFiles: writes % 2 == 0)
            var ids: [JobID] = []
            for text in ["one", "two", "refused"] { ids.append(try await stage.add(text)) }
            stage.provider.onCreation(creation)
            stage.ledger.fail(after: writes)
            await stage.runner.gather()
            stage.provider.run()
            await stage.runner.follow()
            stage.provider.onCreation(.answered)
            try await stage.restart()
            for _ in 0..<60 {
                await stage.runner.gather()
                stage.provider.run()
                await stage.runner.follow()
                stage.time.advance(seconds: 300)
                _ = try await stage.jobs.takeBack(
                    from: .batchQueue, QueueRules(), at: stage.time.now(), dice: [0, 0, 0])
            }
            for id in ids {
                let job = try await stage.job(id)
                #expect(job.endedAt != nil, "\(id) after \(writes) writes: \(job.state)")
                #expect(job.attempts <= 3)
            }
            let inDoubt = stage.ledger.rows.filter { $0.outcome?.isInDoubt == true }
            if inDoubt.isEmpty { #expect(stage.cost == stage.provider.billed) }
            #expect(stage.cost >= stage.provider.billed)
            try await stage.requireCalm()
        }
    }
}
