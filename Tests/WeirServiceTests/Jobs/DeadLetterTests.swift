import Testing
import WeirCore
import WeirService
import WeirTesting

/// Failed jobs in the hands of an operator, and jobs in the hands of strangers.
@Suite struct DeadLetterTests {
    private let admin = Authenticator.bootstrapAdmin

    @Test func `a dead letter says why, and what was tried`() async throws {
        let stage = try DeskStage()
        let id = try await stage.accept()
        let lost = JobEnding(JobFailure(code: .providerError, message: "502"))
        for _ in 0..<3 {
            try await stage.work(.failed(lost))
            stage.time.advance(seconds: 600)
        }
        let letter = try await stage.desk.deadLetter(id, by: admin)
        #expect(letter.record.job.status == .failed)
        #expect(letter.history.map(\.number) == [1, 2, 3])
        #expect(letter.history.allSatisfy { $0.code == .providerError })
        #expect(letter.request?.calls.count == 1)
        let page = try await stage.desk.deadLetters(
            of: JobDesk.Selection(), below: nil, limit: 9, by: admin)
        #expect(page.jobs.map(\.job.id) == [id])
    }

    @Test func `a replay begins anew, and the audit log tells of it`() async throws {
        let stage = try DeskStage()
        let id = try await stage.dead()
        stage.time.advance(seconds: 10 * 86_400)
        let record = try await stage.desk.replay(id, by: admin)
        #expect(record.job.status == .queued && record.job.attempts == 0)
        #expect(record.job.deadline == stage.time.now().advanced(seconds: 86_400))
        #expect(try await stage.work(.complete("{}"))?.id == id)
        let entry = try #require(stage.audit.audit.last)
        #expect(entry.action == "job.replay" && entry.subject == id.description)
        #expect(entry.tenant?.number == 42 && entry.actor == admin.key.description)
    }

    @Test func `a purged letter has left nothing but its entry in the audit log`() async throws {
        let stage = try DeskStage()
        let id = try await stage.dead()
        try await stage.desk.purge(id, by: admin)
        #expect(try await stage.store.record(of: id) == nil)
        #expect(try await stage.store.request(of: id) == nil)
        #expect(stage.audit.audit.last?.action == "job.purge")
    }

    @Test func `only what is dead is a dead letter`() async throws {
        let stage = try DeskStage()
        let id = try await stage.accept()
        for code in [
            await refusal { () async throws(WeirError) in
                _ = try await stage.desk.deadLetter(id, by: admin)
            },
            await refusal { () async throws(WeirError) in
                _ = try await stage.desk.replay(id, by: admin)
            },
            await refusal { () async throws(WeirError) in
                try await stage.desk.purge(id, by: admin)
            },
        ] {
            #expect(code == .conflict)
        }
        #expect(stage.audit.audit.isEmpty)
        let page = try await stage.desk.deadLetters(
            of: JobDesk.Selection(), below: nil, limit: 9, by: admin)
        #expect(page.jobs.isEmpty)
    }

    @Test func `dead letters are an administrator's`() async throws {
        let stage = try DeskStage()
        let id = try await stage.dead()
        let caller = try stage.everyone()
        for code in [
            await refusal { () async throws(WeirError) in
                _ = try await stage.desk.deadLetters(
                    of: JobDesk.Selection(), below: nil, limit: 9, by: caller)
            },
            await refusal { () async throws(WeirError) in
                _ = try await stage.desk.deadLetter(id, by: caller)
            },
            await refusal { () async throws(WeirError) in
                _ = try await stage.desk.replay(id, by: caller)
            },
            await refusal { () async throws(WeirError) in
                try await stage.desk.purge(id, by: caller)
            },
        ] {
            #expect(code == .forbidden)
        }
    }

    @Test func `a stranger's job is no job`() async throws {
        let stage = try DeskStage()
        let id = try await stage.accept()
        let absent = try name("job_absent")
        let stranger = try caller(.service, 43, 44)
        for target in [id, absent] {
            var errors: [WeirError?] = []
            errors.append(
                await #expect(throws: WeirError.self) {
                    try await stage.desk.standing(of: target, for: stranger)
                })
            errors.append(
                await #expect(throws: WeirError.self) {
                    try await stage.desk.result(of: target, for: stranger)
                })
            errors.append(
                await #expect(throws: WeirError.self) {
                    try await stage.desk.cancel(target, by: stranger)
                })
            for error in errors {
                #expect(error?.code == .notFound)
                #expect(error?.message == JobDesk.unknown.message)
                #expect(error?.param == nil)
            }
        }
        #expect(try await stage.store.job(id)?.status == .queued)
        let found = await complaint { () async throws(WeirError) in
            _ = try await stage.desk.page(
                of: JobDesk.Selection(tenant: TenantID(42)), below: nil, limit: 9, for: stranger)
        }
        #expect(found == "forbidden tenant_id")
        let unnamed = await complaint { () async throws(WeirError) in
            _ = try await stage.desk.page(
                of: JobDesk.Selection(), below: nil, limit: 9, for: stranger)
        }
        #expect(unnamed == "invalid_request tenant_id")
        let own = try caller(.tenant, 43)
        let page = try await stage.desk.page(
            of: JobDesk.Selection(), below: .max, limit: 9, for: own)
        #expect(page.jobs.isEmpty)
    }
}
