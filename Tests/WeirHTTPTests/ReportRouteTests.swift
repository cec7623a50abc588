import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

@Suite struct ReportRouteTests {
    private func post(
        _ stage: Stage, _ body: String, key: Stage.Token = .service,
        fields: [(String, String)] = []
    ) async throws -> Reply {
        try await stage.send(
            .post, "/reports/generate", key: key.rawValue, fields: fields, body: body)
    }

    private func get(
        _ stage: Stage, _ target: String, key: Stage.Token = .tenant
    ) async throws -> Reply {
        try await stage.send(.get, "/reports/\(target)", key: key.rawValue)
    }

    @Test func `parameters become a job's call`() async throws {
        let stage = try Stage()
        let body = """
            {"tenant_id": 42, "user_id": 9, "params": {"topic": "Sales", "may": 5}, "priority": 2,
             "webhook_url": "https://example.com/x", "wait_for_budget": true, "delay_s": 60}
            """
        let reply = try await post(stage, body)
        #expect(reply.status == 202)
        let id = try #require(reply.json?["job_id"]?.string)
        #expect(reply.json == ["job_id": .string(id), "status": "queued"])
        #expect(reply.header("location") == "/reports/\(id)/status")
        let record = try #require(try await stage.jobs.record(of: try slug(id)))
        #expect(record.job.queue == .reportQueue && record.job.priority == 2)
        #expect(record.job.user.number == 9 && record.job.waitsForBudget && record.isReport)
        #expect(record.feature == .reportGeneration)
        let request = try #require(
            try await stage.jobs.request(of: try slug(id)).flatMap { JobRequest($0) })
        #expect(request.report == ReportForm(title: "Sales"))
        #expect(request.webhook == "https://example.com/x")
        let call = try #require(request.calls.first)
        #expect(call["tenant_id"] == 42 && call["user_id"] == 9 && call["model"] == "small")
        #expect(call["feature_slug"] == "report-generation" && call["max_tokens"] == 4_096)
        #expect(call["user_message"]?.string?.contains(#"{"topic":"Sales","may":5}"#) == true)
        // As it would be read where it is made.
        _ = try CompletionFields(call, defaultMaxTokens: 9)
    }

    @Test func `a list becomes a job of many calls in the queue that is named`() async throws {
        let stage = try Stage()
        let reply = try await post(
            stage,
            """
            {"feature_slug": "batch-analysis", "queue": "default",
             "params": {"instruction": "Sum up.", "inputs": ["one", "two"]}}
            """, key: .tenant)
        let id = try #require(reply.json?["job_id"]?.string)
        let status = try await get(stage, "\(id)/status")
        #expect(
            status.json == [
                "report_id": .string(id), "job_id": .string(id), "tenant_id": 42, "user_id": 0,
                "feature_slug": "batch-analysis", "status": "queued",
                "progress": ["done": 0, "total": 2], "created_at": "2026-04-15T12:00:00Z",
                "ended_at": .null, "error": .null, "message": .null, "eta_s": .null,
                "download_url": .null,
            ])
    }

    @Test(
        arguments: [
            (#"{"params": {}}"#, 400, "tenant_id"), (#"{"tenant_id": 42}"#, 400, "params"),
            (#"{"tenant_id": 42, "params": []}"#, 400, "params"),
            (#"{"tenant_id": 42, "params": null}"#, 400, "params"),
            (#"{"tenant_id": 42, "params": {}, "colour": 1}"#, 400, "colour"),
            (#"{"tenant_id": 42, "params": {}, "mode": "batch"}"#, 400, "mode"),
            (#"{"tenant_id": 42, "params": {}, "model": "small"}"#, 400, "model"),
            (#"{"tenant_id": 42, "params": {}, "user_id": -1}"#, 400, "user_id"),
            (#"{"tenant_id": 42, "params": {}, "queue": "nowhere"}"#, 400, "queue"),
            (#"{"tenant_id": 42, "params": {}, "priority": 11}"#, 400, "priority"),
            (#"{"tenant_id": 42, "params": {}, "webhook_url": "x"}"#, 400, "webhook_url"),
            (#"{"tenant_id": 42, "params": {}, "feature_slug": "x"}"#, 400, "feature_slug"),
            (
                #"{"tenant_id": 42, "params": {}, "feature_slug": "document-extraction"}"#, 400,
                "params.document"
            ),
            (#"{"tenant_id": 43, "params": {}}"#, 403, "tenant_id"), ("[]", 400, nil),
        ] as [(String, Int, String?)])
    func `what can't be reported is refused at once`(
        body: String, status: Int, param: String?
    ) async throws {
        let stage = try Stage()
        let reply = try await post(stage, body)
        #expect(reply.status == status)
        #expect(reply.param == param)
    }

    @Test func `a key stands for one report`() async throws {
        let stage = try Stage()
        let key = [("Idempotency-Key", "one")]
        let first = try await post(stage, #"{"tenant_id": 42, "params": {"a": 1}}"#, fields: key)
        let again = try await post(stage, #"{"params": {"a": 1}, "tenant_id": 42}"#, fields: key)
        #expect(again.json == first.json && again.header("idempotent-replayed") == "true")
        let other = try await post(stage, #"{"tenant_id": 42, "params": {"a": 2}}"#, fields: key)
        #expect((other.status, other.error) == (422, "idempotency_mismatch"))
    }

    @Test func `a complete report can be had in three forms`() async throws {
        let stage = try Stage()
        try await stage.plantReport("Up by *5 %*.<script>", title: "Sales \"May\"")
        let status = try await get(stage, "job_report/status")
        #expect(status.json?["status"] == "complete")
        #expect(status.json?["download_url"] == "/reports/job_report/download")
        #expect(status.json?["progress"] == ["done": 1, "total": 1])
        let json = try await get(stage, "job_report/download")
        #expect(json.header("content-type") == "application/json")
        #expect(json.json?["content"] == "Up by *5 %*.<script>")
        #expect(
            json.header("content-disposition")
                == "attachment; filename=\"sales-may-job_report.json\"")
        let markdown = try await get(stage, "job_report/download?format=markdown")
        #expect(markdown.header("content-type") == "text/markdown; charset=utf-8")
        #expect(markdown.text == "# Sales \"May\"\n\nUp by *5 %*.<script>\n")
        #expect(markdown.header("content-disposition")?.hasSuffix("report.md\"") == true)
        let html = try await get(stage, "job_report/download?format=html")
        #expect(html.header("content-type") == "text/html; charset=utf-8")
        #expect(html.text.contains("<p>Up by <em>5 %</em>.&lt;script&gt;</p>"))
        #expect(
            html.header("content-security-policy")
                == "\(ReportDocument.policy); frame-ancestors 'none'")
        for reply in [json, markdown, html] {
            #expect(reply.header("x-content-type-options") == "nosniff")
            #expect(reply.header("cache-control") == "no-store")
        }
        #expect(try await get(stage, "job_report/download?format=pdf").param == "format")
    }

    @Test func `a report that isn't ready, or has failed, is a conflict`() async throws {
        let stage = try Stage()
        let form = ReportForm(title: "x")
        try await stage.plantJob("job_report", report: form)
        let open = try await get(stage, "job_report/download")
        #expect((open.status, open.error) == (409, "conflict"))
        #expect(open.json?["status"] == "queued")
        try await stage.end(nil)
        let failed = try await get(stage, "job_report/download")
        #expect(failed.json?["failure"]?["error"] == "ai_budget_exceeded")
        let status = try await get(stage, "job_report/status")
        #expect(status.json?["error"] == "ai_budget_exceeded")
        #expect(status.json?["download_url"] == .null)
    }

    @Test(arguments: ["status", "download", "download?format=html"])
    func `another tenant's report, and a job that is none, look like none`(
        path: String
    ) async throws {
        let stage = try Stage()
        try await stage.plantReport()
        try await stage.plantJobs()
        var seen: Set<String> = []
        for (id, key) in [
            ("job_report", Stage.Token.elsewhere), ("job_absent", .elsewhere),
            ("two%20words", .elsewhere), ("job_done", .tenant), ("job_absent", .tenant),
        ] {
            let reply = try await get(stage, "\(id)/\(path)", key: key)
            #expect(reply.status == 404)
            seen.insert(reply.json?["message"]?.string ?? "")
        }
        #expect(seen.count == 1, "\(seen)")
    }

    @Test func `where no jobs are kept there are no reports`() throws {
        var use = try Stage().use
        use.reports = nil
        let paths = Routes(use: use, settings: ServerSettings()).all.map(\.path)
        #expect(!paths.contains { $0.hasPrefix("/reports") })
    }
}
