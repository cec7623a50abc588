import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// `/ai/jobs` and what an administrator does with dead letters.
@Suite struct JobRouteTests {
    private func post(
        _ stage: Stage, _ body: String, key: Stage.Token = .service,
        fields: [(String, String)] = []
    ) async throws -> Reply {
        try await stage.send(
            .post, "/ai/jobs", key: key.rawValue, fields: fields, body: body)
    }

    private func kept(_ stage: Stage, _ reply: Reply) async throws -> (JobRecord, JobRequest) {
        let id = try slug(try #require(reply.json?["job_id"]?.string))
        let record = try #require(try await stage.jobs.record(of: id))
        let request = try #require(try await stage.jobs.request(of: id).flatMap { JobRequest($0) })
        return (record, request)
    }

    @Test func `an accepted job says where it is`() async throws {
        let stage = try Stage()
        let body = """
            {"tenant_id": 42, "user_id": 9, "feature_slug": "sales", "model": "small",
             "user_message": "Hi", "max_tokens": 5, "stream": false, "queue": "ai-reports",
             "priority": -3, "webhook_url": "https://example.com/x", "wait_for_budget": true,
             "run_at": "2026-04-16T00:00:00Z", "deadline": "2026-04-17T00:00:00Z", "mode": "live"}
            """
        let reply = try await post(stage, body)
        #expect(reply.status == 202)
        let id = try #require(reply.json?["job_id"]?.string)
        #expect(reply.json?["status"] == "queued")
        #expect(reply.header("location") == "/ai/jobs/\(id)")
        #expect(reply.header("idempotent-replayed") == nil)
        let (record, request) = try await kept(stage, reply)
        #expect(record.job.tenant.number == 42 && record.job.user.number == 9)
        #expect(record.job.queue == .reportQueue && record.job.priority == -3)
        #expect(record.job.waitsForBudget)
        #expect(record.job.deadline.rfc3339 == "2026-04-17T00:00:00Z")
        #expect(record.feature.description == "sales")
        #expect(request.webhook == "https://example.com/x")
        #expect(request.key.description == "key_service")
        #expect(
            request.calls == [
                [
                    "tenant_id": 42, "user_id": 9, "feature_slug": "sales", "model": "small",
                    "user_message": "Hi", "max_tokens": 5,
                ]
            ])
        #expect(stage.completions.count == 0)
    }

