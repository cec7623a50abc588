import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// `/admin/webhooks`: deliveries that have reached nobody.
@Suite struct WebhookRouteTests {
    private let stage: Stage

    init() async throws {
        stage = try Stage()
        let now = stage.time.now()
        for (number, tenant) in [(1, 42), (2, 43), (3, 42)] {
            stage.webhooks.add(
                WebhookDelivery(
                    sequence: Int64(number), id: "job_a-\(number)",
                    tenant: try tenantID(Int64(tenant)),
                    url: "https://hooks.example:8443/secret/path?token=1", body: [], attempts: 0),
                at: now)
        }
        try await stage.webhooks.record(
            WebhookAttempt(.givenUp(at: now.advanced(seconds: 5)), outcome: "410"), of: 1)
        try await stage.webhooks.record(
            WebhookAttempt(.delivered(at: now), outcome: "delivered"), of: 3)
    }

    private func list(_ query: String = "") async throws -> [String] {
        let reply = try await stage.send(
            .get, "/admin/webhooks\(query)", key: Stage.Token.admin.rawValue)
        try #require(reply.status == 200)
        return (reply.json?["deliveries"]?.array ?? []).compactMap { $0["id"]?.string }
    }

    private func retry(_ id: String, key: Stage.Token = .admin) async throws -> Reply {
        try await stage.send(.post, "/admin/webhooks/\(id)/retry", key: key.rawValue)
    }

    @Test func `what waits and what was given up is listed, but no path`() async throws {
        let reply = try await stage.send(
            .get, "/admin/webhooks?tenant_id=42", key: Stage.Token.admin.rawValue)
        let expected: JSON = [
            "deliveries": [
                [
                    "id": "job_a-1", "job_id": "job_a", "tenant_id": 42,
                    "host": "hooks.example:8443", "state": "given_up", "attempts": 1,
                    "created_at": "2026-04-15T12:00:00Z", "next_attempt_at": .null,
                    "given_up_at": "2026-04-15T12:00:05Z", "last_outcome": "410",
                ]
            ],
            "next_cursor": .null,
        ]
        #expect(reply.json == expected)
        #expect(try await list() == ["job_a-2", "job_a-1"])
        #expect(try await list("?limit=1") == ["job_a-2"])
        #expect(try await list("?cursor=2") == ["job_a-1"])
        #expect(try await list("?state=waiting") == ["job_a-2"])
    }

    @Test func `one that was given up is sent anew`() async throws {
        let reply = try await retry("job_a-1")
        #expect(reply.status == 202)
        #expect(reply.json?["state"] == "waiting" && reply.json?["attempts"] == 0)
        #expect(reply.json?["next_attempt_at"] == "2026-04-15T12:00:00Z")
        #expect(try await list("?state=waiting") == ["job_a-2", "job_a-1"])
        #expect(try await retry("job_a-1").status == 409)
    }

    @Test func `what isn't given up can't be, and nobody else may`() async throws {
        #expect(try await retry("job_a-2").status == 409)
        #expect(try await retry("job_a-3").status == 404)
        #expect(try await retry("job_a-1", key: .service).status == 403)
        let reply = try await stage.send(
            .get, "/admin/webhooks", key: Stage.Token.tenant.rawValue)
        #expect(reply.status == 403)
    }
}
