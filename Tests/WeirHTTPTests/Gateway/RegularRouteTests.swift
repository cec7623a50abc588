import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// Requests of another service behind the gateway.
@Suite struct RegularRouteTests {
    private func stage(_ change: (inout RegularRoute) -> Void = { _ in }) throws -> GatewayStage {
        var route = RegularRoute(prefix: "/crm", pool: try slug("crm"))
        change(&route)
        return try GatewayStage(routes: [route])
    }

    @Test(arguments: ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "REPORT"])
    func `any method goes on as it is`(method: String) async throws {
        let stage = try stage()
        let body = #"{"a": "#
        stage.instances.answer(
            with: .answer(
                status: 207,
                headers: [
                    HeaderField("cache-control", "max-age=9"), HeaderField("set-cookie", "a=1"),
                    HeaderField("set-cookie", "b=2"), HeaderField("x-weir-tokens", "1"),
                ], [.bytes([0x6F]), .bytes([0x6B]), .end]))
        let reply = try await stage.send(
            try #require(HTTPRequest.Method(method)), "/crm/a%20b?x=1&x=2&%zz", key: .service,
            fields: [("x-own", "1"), ("accept-encoding", "gzip")], body: body)
        #expect(reply.status == 207)
        #expect(try await reply.whole() == "ok")
        #expect(reply.names == ["cache-control", "set-cookie", "set-cookie", "x-request-id"])
        let call = try #require(stage.instances.calls.first)
        #expect((call.method, call.target) == (method, "/crm/a%20b?x=1&x=2&%zz"))
        #expect(call.instance.description == "crm/a")
        #expect(call.body == Array(body.utf8))
        #expect(call.headers.contains(HeaderField("x-own", "1")))
        #expect(!call.headers.contains { $0.hasName("authorization") })
        #expect(!call.headers.contains { $0.hasName("x-weir-identity") })
    }

    @Test func `an identity goes along where it is configured, never a forged one`() async throws {
        let stage = try stage { $0.passesIdentity = true }
        _ = try await stage.send(.get, "/crm", key: .service, fields: [("x-weir-identity", "me")])
        let call = try #require(stage.instances.calls.first)
        let sealed = try #require(call.headers.first { $0.hasName("x-weir-identity") })
        let identity = try IdentitySeal(secrets: [GatewayStage.secret])
            .open(sealed.value, method: call.method, target: call.target)
        #expect(identity.caller.key.description == "key_service")
        // So that no instance of the AI service would accept it.
        #expect(identity.audience == nil)
    }

    @Test func `a key is asked for, but where none is`() async throws {
        let closed = try stage()
        for key in [nil, .revoked] as [Stage.Token?] {
            #expect(try await closed.send(.get, "/crm", key: key).status == 401)
        }
        #expect(closed.instances.calls.isEmpty)
        let open = try stage {
            $0.requiresKey = false
            $0.passesIdentity = true
        }
        for (fields, passed) in [
            ([("authorization", "Basic dTpw")], true),
            ([("authorization", "Bearer wk_tenant_42")], false),
            ([("authorization", "Bearer wk_unknown")], false),
            ([("x-api-key", "wk_bootstrap")], false), ([("x-api-key", "own")], true),
        ] as [([(String, String)], Bool)] {
            #expect(try await open.send(.get, "/crm", key: nil, fields: fields).status == 200)
            let call = try #require(open.instances.calls.last)
            let name = fields[0].0
            #expect(call.headers.contains { $0.hasName(name) } == passed, "\(fields)")
            #expect(!call.headers.contains { $0.hasName("x-weir-identity") })
        }
    }

    @Test(arguments: [
        "/crm/../admin/keys", "/crm/%2e%2e/admin/keys", "/crm/..%2fadmin", "/crm/a%2fb",
        "/crm//a", "/crm/a\\b", "/crm/..;/admin", "/crm/%00",
    ])
    func `a path that could be read in two ways is refused`(target: String) async throws {
        let stage = try stage()
        let reply = try await stage.send(.get, target, key: .admin)
        #expect(reply.status == 400 && reply.error == "invalid_request")
        #expect(stage.instances.calls.isEmpty)
    }

    @Test(arguments: [
        "/crmx", "/CRM/a", "/%63rm", "//crm", "/./crm", "/crm%2fa", "crm", "http://host/crm",
    ])
    func `what isn't below the prefix is unknown`(target: String) async throws {
        let stage = try stage()
        #expect(try await stage.send(.get, target, key: .admin).status == 404)
        #expect(stage.instances.calls.isEmpty)
    }

    @Test(arguments: ["/ai", "/admin", "/v1", "/v1beta", "/health", "/reports"])
    func `Weir's own paths can't be shadowed`(prefix: String) async throws {
        let stage = try GatewayStage(
            routes: [RegularRoute(prefix: prefix, pool: try slug("crm"))])
        for target in [prefix + "/x", prefix + "/complete"] {
            #expect(try await stage.send(.get, target, key: .admin).status != 200)
        }
        #expect(try await stage.send(.get, "/ai/usage").status == 200)
        #expect(try await stage.send(.get, "/health", key: nil).status == 200)
        #expect(stage.instances.calls.allSatisfy { $0.instance.description != "crm/a" })
    }

    @Test func `HEAD has its answer's head, TRACE isn't passed on`() async throws {
        let stage = try stage()
        stage.instances.answer(
            with: .answer(headers: [HeaderField("content-length", "77")], [.end]))
        let reply = try await stage.send(.head, "/crm")
        #expect(reply.status == 200 && reply.header("content-length") == "77")
        #expect(reply.answer.stream == nil)
        #expect(stage.inFlight == 0)
        #expect(try await stage.send(.trace, "/crm").status == 405)
        #expect(stage.instances.calls.count == 1)
    }

    @Test func `it has limits of its own`() async throws {
        let stage = try stage {
            $0.limits = CallLimits(calls: RateLimit(perMinute: 60, burst: 1), concurrent: 1)
            $0.bodyLimit = 4
        }
        #expect(try await stage.send(.post, "/crm", body: "12345").status == 413)
        let body = FakeBody()
        stage.instances.answer(with: .live(body))
        var first: Reply? = try await stage.send(.get, "/crm")
        #expect(try await stage.send(.get, "/crm").status == 429)
        #expect(try await stage.send(.get, "/crm", key: .service).status == 200)
        body.feed(.end)
        _ = try await first?.whole()
        first = nil
        #expect(try await stage.send(.get, "/crm").status == 200)
        let refused = try await stage.send(.get, "/crm")
        #expect(refused.status == 429 && refused.header("retry-after") == "1")
        #expect(refused.header("x-weir-error") == "rate_limited")
    }

    @Test func `what comes to nobody, or never comes whole, counts nothing`() async throws {
        let stage = try stage {
            $0.limits = CallLimits(calls: RateLimit(perMinute: 1, burst: 0))
        }
        stage.instances.answer(with: .notSent)
        #expect(try await stage.send(.get, "/crm").status == 503)
        let head = CallHead(
            method: .post, target: "/crm",
            headers: [.authorization: "Bearer \(Stage.Token.tenant.rawValue)"])
        let broken = Reply(
            answer: await stage.stage.dispatcher.respond(to: head) { _ throws(WeirError) in
                throw WeirError(.payloadTooLarge, "too much")
            })
        #expect(broken.status == 413)
        #expect(try await stage.send(.get, "/crm").status == 200)
        #expect(try await stage.send(.get, "/crm").status == 429)
    }

    @Test(arguments: [true, false])
    func `nothing is read of what is refused by its head, or where nobody is`(
        isTooLong: Bool
    ) async throws {
        let stage = try stage { $0.bodyLimit = 4 }
        if !isTooLong { try stage.down("crm") }
        let head = CallHead(
            method: .post, target: "/crm",
            headers: [
                .authorization: "Bearer \(Stage.Token.tenant.rawValue)",
                .contentLength: isTooLong ? "5" : "4",
            ])
        let hasRead = Mutexed(false)
        let reply = Reply(
            answer: await stage.stage.dispatcher.respond(to: head) { _ in
                hasRead.change { $0 = true }
                return []
            })
        #expect(reply.status == (isTooLong ? 413 : 503))
        #expect(!hasRead.change { $0 })
    }

    @Test func `where nobody is there it is refused at once`() async throws {
        let stage = try stage()
        try stage.down("crm")
        let reply = try await stage.send(.get, "/crm")
        #expect(reply.status == 503 && reply.error == "ai_service_unavailable")
        #expect(try await stage.complete().status == 200)
    }

    @Test(
        arguments: [
            (.lost(.timeout), 504), (.lost(.broken("reset")), 502), (.notSent, 503),
            (.answer(status: 500, [.end]), 500),
        ] as [(FakeInstances.Plan, Int)])
    func `what becomes of the exchange is said`(
        plan: FakeInstances.Plan, status: Int
    ) async throws {
        let stage = try stage()
        stage.instances.answer(with: plan)
        #expect(try await stage.send(.get, "/crm").status == status)
        #expect(stage.instances.calls.count == 1)
    }
}
