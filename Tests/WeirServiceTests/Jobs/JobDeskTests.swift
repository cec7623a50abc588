import Testing
import WeirCore
import WeirService
import WeirTesting

/// What the desk tells of jobs, and what can be done with them.
@Suite struct JobDeskTests {
    private func details(
        _ work: () async throws(WeirError) -> Void
    ) async -> JSON? {
        do {
            try await work()
            return nil
        } catch {
            return error.code == .conflict ? .object(JSONObject(error.details)) : nil
        }
    }

    @Test func `a result is there once the job is complete`() async throws {
        let stage = try DeskStage()
        let id = try await stage.accept()
        let caller = try stage.everyone()
        let before = await details { () async throws(WeirError) in
            _ = try await stage.desk.result(of: id, for: caller)
        }
        #expect(before == ["status": "queued"])
        try await stage.work(.complete(#"{"content": "yes"}"#))
        let result = try await stage.desk.result(of: id, for: caller)
        #expect(result == Array(#"{"content": "yes"}"#.utf8))
    }

    @Test func `a failed job says why in the place of its result`() async throws {
        let stage = try DeskStage()
        let id = try await stage.dead()
        let caller = try stage.everyone()
        let found = await details { () async throws(WeirError) in
            _ = try await stage.desk.result(of: id, for: caller)
        }
        #expect(
            found == [
                "status": "failed",
                "failure": ["error": "unsafe_input", "message": "The prompt is not safe"],
            ])
    }

    @Test func `a result that is kept no longer is gone like its job`() async throws {
        let stage = try DeskStage()
        let id = try await stage.accept()
        try await stage.work(.complete("{}"))
        _ = try await stage.store.purge(.standardQueue, endedBy: stage.time.now(), limit: 9)
        let caller = try stage.everyone()
        for code in [
            await refusal { () async throws(WeirError) in
                _ = try await stage.desk.result(of: id, for: caller)
            },
            await refusal { () async throws(WeirError) in
                _ = try await stage.desk.standing(of: id, for: caller)
            },
        ] {
            #expect(code == .notFound)
        }
    }

    @Test func `what is left is told by how long others took`() async throws {
        let stage = try DeskStage()
        let caller = try stage.everyone()
        func left(_ id: JobID) async throws -> Int64? {
            try await stage.desk.standing(of: id, for: caller).remaining?.components.seconds
        }
        let first = try await stage.accept()
        #expect(try await left(first) == nil, "nothing is known yet")
        try await stage.work(.complete("{}"))
        #expect(try await left(first) == nil, "it has ended")
        let now = stage.time.now()
        let next = try await stage.accept()
        let later = try await stage.accept { $0.runAt = now.advanced(seconds: 100) }
        #expect(try await left(next) == 10)
        #expect(try await left(later) == 110)
        _ = try await stage.store.claim(from: .standardQueue, QueueRules(), at: now)
        stage.time.advance(seconds: 4)
        #expect(try await left(next) == 6)
        stage.time.advance(seconds: 400)
        #expect(try await left(next) == 0)
        let other = try await stage.accept { $0.queue = .reportQueue }
        #expect(try await left(other) == nil, "nothing is known of this queue")
    }

    @Test func `a job of several calls is measured by its own pace`() async throws {
        let stage = try DeskStage()
        let caller = try stage.everyone()
        let id = try await stage.accept {
            $0.request = JobRequest(
                key: $0.request.key, role: .service, feature: $0.request.feature,
                calls: Array(repeating: ["model": "small", "user_message": "Hi"], count: 4))
        }
        let start = stage.time.now()
        _ = try await stage.store.claim(from: .standardQueue, QueueRules(), at: start)
        stage.time.advance(seconds: 20)
        _ = try await stage.store.keep(
            JobCallAnswer(number: 2, isError: false, body: []), of: id, epoch: 1,
            at: stage.time.now())
        let standing = try await stage.desk.standing(of: id, for: caller)
        #expect(standing.record.progress == JobProgress(done: 1, total: 4))
        #expect(standing.remaining == .seconds(60))
    }

    @Test func `a list has its pages, by tenant, status and queue`() async throws {
        let stage = try DeskStage()
        let caller = try stage.everyone()
        var ids: [JobID] = []
        for _ in 0..<5 { ids.append(try await stage.accept()) }
        _ = try await stage.desk.cancel(ids[1], by: caller)
        let reports = try await stage.accept { $0.queue = .reportQueue }
        var selection = JobDesk.Selection(tenant: try tenantNumber(42))
        let first = try await stage.desk.page(of: selection, below: nil, limit: 4, for: caller)
        #expect(first.jobs.map(\.job.id) == [reports, ids[4], ids[3], ids[2]])
        let second = try await stage.desk.page(
            of: selection, below: first.next, limit: 4, for: caller)
        #expect(second.jobs.map(\.job.id) == [ids[1], ids[0]])
        #expect(second.next == nil)
        selection.status = .cancelled
        #expect(
            try await stage.desk.page(of: selection, below: nil, limit: 9, for: caller)
                .jobs.map(\.job.id) == [ids[1]])
        (selection.status, selection.queue) = (nil, .reportQueue)
        #expect(
            try await stage.desk.page(of: selection, below: nil, limit: 9, for: caller)
                .jobs.map(\.job.id) == [reports])
    }

    @Test func `a job can be called off while it waits and while it runs`() async throws {
        let stage = try DeskStage()
        let caller = try stage.everyone()
        let waiting = try await stage.accept()
        #expect(try await stage.desk.cancel(waiting, by: caller).job.status == .cancelled)
        #expect(try await stage.desk.cancel(waiting, by: caller).job.status == .cancelled)
        #expect(try await stage.work(.lost) == nil, "it is never claimed")
        let running = try await stage.accept()
        let job = try #require(try await stage.work(.lost))
        _ = try await stage.desk.cancel(running, by: caller)
        let late = try await stage.store.apply(
            .complete(epoch: job.epoch, at: stage.time.now()), to: running, result: [])
        #expect(late == nil, "its result is dropped")
        let done = try await stage.accept()
        try await stage.work(.complete("{}"))
        let code = await refusal { () async throws(WeirError) in
            _ = try await stage.desk.cancel(done, by: caller)
        }
        #expect(code == .conflict)
    }

    @Test func `a budget that changes wakes the tenant's jobs that wait for it`() async throws {
        let stage = try DeskStage()
        let reset = stage.time.now().advanced(seconds: 86_400)
        let broke = JobEnding(DeskStage.broke, budgetReset: reset)
        var ids: [JobID] = []
        for _ in 0..<3 { ids.append(try await stage.accept { $0.waitsForBudget = true }) }
        for _ in ids { try await stage.work(.failed(broke)) }
        #expect(try await stage.work(.lost) == nil)
        await stage.desk.budgetChanged(of: try tenantNumber(43))
        #expect(try await stage.work(.lost) == nil, "another tenant's budget")
        let tenants = TenantAdministration(
            directory: stage.directory, time: stage.time, onBudget: stage.desk.budgetChanged)
        var change = TenantChange()
        change.name = "New"
        _ = try await tenants.put(
            try tenantNumber(42), change, by: Authenticator.bootstrapAdmin)
        #expect(try await stage.work(.lost) == nil, "the budget is as it was")
        change.budget = .capped(Money(nanos: 5))
        _ = try await tenants.put(
            try tenantNumber(42), change, by: Authenticator.bootstrapAdmin)
        for id in ids { #expect(try await stage.work(.complete("{}"))?.id == id) }
    }

    @Test func `all jobs that wait for a budget are woken, however many they are`() async throws {
        let stage = try DeskStage()
        let broke = JobEnding(
            DeskStage.broke, budgetReset: stage.time.now().advanced(seconds: 30 * 86_400))
        for _ in 0..<501 {
            try await stage.accept { $0.waitsForBudget = true }
            try await stage.work(.failed(broke))
        }
        let rings = try await stage.rings {
            await stage.desk.budgetChanged(of: try tenantNumber(42))
        }
        #expect(rings == 2)
        let queue = try #require(try await stage.store.figures().first)
        #expect(queue.waiting == 501)
        var due = 0
        while try await stage.work(.lost) != nil { due += 1 }
        #expect(due == 501)
    }

    @Test func `workers are rung for where a job may have become due`() async throws {
        let stage = try DeskStage()
        #expect(try await stage.rings { try await stage.accept() } == 1)
        try await stage.work(.failed(DeskStage.refusal))
        let dead = try #require(
            try await stage.store.jobs(
                tenant: nil, status: .failed, queue: nil, below: nil, limit: 1
            ).first)
        let rings = try await stage.rings {
            _ = try await stage.desk.replay(
                dead.job.id, by: Authenticator.bootstrapAdmin)
        }
        #expect(rings == 1)
    }
}
