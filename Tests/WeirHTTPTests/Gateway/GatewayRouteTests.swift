import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// The routes of a gateway: those of the service, sent on; its own; and nothing else.
@Suite struct GatewayRouteTests {
    private static func served(by use: UseCases) -> [Endpoint] {
        Routes(use: use, settings: ServerSettings()).all
    }

    @Test func `every route of the service that isn't an administrator's is sent on`()
        async throws
    {
        let stage = try GatewayStage()
        let own = Self.served(by: stage.use)
        for endpoint in Self.served(by: try Stage().use) where endpoint.access == .anyKey {
            let name = "\(endpoint.method) \(endpoint.path)"
            let found = own.first { $0.method == endpoint.method && $0.path == endpoint.path }
            let forwarded = try #require(found, "\(name)")
            #expect(forwarded.access == .anyKey && forwarded.query == endpoint.query, "\(name)")
            #expect(forwarded.dialect.wire == endpoint.dialect.wire, "\(name)")
            #expect(forwarded.bodyLimit == endpoint.bodyLimit, "\(name)")
            let request = Samples.request(endpoint)
            let tenant = [("x-weir-tenant", "42"), ("x-own", "1")]
            let reply = try await stage.send(
                endpoint.method, request.target, key: .service, fields: tenant,
                body: request.body)
            #expect(reply.status == 200, "\(name): \(reply.text)")
            let call = try #require(stage.instances.calls.last, "\(name)")
            #expect((call.method, call.target) == (endpoint.method.rawValue, request.target))
            #expect(call.body == Array((request.body ?? "").utf8), "\(name)")
            #expect(call.headers.contains(HeaderField("x-own", "1")))
            #expect(!call.headers.contains { $0.value.contains("wk_") }, "\(name)")
            let identity = try stage.identity(call)
            #expect(identity.request.description == reply.header("x-request-id"), "\(name)")
            #expect(identity.caller.key.description == "key_service", "\(name)")
            // Where nothing names the tenant, and nothing is counted, it is the key's reach.
            let isNamed =
                endpoint.dialect.wire != .complete
                || (request.target + (request.body ?? "")).contains("tenant_id")
            let reach = try (isNamed ? [42] : [42, 44]).map { try tenantID($0) }
            #expect(identity.caller.reach == .tenants(reach), "\(name)")
            let isOfJobs = ["/ai/jobs", "/ai/events", "/reports"].contains {
                endpoint.path.hasPrefix($0)
            }
            #expect(call.instance.description == (isOfJobs ? "reports/a" : "main/a"), "\(name)")
        }
    }

    @Test func `an instance's own administration isn't there, the gateway's is`() async throws {
        let stage = try GatewayStage()
        for endpoint in Self.served(by: try Stage().use) where endpoint.access == .admin {
            let target = Samples.request(endpoint).target
            let own = ["tenants", "keys", "kill-switches", "audit", "reload", "gateway"]
            let isOwn =
                target == "/metrics" || own.contains { target.hasPrefix("/admin/\($0)") }
            let reply = try await stage.send(.head, target, key: .admin)
            #expect(reply.status == (isOwn ? 405 : 404), "\(endpoint.method) \(target)")
        }
        #expect(stage.instances.calls.isEmpty)
        #expect(try await stage.send(.get, "/admin/tenants/42", key: .admin).status == 200)
    }

    @Test func `jobs are served here where they are kept here`() async throws {
        let service = try Stage().use
        var use = try GatewayStage().use
        func isRead() -> Bool? {
            Self.served(by: use).first { $0.method == .post && $0.path == "/ai/jobs" }
                .map { $0.body == .json }
        }
        #expect(isRead() == false)
        (use.jobs, use.reports, use.events) = (service.jobs, service.reports, service.events)
        #expect(isRead() == true)
        #expect(Self.served(by: use).contains { $0.path == "/admin/jobs/dead" })
    }

    @Test func `who may call is asked at the gateway`() async throws {
        let stage = try GatewayStage()
        for (key, status) in [(nil, 401), (.revoked, 401), (.elsewhere, 403)]
            as [(Stage.Token?, Int)]
        {
            let body = #"{"tenant_id": 42, "model": "small", "user_message": "Hi"}"#
            let reply = try await stage.send(.post, "/ai/complete", key: key, body: body)
            #expect(reply.status == status)
            let listing = try await stage.send(.get, "/ai/usage?tenant_id=42", key: key)
            #expect(listing.status == status)
        }
        #expect(stage.instances.calls.isEmpty)
    }

    @Test func `a refusal at the gateway has the form of its door`() async throws {
        let stage = try GatewayStage()
        for (target, path) in [
            ("/v1/messages", ["error", "type"]), ("/v1/chat/completions", ["error", "message"]),
            ("/v1beta/models/small:generateContent", ["error", "status"]),
        ] {
            let reply = try await stage.send(.post, target, key: nil, body: "{}")
            #expect(reply.status == 401)
            #expect(reply.json?[path[0]]?[path[1]]?.string != nil, "\(target)")
            #expect(reply.header("x-weir-error") == "unauthorized")
        }
    }

