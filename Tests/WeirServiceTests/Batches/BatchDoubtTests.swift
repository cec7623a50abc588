import Testing
import WeirCore
import WeirService
import WeirTesting

/// Batches of which nobody knows at first whether they were made.
@Suite struct BatchDoubtTests {
    @Test(arguments: [true, false])
    func `a creation whose reply is lost is found again`(keepsNames: Bool) async throws {
        let stage = try BatchStage(keepsNames: keepsNames)
        // Somebody else's batch of the same size and time.
        try await stage.add("other", tenant: 43)
        await stage.runner.gather()
        for creation in [FakeBatchProvider.Creation.lost(isMade: true), .status(500, isMade: true)]
        {
            stage.provider.onCreation(creation)
            let id = try await stage.add("mine")
            await stage.runner.gather()
            await stage.runner.follow()
            stage.provider.run()
            for _ in 0..<2 { await stage.runner.follow() }
            #expect(try await stage.job(id).status == .complete)
            #expect(try await stage.result(id)?["content"]?.string == "echo mine")
        }
        #expect(stage.cost == stage.provider.billed)
        try await stage.requireCalm()
    }

    @Test(arguments: [true, false])
    func `a batch that can't be found is charged at its worst case, not before its time`(
        keepsNames: Bool
    ) async throws {
        let stage = try BatchStage(keepsNames: keepsNames)
        stage.provider.onCreation(.lost(isMade: false))
        let id = try await stage.add("mine")
        await stage.runner.gather()
        await stage.runner.follow()
        #expect(try await stage.counter().held.nanos == BatchStage.held)
        // Nor while nobody can look.
        stage.provider.onLooks(.status(503))
        stage.time.advance(seconds: 3_600)
        await stage.runner.follow()
        #expect(stage.ledger.rows.map(\.state) == [.intent])
        stage.provider.onLooks(nil)
        await stage.runner.follow()
        let row = try #require(stage.ledger.rows.first)
        #expect(row.outcome?.cost.nanos == BatchStage.held)
        #expect(row.outcome?.isInDoubt == true)
        #expect(row.outcome?.basis == .worstCase)
        #expect(try await stage.job(id).status == .queued)
        try await stage.requireCalm()
    }

    @Test func `without names, a batch that may be ours is waited for`() async throws {
        let stage = try BatchStage(keepsNames: false)
        stage.provider.onCreation(.lost(isMade: true))
        let id = try await stage.add("mine")
        await stage.runner.gather()
        stage.time.advance(seconds: 7_200)
        await stage.runner.follow()
        #expect(stage.ledger.rows.map(\.state) == [.intent])
        stage.provider.run()
        for _ in 0..<2 { await stage.runner.follow() }
        #expect(try await stage.job(id).status == .complete)
        #expect(stage.cost == stage.provider.billed)
    }

    @Test func `what nobody can read for two days is charged at its worst case`() async throws {
        let stage = try BatchStage()
        try await stage.add("mine")
        await stage.runner.gather()
        stage.provider.onLooks(.status(404))
        stage.time.advance(seconds: 47 * 3_600)
        await stage.runner.follow()
        #expect(stage.ledger.rows.map(\.state) == [.intent])
        stage.time.advance(seconds: 2 * 3_600)
        await stage.runner.follow()
        #expect(stage.cost == BatchStage.held)
        try await stage.requireCalm()
    }

    /// What proves that no batch was made: nothing is charged, and the job runs again.
    @Test(
        arguments: [
            (.status(400, isMade: false), 1, LedgerRow.Status.providerRejected),
            (.status(401, isMade: false), 1, .providerRejected),
            (.status(429, isMade: false), 1, .providerRejected),
            (.notSent, 0, .notSent),
        ] as [(FakeBatchProvider.Creation, Int, LedgerRow.Status)])
    func `a refused creation is free`(
        creation: FakeBatchProvider.Creation, attempts: Int, status: LedgerRow.Status
    ) async throws {
        let stage = try BatchStage()
        stage.provider.onCreation(creation)
        let id = try await stage.add("mine")
        await stage.runner.gather()
        #expect(stage.ledger.rows.map { $0.outcome?.status } == [status])
        #expect(stage.cost == 0)
        #expect(try await stage.job(id).attempts == attempts)
        try await stage.requireCalm()
        stage.provider.onCreation(.answered)
        stage.time.advance(seconds: 3_600)
        await stage.runner.gather()
        stage.provider.run()
        await stage.runner.follow()
        #expect(try await stage.job(id).status == .complete)
        #expect(stage.cost == stage.provider.billed)
        try await stage.requireCalm()
    }

    @Test(arguments: [UpstreamOutcome.status(500), .lost(.timeout), .notSent("no"), .answer("?!")])
    func `an upload that fails has made no batch`(outcome: UpstreamOutcome) async throws {
        let stage = try BatchStage(usesFiles: true)
        stage.provider.onUpload(outcome)
        let id = try await stage.add("mine")
        await stage.runner.gather()
        #expect(stage.provider.requests == ["post /files"])
        #expect(stage.ledger.rows.map(\.state) == [.void])
        #expect(try await stage.job(id).attempts == 0)
        try await stage.requireCalm()
    }
}