    @Test func `a key of one tenant needn't name it, and the kept call names it`() async throws {
        let stage = try Stage()
        let reply = try await post(
            stage, #"{"model": "small", "user_message": "Hi", "delay_s": 60}"#, key: .tenant)
        let (record, request) = try await kept(stage, reply)
        #expect(request.calls[0]["tenant_id"] == 42)
        let due = stage.time.now().advanced(seconds: 60)
        #expect(record.job.state == .queued(dueAt: due, because: .turn))
    }

    @Test(arguments: [
        (#""stream": true"#, "stream"), (#""stream": 1"#, "stream"), (#""mode": "batch""#, "mode"),
        (#""mode": "fast""#, "mode"), (#""priority": 11"#, "priority"),
        (#""priority": "1""#, "priority"), (#""queue": "nowhere""#, "queue"),
        (#""queue": "two words""#, "queue"), (#""queue": null"#, "queue"),
        (#""wait_for_budget": "yes""#, "wait_for_budget"), (#""run_at": "soon""#, "run_at"),
        (#""run_at": "2027-04-16T00:00:00Z""#, "run_at"), (#""delay_s": -1"#, "delay_s"),
        (#""delay_s": 3024001"#, "delay_s"),
        (#""delay_s": 1, "run_at": "2026-04-16T00:00:00Z""#, "delay_s"),
        (#""deadline": "2026-04-15T00:00:00Z""#, "deadline"),
        (#""webhook_url": "ftp://x/""#, "webhook_url"), (#""webhook_url": 1"#, "webhook_url"),
        (#""max_tokens": 0"#, "max_tokens"), (#""temperature": 3"#, "temperature"),
        (#""messages": []"#, "messages"), (#""colour": "red""#, "colour"),
        (#""tenant_id": 0"#, "tenant_id"), (#""feature_slug": "two words""#, "feature_slug"),
    ])
    func `a malformed job is refused at once, by name`(
        fields: String, param: String
    ) async throws {
        let stage = try Stage()
        let tenant = fields.contains("tenant_id") ? "" : #""tenant_id": 42, "#
        let reply = try await post(
            stage, #"{\#(tenant)"model": "small", "user_message": "Hi", \#(fields)}"#)
        #expect(reply.status == 400)
        #expect(reply.error == "invalid_request")
        #expect(reply.param == param)
    }

    @Test(
        arguments: [
            (#"{"tenant_id": 42, "user_message": "Hi"}"#, 400, "model"),
            (#"{"tenant_id": 42, "model": "small"}"#, 400, "user_message"),
            (#"{"model": "small", "user_message": "Hi"}"#, 400, "tenant_id"),
            (#"{"tenant_id": 42, "model": "nowhere", "user_message": "Hi"}"#, 400, "model"),
            (#"{"tenant_id": 43, "model": "small", "user_message": "Hi"}"#, 403, "tenant_id"),
            ("[]", 400, nil), ("null", 400, nil), ("", 400, nil),
        ] as [(String, Int, String?)])
    func `what is missing is said`(body: String, status: Int, param: String?) async throws {
        let reply = try await post(try Stage(), body)
        #expect(reply.status == status)
        #expect(reply.param == param)
    }

    @Test func `a key stands for one job`() async throws {
        let stage = try Stage()
        let body = #"{"tenant_id": 42, "model": "small", "user_message": "Hi"}"#
        let key = [("Idempotency-Key", "one")]
        let first = try await post(stage, body, fields: key)
        let again = try await post(
            stage, #"{"user_message": "Hi", "model": "small", "tenant_id": 42}"#, fields: key)
        #expect((first.status, again.status) == (202, 202))
        #expect(again.json == first.json)
        #expect(again.header("idempotent-replayed") == "true")
        let other = try await post(
            stage, #"{"tenant_id": 42, "model": "small", "user_message": "Ho"}"#, fields: key)
        #expect((other.status, other.error) == (422, "idempotency_mismatch"))
        let keyless = try await post(stage, body)
        #expect(keyless.json != first.json)
    }

    @Test func `a job shows how it stands`() async throws {
        let stage = try Stage()
        try await stage.plantJobs()
        let reply = try await stage.send(.get, "/ai/jobs/job_open", key: "wk_tenant_42")
        #expect(
            reply.json == [
                "job_id": "job_open", "tenant_id": 42, "user_id": 101, "feature_slug": "sales",
                "queue": "default", "priority": 0, "status": "queued", "waits_for": "turn",
                "attempts": 0, "progress": ["done": 0, "total": 1], "wait_for_budget": false,
                "created_at": "2026-04-15T12:00:24Z", "updated_at": "2026-04-15T12:00:24Z",
                "run_at": "2026-04-15T12:00:24Z", "started_at": .null, "ended_at": .null,
                "deadline": "2026-04-16T12:00:24Z", "error": .null, "message": .null,
                "eta_s": 12,
            ])
        let dead = try await stage.send(.get, "/ai/jobs/job_dead", key: "wk_tenant_42")
        #expect(dead.json?["error"] == "ai_budget_exceeded")
        #expect(dead.json?["message"] == "The budget is used up")
        #expect(dead.json?["attempts"] == 1 && dead.json?["eta_s"] == .null)
        let done = try await stage.send(.get, "/ai/jobs/job_done", key: "wk_tenant_42")
        #expect(done.json?["progress"] == ["done": 1, "total": 1])
        #expect(!(reply.text + dead.text + done.text).contains("secret words"))
    }

    @Test func `a result is given, or the reason why there is none`() async throws {
        let stage = try Stage()
        try await stage.plantJobs()
        let done = try await stage.send(.get, "/ai/jobs/job_done/result", key: "wk_tenant_42")
        #expect((done.status, done.json) == (200, ["content": "done"]))
        let open = try await stage.send(.get, "/ai/jobs/job_open/result", key: "wk_tenant_42")
        #expect((open.status, open.error) == (409, "conflict"))
        #expect(open.json?["status"] == "queued" && open.json?["failure"] == nil)
        let dead = try await stage.send(.get, "/ai/jobs/job_dead/result", key: "wk_tenant_42")
        #expect((dead.status, dead.json?["status"]) == (409, "failed"))
        #expect(dead.json?["failure"]?["error"] == "ai_budget_exceeded")
        #expect(dead.header("x-should-retry") == "false")
    }

    @Test func `a list is filtered, paged, and without results`() async throws {
        let stage = try Stage()
        try await stage.plantJobs()
        func ids(_ query: String, _ key: Stage.Token = .service) async throws -> [String] {
            let reply = try await stage.send(.get, "/ai/jobs\(query)", key: key.rawValue)
            #expect(reply.status == 200)
            return (reply.json?["jobs"]?.array ?? []).compactMap { $0["job_id"]?.string }
        }
        #expect(try await ids("?tenant_id=42") == ["job_open", "job_dead", "job_done"])
        #expect(try await ids("?tenant_id=42&status=failed") == ["job_dead"])
        #expect(try await ids("?tenant_id=42&queue=ai-reports") == [])
        #expect(try await ids("", .tenant).count == 3)
        #expect(try await ids("", .everywhere).count == 3)
        #expect(try await ids("", .elsewhere) == [])
        #expect(try await ids("?tenant_id=43", .admin) == [])
        let page = try await stage.send(.get, "/ai/jobs?limit=2", key: "wk_admin")
        let cursor = try #require(page.json?["next_cursor"]?.string)
        #expect(try await ids("?limit=2&cursor=\(cursor)", .admin) == ["job_done"])
        for query in ["", "?status=done", "?tenant_id=42&queue=a%20b", "?tenant_id=42&limit=501"] {
            let reply = try await stage.send(
                .get, "/ai/jobs\(query)", key: Stage.Token.service.rawValue)
            #expect(reply.status == 400, "\(query)")
        }
    }

    @Test func `a job is called off once, and stays so`() async throws {
        let stage = try Stage()
        try await stage.plantJobs()
        for _ in 0..<2 {
            let reply = try await stage.send(.delete, "/ai/jobs/job_open", key: "wk_tenant_42")
            #expect((reply.status, reply.json?["status"]) == (200, "cancelled"))
        }
        let done = try await stage.send(.delete, "/ai/jobs/job_done", key: "wk_tenant_42")
        #expect((done.status, done.error) == (409, "conflict"))
    }

    @Test(arguments: [
        (HTTPRequest.Method.get, ""), (.delete, ""), (.get, "/result"),
    ])
    func `another tenant's job looks like none`(
        method: HTTPRequest.Method, path: String
    ) async throws {
        let stage = try Stage()
        try await stage.plantJobs()
        let key = Stage.Token.elsewhere.rawValue
        var seen: Set<String> = []
        for id in ["job_open", "job_done", "job_dead", "job_absent", "two%20words"] {
            let reply = try await stage.send(method, "/ai/jobs/\(id)\(path)", key: key)
            #expect(reply.status == 404)
            let names = reply.answer.headers.map { $0.name.canonicalName }.sorted()
            seen.insert("\(reply.json?["message"]?.string ?? "") \(names)")
        }
        #expect(seen.count == 1)
        let open = try await stage.jobs.record(of: try slug("job_open"))
        #expect(open?.job.status == .queued)
    }

    @Test func `dead letters are listed, inspected, replayed and purged`() async throws {
        let stage = try Stage()
        try await stage.plantJobs()
        let list = try await stage.send(.get, "/admin/jobs/dead", key: "wk_admin")
        #expect(list.json?["jobs"]?.array?.map { $0["job_id"] } == ["job_dead"])
        let letter = try await stage.send(.get, "/admin/jobs/dead/job_dead", key: "wk_admin")
        #expect(
            letter.json?["request"] == [
                "key_id": "key_service", "calls": 1, "models": ["small"], "webhook_url": .null,
            ])
        #expect(
            letter.json?["history"] == [
                [
                    "attempt": 1, "claim": 1, "claimed_at": "2026-04-15T12:00:12Z",
                    "ended_at": "2026-04-15T12:00:24Z", "outcome": "failed",
                    "error": "ai_budget_exceeded",
                ]
            ])
        #expect(!letter.text.contains("secret words"))
        let path = "/admin/jobs/dead/job_dead"
        let replay = try await stage.send(.post, path + "/replay", key: "wk_admin")
        #expect((replay.status, replay.json?["status"]) == (202, "queued"))
        #expect(try await stage.send(.get, path, key: "wk_admin").status == 409)
        _ = try await stage.jobs.apply(
            .cancel(at: stage.time.now()), to: try slug("job_open"), result: nil)
        try await stage.end(nil)
        #expect(try await stage.send(.delete, path, key: "wk_admin").status == 204)
        #expect(try await stage.send(.get, path, key: "wk_admin").status == 404)
    }

    @Test func `where no jobs are kept there are no routes of them`() async throws {
        let stage = try Stage()
        var use = stage.use
        use.jobs = nil
        let paths = Routes(use: use, settings: ServerSettings()).all.map(\.path)
        #expect(!paths.contains { $0.contains("/jobs") })
    }
}
