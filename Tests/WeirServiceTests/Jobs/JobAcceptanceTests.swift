import Testing
import WeirCore
import WeirService
import WeirTesting

/// What comes of an order for a job.
@Suite struct JobAcceptanceTests {
    @Test func `an accepted job is in the store as it was ordered`() async throws {
        let stage = try DeskStage()
        let later = stage.time.now().advanced(seconds: 60)
        let order = try stage.order {
            ($0.priority, $0.runAt, $0.waitsForBudget) = (3, later, true)
        }
        let accepted = try await stage.desk.accept(order, by: try stage.everyone())
        #expect(!accepted.isReplay)
        #expect(accepted.job.id.description.wholeMatch(of: /job_[0-9a-hjkmnp-tv-z]{26}/) != nil)
        let kept = try #require(try await stage.store.record(of: accepted.job.id))
        #expect(kept.job == accepted.job)
        #expect(kept.job.state == .queued(dueAt: later, because: .turn))
        #expect(kept.job.user.number == 7)
        #expect((kept.job.priority, kept.job.waitsForBudget) == (3, true))
        #expect(kept.job.queue == .standardQueue)
        let request = try await stage.store.request(of: accepted.job.id)
        #expect(request == order.request.encoded)
    }

    @Test func `ids come in the order of acceptance, each once`() async throws {
        let stage = try DeskStage()
        var ids: [String] = []
        for _ in 0..<20 {
            ids.append(try await stage.accept().description)
            stage.time.advance(seconds: 1)
        }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == 20)
    }

    @Test(
        arguments: [
            (42, "small", "default", nil), (42, "nowhere", "default", "unknown_model model"),
            (42, "small", "off", "ai_feature_disabled"),
            (43, "small", "default", "forbidden model"),
            (44, "small", "default", "ai_module_inactive"),
            (45, "small", "default", "forbidden tenant_id"),
        ] as [(Int64, String, String, String?)])
    func `what the service would refuse at once is not accepted`(
        tenant: Int64, model: String, feature: String, expected: String?
    ) async throws {
        let stage = try DeskStage()
        let order = try stage.order(tenant, model: model, feature: feature)
        let caller = try stage.everyone()
        let found = await complaint { () async throws(WeirError) in
            _ = try await stage.desk.accept(order, by: caller)
        }
        #expect(found == expected)
        let all = try await stage.store.jobs(
            tenant: nil, status: nil, queue: nil, below: nil, limit: 9)
        #expect(all.count == (expected == nil ? 1 : 0))
    }

    @Test(arguments: ["all", "tenant:42", "feature:default", "provider:acme", "model:small"])
    func `a kill switch stops jobs at the desk`(target: String) async throws {
        let stage = try DeskStage()
        let target = try #require(KillSwitches.Target(target))
        try await stage.directory.apply(
            .engage(target, true),
            audit: AuditEntry(at: stage.time.now(), actor: "test", action: "x", subject: "x"))
        let (order, caller) = (try stage.order(), try stage.everyone())
        let code = await refusal { () async throws(WeirError) in
            _ = try await stage.desk.accept(order, by: caller)
        }
        #expect(code == .killSwitch)
    }

    @Test func `where the service is elsewhere its tenants and models are its to know`()
        async throws
    {
        let stage = try DeskStage(knowsModels: false)
        let stranger = try caller(.service, 4_711)
        var order = try stage.order(model: "whatever")
        order.tenant = try tenantNumber(4_711)
        _ = try await stage.desk.accept(order, by: stranger)
        // Whom the key reaches is known here, and what is stopped, whoever knows the tenant.
        let other = try caller(.service, 4_712)
        let elsewhere = await refusal { [order] () async throws(WeirError) in
            _ = try await stage.desk.accept(order, by: other)
        }
        #expect(elsewhere == .forbidden)
        try await stage.directory.apply(
            .engage(.tenant(order.tenant), true),
            audit: AuditEntry(at: stage.time.now(), actor: "test", action: "x", subject: "x"))
        let stopped = await refusal { [order] () async throws(WeirError) in
            _ = try await stage.desk.accept(order, by: stranger)
        }
        #expect(stopped == .killSwitch)
        // What is known here counts all the same.
        let (off, everyone) = (try stage.order(44), try stage.everyone())
        let code = await refusal { () async throws(WeirError) in
            _ = try await stage.desk.accept(off, by: everyone)
        }
        #expect(code == .moduleInactive)
    }

    @Test func `an administrator's job runs without an administrator's rights`() async throws {
        let request = JobRequest(
            caller: Authenticator.bootstrapAdmin, feature: try name("default"), calls: [.null])
        #expect(request.role == .service)
        let tenant = JobRequest(
            caller: try caller(.tenant, 42), feature: try name("default"), calls: [.null])
        #expect(tenant.role == .tenant)
    }

    private static let month: Int64 = 35 * 86_400

    @Test(
        arguments: [
            ("", 0, nil, nil, nil), ("", 10, nil, nil, nil), ("", -10, nil, nil, nil),
            ("", 11, nil, nil, "invalid_request priority"),
            ("", -11, nil, nil, "invalid_request priority"),
            ("nowhere", 0, nil, nil, "invalid_request queue"), ("ai-reports", 0, nil, nil, nil),
            ("", 0, month, nil, nil), ("", 0, month + 1, nil, "invalid_request run_at"),
            ("", 0, -60, nil, nil), ("", 0, nil, 0, "invalid_request deadline"),
            ("", 0, nil, 1, nil), ("", 0, 60, 60, "invalid_request deadline"),
            ("", 0, 60, 61, nil), ("", 0, 60, month + 60, nil),
            ("", 0, 60, month + 61, "invalid_request deadline"),
            ("", 0, nil, .max, "invalid_request deadline"),
            ("", 0, .max, nil, "invalid_request run_at"),
        ] as [(String, Int, Int64?, Int64?, String?)])
    func `queue, priority, moment and deadline have bounds`(
        queue: String, priority: Int, runAt: Int64?, deadline: Int64?, expected: String?
    ) async throws {
        let stage = try DeskStage()
        let now = stage.time.now()
        let order = try stage.order {
            $0.queue = QueueName(queue)
            $0.priority = priority
            $0.runAt = runAt.map { now.advanced(seconds: $0) }
            $0.deadline = deadline.map { now.advanced(seconds: $0) }
        }
        let caller = try stage.everyone()
        let found = await complaint { () async throws(WeirError) in
            _ = try await stage.desk.accept(order, by: caller)
        }
        #expect(found == expected)
    }

    @Test(arguments: [(false, nil, 3_600), (false, 100, 3_700), (true, nil, month)])
    func `a job that says no deadline has its queue's, or time for any month's budget`(
        waits: Bool, delay: Int64?, expected: Int64
    ) async throws {
        var queue = JobQueues.Queue()
        queue.deadline = .seconds(3_600)
        let stage = try DeskStage(queues: JobQueues([.standardQueue: queue]))
        let now = stage.time.now()
        let id = try await stage.accept {
            $0.waitsForBudget = waits
            $0.runAt = delay.map { now.advanced(seconds: $0) }
        }
        let job = try #require(try await stage.store.job(id))
        #expect(job.deadline == now.advanced(seconds: expected))
    }

    @Test func `a tenant's queue is full where it is full, for others it isn't`() async throws {
        var queue = JobQueues.Queue()
        queue.mostWaiting = 2
        let stage = try DeskStage(queues: JobQueues([.standardQueue: queue]))
        let first = try await stage.accept()
        try await stage.accept()
        let (order, caller) = (try stage.order(), try stage.everyone())
        let error = await #expect(throws: WeirError.self) {
            try await stage.desk.accept(order, by: caller)
        }
        #expect(error?.code == .rateLimited)
        #expect(error?.retryAfter == 30)
        try await stage.accept { $0.queue = .reportQueue }
        _ = try await stage.desk.cancel(first, by: caller)
        try await stage.accept()
    }

    @Test func `a key stands for one job, whatever became of it`() async throws {
        let stage = try DeskStage()
        let caller = try stage.everyone()
        let key = try #require(IdempotencyKey("k", fingerprint: [1]))
        let first = try await stage.desk.accept(
            try stage.order(), by: caller, idempotency: key)
        let again = try await stage.desk.accept(
            try stage.order(), by: caller, idempotency: key)
        #expect(again.isReplay && again.job == first.job)
        try await stage.work(.complete("{}"))
        let late = try await stage.desk.accept(
            try stage.order(), by: caller, idempotency: key)
        #expect(late.isReplay && late.job.status == .complete)
        let other = try #require(IdempotencyKey("k", fingerprint: [2]))
        let order = try stage.order()
        let found = await complaint { () async throws(WeirError) in
            _ = try await stage.desk.accept(order, by: caller, idempotency: other)
        }
        #expect(found == "idempotency_mismatch Idempotency-Key")
    }

    @Test func `queues can change while the desk is open`() async throws {
        let stage = try DeskStage()
        let name = try name("overnight")
        let (order, caller) = (try stage.order { $0.queue = name }, try stage.everyone())
        let found = await complaint { () async throws(WeirError) in
            _ = try await stage.desk.accept(order, by: caller)
        }
        #expect(found == "invalid_request queue")
        stage.desk.apply(JobQueues([name: JobQueues.Queue()]))
        #expect(try await stage.desk.accept(order, by: caller).job.queue == name)
    }

    @Test(arguments: [
        ("https://example.com/hook", true), ("http://10.0.0.1:8080/x?y=z", true),
        ("https://[::1]/", true), ("ftp://example.com/", false), ("https://", false),
        ("https:///path", false), ("https://?q", false), ("//example.com/", false),
        ("/path", false), ("", false), ("https://exa mple.com/", false),
        ("https://example.com/\n", false), ("https://example.com\\@evil/", false),
        ("https://user@", true), ("https://@example.com", false), ("https://é.example/", false),
        ("https://e.example/" + String(repeating: "x", count: 2_048), false),
        ("javascript:alert(1)", false), ("HTTPS://example.com/", false),
    ])
    func `only an address can be told of a job's end`(url: String, isFine: Bool) async throws {
        let found = await complaint { () async throws(WeirError) in
            try PlainWebhookRule().check(url)
        }
        #expect(found == (isFine ? nil : "invalid_request webhook_url"))
    }

    private struct NoWebhooks: WebhookRule {
        func check(_ url: String) throws(WeirError) {
            throw WeirError(.invalidRequest, "none", param: "webhook_url")
        }
    }

    @Test func `a webhook's address is looked at before anything is kept`() async throws {
        let stage = try DeskStage(webhooks: NoWebhooks())
        let order = try stage.order {
            $0.request = JobRequest(
                key: $0.request.key, role: .service, feature: $0.request.feature,
                calls: $0.request.calls, webhook: "https://example.com/")
        }
        let caller = try stage.everyone()
        let found = await complaint { () async throws(WeirError) in
            _ = try await stage.desk.accept(order, by: caller)
        }
        #expect(found == "invalid_request webhook_url")
        try await stage.accept()
    }

    @Test func `calls that are too large together are refused`() async throws {
        let stage = try DeskStage()
        let text = String(repeating: "x", count: 1 << 20)
        let call: JSON = ["model": "small", "user_message": .string(text)]
        let order = try stage.order {
            $0.request = JobRequest(
                key: $0.request.key, role: .service, feature: $0.request.feature,
                calls: Array(repeating: call, count: 64))
        }
        let caller = try stage.everyone()
        let code = await refusal { () async throws(WeirError) in
            _ = try await stage.desk.accept(order, by: caller)
        }
        #expect(code == .payloadTooLarge)
    }
}
