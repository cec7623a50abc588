import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// Who may call what: the table of routes against the table of callers.
@Suite struct RouteRoleTests {
    enum Who: String, CaseIterable {
        case nobody, garbage, revoked, serviceInReach, serviceOutOfReach, tenant, admin

        var token: String? {
            switch self {
            case .nobody: nil
            case .garbage: "wk_' OR 1=1 --"
            case .revoked: Stage.Token.revoked.rawValue
            case .serviceInReach: Stage.Token.service.rawValue
            case .serviceOutOfReach: Stage.Token.elsewhere.rawValue
            case .tenant: Stage.Token.tenant.rawValue
            case .admin: Stage.Token.admin.rawValue
            }
        }

        func mayCall(_ endpoint: Endpoint) -> ClosedRange<Int> {
            switch (endpoint.access, self) {
            case (.open, _): 200...200
            case (_, .nobody), (_, .garbage), (_, .revoked): 401...401
            // It speaks WebSocket and nothing else.
            case (.anyKey, _) where endpoint.path == WebSocketHandshake.path: 400...400
            // An administrator is told that this process is no gateway.
            case (.admin, .admin) where endpoint.path == "/admin/gateway": 404...404
            case (.admin, .admin): 200...299
            case (.admin, _): 403...403
            // Somebody else's job isn't there.
            case (.anyKey, .serviceOutOfReach) where endpoint.path.hasPrefix("/ai/jobs/"):
                404...404
            case (.anyKey, .serviceOutOfReach) where endpoint.path.hasPrefix("/reports/{id}/"):
                404...404
            case (.anyKey, .serviceOutOfReach): 403...403
            case (.anyKey, _): 200...299
            }
        }
    }

    @Test(arguments: Who.allCases)
    func `every route asks who is calling`(who: Who) async throws {
        for endpoint in try Routes(use: Stage().use, settings: ServerSettings()).all {
            let stage = try Stage()
            stage.ledger.plant(try .sample(7))
            try await stage.plantReport()
            try await stage.plantJobs()
            try await stage.plantDelivery()
            let request = Samples.request(endpoint)
            let isDropIn = endpoint.dialect.wire != .complete
            let tenant = isDropIn ? [("x-weir-tenant", "42")] : []
            let reply = try await stage.send(
                endpoint.method, request.target, key: who.token, fields: tenant,
                body: request.body)
            let expected = who.mayCall(endpoint)
            #expect(
                expected.contains(reply.status),
                "\(endpoint.method) \(endpoint.path) by \(who): \(reply.status) \(reply.text)")
            if isDropIn { continue }
            if reply.status == 401 { #expect(reply.error == "unauthorized") }
            if reply.status == 403 { #expect(reply.error == "forbidden") }
        }
    }

    @Test func `every route answers a wrong method with the right ones`() async throws {
        let stage = try Stage()
        let all = Routes(use: stage.use, settings: ServerSettings()).all
        for path in Set(all.map(\.path)) {
            let allowed = all.filter { $0.path == path }.map(\.method.rawValue)
            let isDropIn = all.contains { $0.path == path && $0.dialect.wire != .complete }
            let target = path.replacing("{id}", with: "42").replacing("{model...}", with: "m")
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"]
            where !allowed.contains(method) {
                let method = try #require(HTTPRequest.Method(method))
                let reply = try await stage.send(
                    method, target, key: Stage.Token.admin.rawValue, body: "{}")
                #expect(reply.status == 405, "\(method) \(target)")
                #expect(reply.header("allow") == allowed.joined(separator: ", "))
                if isDropIn {
                    #expect(reply.json?["error"]?["message"]?.string != nil, "\(target)")
                } else {
                    #expect(reply.error == "method_not_allowed")
                }
            }
        }
    }

    @Test func `every answer carries its request's id`() async throws {
        let stage = try Stage()
        for target in ["/health", "/nowhere", "/ai/usage"] {
            let reply = try await stage.send(.get, target)
            let id = try #require(reply.header("x-request-id"))
            #expect(id.wholeMatch(of: /req_[0-9a-hjkmnp-tv-z]{26}/) != nil)
            if let named = reply.json?["request_id"]?.string { #expect(named == id) }
        }
    }

    @Test(arguments: [
        "/", "", "/ai", "/ai/", "/ai/complete/", "//ai/complete", "/AI/complete", "/ai/%63omplete",
        "/ai/./complete", "/admin/tenants/", "/admin/tenants/42/", "/admin/tenants/42/x", "*",
        "/admin/keys//rotate", "http://host/health", "/health/../admin/keys", "/healt",
    ])
    func `a path that isn't exactly a route is unknown`(target: String) async throws {
        let reply = try await Stage().send(.get, target, key: Stage.Token.admin.rawValue)
        #expect(reply.status == 404)
        #expect(reply.error == "not_found")
        #expect(reply.header("x-should-retry") == "false")
    }

    @Test(arguments: [
        [("authorization", "Bearer wk_admin"), ("x-api-key", "wk_tenant_42")],
        [("authorization", "Bearer wk_admin"), ("authorization", "Bearer wk_tenant_42")],
        [("authorization", "Basic d2tfYWRtaW4=")],
        [("authorization", "wk_admin")],
        [("authorization", "Bearer ")],
        [("x-api-key", "")],
        [("x-goog-api-key", "wk_tenant_42"), ("x-api-key", "wk_admin")],
        [("cookie", "key=wk_admin")],
    ])
    func `doubtful credentials are none`(fields: [(String, String)]) async throws {
        let reply = try await Stage().send(.get, "/admin/keys", fields: fields)
        #expect(reply.status == 401)
        #expect(reply.header("www-authenticate") == "Bearer")
        #expect(!reply.text.contains("wk_"))
    }

    @Test(arguments: [
        [("authorization", "Bearer wk_admin")], [("authorization", "bearer  wk_admin")],
        [("x-api-key", "wk_admin")], [("x-goog-api-key", "wk_admin")],
        [("x-api-key", "wk_admin"), ("authorization", "BEARER wk_admin")],
    ])
    func `one key is enough, wherever it stands`(fields: [(String, String)]) async throws {
        #expect(try await Stage().send(.get, "/admin/keys", fields: fields).status == 200)
    }

    @Test func `the configured admin key works and can't be revoked`() async throws {
        let stage = try Stage()
        let path = "/admin/keys/key_bootstrap"
        #expect(try await stage.send(.delete, path, key: "wk_bootstrap").status == 404)
        #expect(try await stage.send(.get, "/admin/keys", key: "wk_bootstrap").status == 200)
        _ = try await stage.send(.put, "/admin/tenants/1", key: "wk_bootstrap", body: "{}")
        #expect(stage.store.audit.last?.actor == "key_bootstrap")
    }
}