    @Test func `a feature goes to its pool, by the body or by the header`() async throws {
        let stage = try GatewayStage()
        _ = try await stage.complete(#", "feature_slug": "report-7""#)
        _ = try await stage.complete()
        _ = try await stage.send(
            .post, "/v1/messages", fields: [("X-Weir-Feature", "report-8")], body: "{}")
        _ = try await stage.send(
            .post, "/v1/messages", body: #"{"feature_slug": "report-9"}"#)
        #expect(
            stage.instances.calls.map(\.instance.description)
                == ["reports/a", "main/a", "reports/a", "main/a"])
    }

    @Test func `an identity reaches no tenant but the call's`() async throws {
        let stage = try GatewayStage()
        let cases: [(String, Stage.Token, ServiceKey.Reach)] = [
            (#", "tenant_id": 44"#, .service, .tenants([try tenantID(44)])),
            (#", "tenant\u005fid": 44"#, .service, .tenants([try tenantID(44)])),
            ("", .service, .tenants([])), ("", .everywhere, .tenants([])),
            ("", .tenant, .tenants([try tenantID(42)])),
            (#", "tenant_id": 7"#, .everywhere, .tenants([try tenantID(7)])),
            (#", "tenant_id": 7"#, .admin, .tenants([try tenantID(7)])),
        ]
        for (rest, key, reach) in cases {
            _ = try await stage.complete(rest, key: key)
            let call = try #require(stage.instances.calls.last)
            #expect(try stage.identity(call).caller.reach == reach, "\(rest) by \(key)")
        }
    }

    @Test func `an answer comes back as it is, but for what is the gateway's`() async throws {
        let stage = try GatewayStage()
        stage.instances.answer(
            with: .answer(
                status: 422,
                headers: [
                    HeaderField("content-type", "text/event-stream"),
                    HeaderField("x-weir-cost-usd", "0.5"), HeaderField("x-weir-tokens", "7"),
                    HeaderField("x-weir-identity", "own"), HeaderField("x-request-id", "req_own"),
                    HeaderField("x-weir-instance", "own"),
                    HeaderField("request-id", "req_own"), HeaderField("date", "long ago"),
                    HeaderField("x-ratelimit-limit-requests", "1"),
                    HeaderField("anthropic-ratelimit-requests-limit", "1"),
                    HeaderField("cache-control", "no-store"), HeaderField("connection", "x-hop"),
                    HeaderField("x-hop", "1"), HeaderField("retry-after", "9"),
                ], [.bytes(Array("odd".utf8)), .bytes(Array("ity".utf8)), .end]))
        let reply = try await stage.send(.post, "/v1/messages", body: "{}")
        #expect(reply.status == 422)
        #expect(try await reply.whole() == "oddity")
        #expect(
            reply.names == [
                "content-type", "x-weir-cost-usd", "cache-control", "retry-after", "x-request-id",
                "request-id",
            ])
        #expect(reply.header("x-request-id") != "req_own")
        #expect(reply.header("request-id") == reply.header("x-request-id"))
    }

    @Test func `a body over the limit is refused here`() async throws {
        var settings = ServerSettings()
        settings.bodyLimit = 10
        let stage = try GatewayStage(settings: settings)
        #expect(try await stage.complete().status == 413)
        #expect(stage.instances.calls.isEmpty)
    }

    @Test func `what an operator has stopped goes no further`() async throws {
        let stage = try GatewayStage()
        _ = try await stage.send(
            .put, "/admin/kill-switches", key: .admin,
            body: #"{"target": "tenant:42", "engaged": true}"#)
        let reply = try await stage.complete()
        #expect(reply.status == 403 && reply.error == "ai_kill_switch")
        #expect(try await stage.complete(#", "tenant_id": 43"#, key: .elsewhere).status == 200)
        #expect(try await stage.send(.get, "/ai/usage").status == 200)
        #expect(stage.instances.calls.count == 2)
    }

    @Test func `a feature that an operator has stopped goes no further`() async throws {
        let stage = try GatewayStage()
        _ = try await stage.send(
            .put, "/admin/kill-switches", key: .admin,
            body: #"{"target": "feature:report-1", "engaged": true}"#)
        let reply = try await stage.complete(#", "feature_slug": "report-1""#)
        #expect(reply.status == 403 && reply.error == "ai_kill_switch")
        #expect(try await stage.complete(#", "feature_slug": "report-2""#).status == 200)
    }

    @Test func `health is that of the pools`() async throws {
        let stage = try GatewayStage()
        let report = HealthReport(
            status: .degraded, isDatabaseSound: true, providers: [:],
            pools: [PoolHealth(pool: try slug("main"), healthy: 1, instances: 2)])
        stage.stage.health.set(report)
        let reply = try await stage.send(.get, "/health", key: nil)
        #expect(reply.status == 200)
        #expect(reply.json?["checks"]?["pools"]?["main"] == ["healthy": 1, "instances": 2])
        #expect(reply.json?["checks"]?["providers"] == nil)
    }

    @Test func `the status of the gateway is an administrator's to see`() async throws {
        let route = RegularRoute(prefix: "/crm", pool: try slug("crm"))
        let stage = try GatewayStage(routes: [route])
        #expect(try await stage.send(.get, "/admin/gateway").status == 403)
        try stage.down("main")
        let reply = try await stage.send(.get, "/admin/gateway", key: .admin)
        #expect(reply.json?["default_pool"] == "main")
        #expect(reply.json?["features"] == [["pattern": "report-*", "pool": "reports"]])
        #expect(reply.json?["routes"]?.array?.first?["prefix"] == "/crm")
        let pools = try #require(reply.json?["pools"]?.array)
        #expect(pools.map { $0["pool"] } == ["crm", "main", "reports"])
        #expect(pools.map { $0["available"] } == [true, false, true])
        #expect(pools[1]["instances"]?.array?.first?["state"] == "unhealthy")
        #expect(try await Stage().send(.get, "/admin/gateway", key: "wk_admin").status == 404)
    }
}
