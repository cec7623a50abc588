import Testing
import WeirCore
import WeirService
import WeirStorage
import WeirTesting

/// What every store of webhooks' deliveries does.
@Suite struct WebhookStoreTests {
    private let now = Sample.now

    @Test(arguments: [true, false])
    func `deliveries come due, and end once`(isSQLite: Bool) async throws {
        try await withDeliveries(isSQLite, tenants: [42, 43, 42]) { store in
            let due = try await store.dueWebhooks(at: now, passing: [], limit: 9)
            #expect(due.map(\.tenant.number) == [42, 43, 42])
            #expect(due.map(\.attempts) == [0, 0, 0])
            #expect(Set(due.map(\.id)).count == 3)
            #expect(try await store.dueWebhooks(at: now, passing: [], limit: 2).count == 2)
            let others = try await store.dueWebhooks(
                at: now, passing: [try Sample.tenant(42), try Sample.tenant(7)], limit: 9)
            #expect(others == [due[1]])
            let later = now.advanced(seconds: 5)
            try await store.record(
                WebhookAttempt(.again(at: later), outcome: "500"), of: due[0].sequence)
            try await store.record(
                WebhookAttempt(.delivered(at: now), outcome: "delivered"), of: due[1].sequence)
            #expect(
                try await store.dueWebhooks(at: now, passing: [], limit: 9) == [due[2]])
            let again = try await store.dueWebhooks(at: later, passing: [], limit: 9)
            #expect(again.map(\.id) == [due[2].id, due[0].id])
            #expect(again.last?.attempts == 1)
            // What has ended stays so.
            try await store.record(
                WebhookAttempt(.again(at: now), outcome: "late"), of: due[1].sequence)
            #expect(try await store.dueWebhooks(at: later, passing: [], limit: 9).count == 2)
        }
    }

    @Test(arguments: [true, false])
    func `what has ended is forgotten in its time`(isSQLite: Bool) async throws {
        try await withDeliveries(isSQLite, tenants: [42, 42, 42]) { store in
            let due = try await store.dueWebhooks(at: now, passing: [], limit: 9)
            try await store.record(
                WebhookAttempt(.delivered(at: now), outcome: ""), of: due[0].sequence)
            try await store.record(
                WebhookAttempt(.givenUp(at: now.advanced(seconds: 1)), outcome: "410"),
                of: due[1].sequence)
            #expect(try await store.forgetWebhooks(endedBy: now, limit: 9) == 1)
            let later = now.advanced(seconds: 9)
            #expect(try await store.forgetWebhooks(endedBy: later, limit: 9) == 1)
            #expect(try await store.forgetWebhooks(endedBy: later, limit: 9) == 0)
            #expect(try await store.dueWebhooks(at: now, passing: [], limit: 9) == [due[2]])
        }
    }

    @Test(arguments: [true, false])
    func `what has reached nobody is listed, and tried anew`(isSQLite: Bool) async throws {
        try await withDeliveries(isSQLite, tenants: [42, 43, 42]) { store in
            let due = try await store.dueWebhooks(at: now, passing: [], limit: 9)
            let ends: [(WebhookAttempt.Result, String)] = [
                (.delivered(at: now), "delivered"), (.givenUp(at: now), "410"),
            ]
            for (delivery, end) in zip(due, ends) {
                try await store.record(
                    WebhookAttempt(end.0, outcome: end.1), of: delivery.sequence)
            }
            func open(
                _ tenant: Int64? = nil, _ state: WebhookRecord.State? = nil, below: Int64? = nil,
                limit: Int = 9
            ) async throws -> [String] {
                try await store.openWebhooks(
                    of: try tenant.map(Sample.tenant), in: state, below: below, limit: limit
                ).map(\.delivery.id)
            }
            #expect(try await open() == ["id-2", "id-1"])
            #expect(try await open(limit: 1) == ["id-2"])
            #expect(try await open(below: due[2].sequence) == ["id-1"])
            #expect(try await open(43) == ["id-1"])
            #expect(try await open(nil, .waiting) == ["id-2"])
            #expect(try await open(42, .givenUp) == [])
            let record = try #require(try await store.openWebhook("id-1"))
            #expect(record.state == .givenUp && record.outcome == "410" && record.moment == now)
            #expect(record.delivery.attempts == 1)
            #expect(try await store.openWebhook("id-0") == nil)
            #expect(try await store.openWebhook("id-9") == nil)

            let later = now.advanced(seconds: 60)
            for (delivery, isRetried) in zip(due, [false, true, false]) {
                #expect(
                    try await store.retryWebhook(delivery.sequence, at: later) == isRetried)
            }
            #expect(try await !store.retryWebhook(due[1].sequence, at: later))
            let again = try await store.dueWebhooks(at: later, passing: [], limit: 9)
            #expect(again == [due[2], due[1]])
            #expect(try await store.openWebhook("id-1")?.outcome == "410")
        }
    }

    @Test func `a job's end and its delivery are one transaction`() async throws {
        try await withStore { store, _ in
            try await end(1, in: store, webhook: "https://hooks.example/x")
            try await end(2, in: store, webhook: nil)
            let due = try await store.dueWebhooks(at: now, passing: [], limit: 9)
            #expect(due.map(\.id) == ["job_1-1"])
            #expect(due.map(\.url) == ["https://hooks.example/x"])
            let body = try JSONParser.parse(try #require(due.first?.body), .request)
            #expect(body["id"] == "job_1-1")
            #expect(body["event"] == "JobCompleted")
            #expect(body["at"]?.string == now.rfc3339)
            #expect(body["data"]?["job_id"] == "job_1")
        }
    }

    private func end(_ number: Int, in store: SQLiteStore, webhook: String?) async throws {
        let job = try Sample.job(number)
        let request = JobRequest(
            key: try #require(KeyID("key_1")), role: .service,
            feature: try #require(FeatureSlug("default")), calls: [["user_message": "hi"]],
            webhook: webhook)
        _ = try await store.enqueue(job, request: request, claim: nil, limit: 9)
        _ = try await store.claim(from: job.queue, QueueRules(), at: now)
        _ = try await store.apply(.complete(epoch: 1, at: now), to: job.id, result: [])
    }

    private func withDeliveries(
        _ isSQLite: Bool, tenants: [Int64], _ body: (any WebhookStore) async throws -> Void
    ) async throws {
        guard isSQLite else {
            let store = InMemoryWebhookStore()
            for (index, tenant) in tenants.enumerated() {
                store.add(
                    WebhookDelivery(
                        sequence: Int64(index + 1), id: "id-\(index)",
                        tenant: try Sample.tenant(tenant), url: "https://hooks.example/",
                        body: [], attempts: 0), at: now)
            }
            return try await body(store)
        }
        try await withStore { store, path in
            for (index, tenant) in tenants.enumerated() {
                try rawSQL(
                    path,
                    """
                    INSERT INTO webhook_deliveries (delivery_id, tenant_id, url, body,
                        created_at, state, moment, attempts)
                    VALUES ('id-\(index)', \(tenant), 'https://hooks.example/', '{}',
                        0, 'waiting', \(now.milliseconds), 0)
                    """)
            }
            try await body(store)
        }
    }
}
