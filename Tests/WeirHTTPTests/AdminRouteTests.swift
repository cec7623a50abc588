import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// Administration by HTTP, and the marks that it leaves in the audit log.
@Suite struct AdminRouteTests {
    private let admin = Stage.Token.admin.rawValue

    @Test func `a tenant keeps what a change doesn't say`() async throws {
        let stage = try Stage()
        let body = """
            {"tier": "enterprise", "budget_usd": 12.000000001, "expires_at": "2027-01-31T00:00:00Z",
             "features": {"sales": false, "*": true}, "budgets": {"features": {"sales": 1e-3}},
             "models": ["small"], "timezone": "Africa/Kampala"}
            """
        let put = try await stage.send(.put, "/admin/tenants/42", key: admin, body: body)
        #expect(put.status == 200)
        let get = try await stage.send(.get, "/admin/tenants/42", key: admin)
        #expect(get.text == put.text)
        #expect(get.json?["name"] == "Forty-two")
        #expect(get.json?["is_active"] == true)
        #expect(get.json?["budget_usd"] == .number("12.000000001"))
        #expect(get.json?["budgets"]?["features"] == ["sales": .number("0.001")])
        #expect(get.json?["budgets"]?["users"] == ["*": 2])
        #expect(stage.store.audit.map(\.action) == ["tenant.put"])
        #expect(stage.store.audit[0].actor == "key_admin")
    }

    @Test func `a tenant may have limits of its own, and its tier's again`() async throws {
        let stage = try Stage()
        func limits(_ body: String) async throws -> JSON? {
            let put = try await stage.send(.put, "/admin/tenants/42", key: admin, body: body)
            let get = try await stage.send(.get, "/admin/tenants/42", key: admin)
            #expect(get.text == put.text)
            return put.json?["limits"]
        }
        #expect(try await limits("{}") == .null)
        let own: JSON = [
            "per_minute": 5, "burst": .null, "tokens_per_minute": 0, "concurrent": .null,
        ]
        #expect(try await limits(#"{"limits": {"per_minute": 5, "tokens_per_minute": 0}}"#) == own)
        #expect(try await limits(#"{"name": "Other"}"#) == own)
        #expect(
            try await limits(#"{"limits": {"concurrent": 2, "burst": null}}"#)?["per_minute"]
                == .null)
        #expect(try await limits(#"{"limits": null}"#) == .null)
    }

    @Test func `a new tenant is off, and what was shown can be put again`() async throws {
        let stage = try Stage()
        let made = try await stage.send(.put, "/admin/tenants/9", key: admin, body: "{}")
        #expect(made.json?["is_active"] == false)
        #expect(made.json?["budget_usd"] == 0)
        var object = JSONObject()
        for member in made.json?.object?.members ?? [] where member.name != "tenant_id" {
            object.append(member.name, member.value)
        }
        let again = try await stage.send(
            .put, "/admin/tenants/9", key: admin, body: JSON.object(object).text)
        #expect(again.text == made.text)
        let free = try await stage.send(
            .put, "/admin/tenants/9", key: admin, body: #"{"unlimited": true}"#)
        #expect(free.json?["budget_usd"] == .null)
        #expect(free.json?["unlimited"] == true)
    }

    @Test(arguments: [
        ("name", #"{"name": ""}"#), ("name", #"{"name": "a\nb"}"#), ("name", #"{"name": null}"#),
        ("tier", #"{"tier": "Gold"}"#), ("is_active", #"{"is_active": 1}"#),
        ("expires_at", #"{"expires_at": "2027-02-30T00:00:00Z"}"#),
        ("expires_at", #"{"expires_at": "2027-02-03T00:00:00+01:00"}"#),
        ("budget_usd", #"{"budget_usd": -1}"#), ("budget_usd", #"{"budget_usd": "10"}"#),
        ("budget_usd", #"{"budget_usd": 1e-10}"#), ("budget_usd", #"{"budget_usd": 1e300}"#),
        ("budget_usd", #"{"budget_usd": null}"#), ("budget_usd", #"{"unlimited": false}"#),
        ("budget_usd", #"{"unlimited": true, "budget_usd": 5}"#),
        ("timezone", #"{"timezone": "Mars/Base"}"#), ("timezone", #"{"timezone": "../etc"}"#),
        ("features", #"{"features": {"a": 1}}"#), ("features", #"{"features": {"a b": true}}"#),
        ("budgets.users", #"{"budgets": {"users": {"bob": 1}}}"#),
        ("budgets.users", #"{"budgets": {"users": {"1": "1"}}}"#),
        ("budgets.teams", #"{"budgets": {"teams": {}}}"#),
        ("models", #"{"models": ["small", "small"]}"#), ("models", #"{"models": "small"}"#),
        ("tenant_id", #"{"tenant_id": 42}"#), ("limits", #"{"limits": 5}"#),
        ("limits.per_minute", #"{"limits": {"per_minute": -1}}"#),
        ("limits.burst", #"{"limits": {"burst": 10000001}}"#),
        ("limits.concurrent", #"{"limits": {"concurrent": "3"}}"#),
        ("limits.per_hour", #"{"limits": {"per_hour": 3}}"#),
    ])
    func `a wrong tenant field is named`(param: String, body: String) async throws {
        let stage = try Stage()
        let reply = try await stage.send(.put, "/admin/tenants/42", key: admin, body: body)
        #expect(reply.status == 400)
        #expect(reply.param == param, "\(reply.text)")
        #expect(stage.store.audit.isEmpty)
    }

    @Test func `a key is shown once, works at once and ends at once`() async throws {
        let stage = try Stage()
        let made = try await stage.send(
            .post, "/admin/keys", key: admin,
            body: #"{"name": "till", "role": "service", "tenants": [43]}"#)
        #expect(made.status == 201)
        let token = try #require(made.json?["key"]?.string)
        #expect(token.wholeMatch(of: /wk_[A-Za-z0-9_-]{43}/) != nil)
        let id = try #require(made.json?["key_id"]?.string)
        #expect(try await stage.send(.get, "/ai/usage", key: token).status == 200)
        let list = try await stage.send(.get, "/admin/keys", key: admin)
        #expect(list.text.contains(id) && !list.text.contains(token))
        #expect(try await stage.send(.delete, "/admin/keys/\(id)", key: admin).status == 204)
        #expect(try await stage.send(.delete, "/admin/keys/\(id)", key: admin).status == 204)
        #expect(try await stage.send(.get, "/ai/usage", key: token).status == 401)
        let rotate = try await stage.send(.post, "/admin/keys/\(id)/rotate", key: admin)
        #expect(rotate.error == "conflict")
        #expect(stage.store.audit.map(\.action) == ["key.create", "key.revoke"])
        #expect(!stage.store.audit.contains { $0.details.text.contains(token) })
    }

    @Test(arguments: [
        ("role", #"{"name": "x", "tenants": [1]}"#),
        ("role", #"{"name": "x", "role": "root", "tenants": [1]}"#),
        ("name", #"{"role": "admin"}"#), ("tenants", #"{"name": "x", "role": "service"}"#),
        ("tenants", #"{"name": "x", "role": "service", "tenants": []}"#),
        ("tenants", #"{"name": "x", "role": "service", "tenants": [1, 1]}"#),
        ("tenants", #"{"name": "x", "role": "service", "tenants": ["1"]}"#),
        ("tenants", #"{"name": "x", "role": "tenant", "tenants": [1, 2]}"#),
        ("tenants", #"{"name": "x", "role": "tenant", "tenants": "*"}"#),
        ("tenants", #"{"name": "x", "role": "admin", "tenants": [1]}"#),
        ("expires_at", #"{"name": "x", "role": "admin", "expires_at": "2020-01-01T00:00:00Z"}"#),
        ("digest", #"{"name": "x", "role": "admin", "digest": "00"}"#),
    ])
    func `a wrong key field is named`(param: String, body: String) async throws {
        let reply = try await Stage().send(.post, "/admin/keys", key: admin, body: body)
        #expect(reply.status == 400)
        #expect(reply.param == param)
    }

    @Test func `a rotated key lives on for its overlap`() async throws {
        let stage = try Stage()
        let rotated = try await stage.send(
            .post, "/admin/keys/key_tenant/rotate", key: admin, body: #"{"overlap_seconds": 60}"#)
        #expect(rotated.status == 201)
        let successor = try #require(rotated.json?["key"]?.string)
        #expect(rotated.json?["replaces"]?["expires_at"]?.string == "2026-04-15T12:01:00Z")
        let null = try await stage.send(
            .post, "/admin/keys/key_tenant/rotate", key: admin, body: "null")
        #expect(null.status == 400)
        for token in [Stage.Token.tenant.rawValue, successor] {
            #expect(try await stage.send(.get, "/ai/usage", key: token).status == 200)
        }
        stage.time.advance(seconds: 60)
        let old = try await stage.send(.get, "/ai/usage", key: Stage.Token.tenant.rawValue)
        #expect(old.status == 401)
        #expect(try await stage.send(.get, "/ai/usage", key: successor).status == 200)
    }

    @Test func `switches are engaged and released`() async throws {
        let stage = try Stage()
        let path = "/admin/kill-switches"
        _ = try await stage.send(
            .put, path, key: admin, body: #"{"target": "model:small", "engaged": true}"#)
        let list = try await stage.send(.get, path, key: admin)
        #expect(
            list.text == #"{"kill_switches":[{"target":"model:small","engaged":true}]}"#)
        _ = try await stage.send(
            .put, path, key: admin, body: #"{"target": "model:small", "engaged": false}"#)
        #expect(
            try await stage.send(.get, path, key: admin).text == #"{"kill_switches":[]}"#)
        #expect(stage.store.audit.map(\.action) == ["kill_switch.engage", "kill_switch.release"])
        for target in ["", "tenant:0", "tenant:+1", "tenant:01", "user:1", "ALL", "feature:a b"] {
            let body = #"{"target": "\#(target)", "engaged": true}"#
            let reply = try await stage.send(.put, path, key: admin, body: body)
            #expect(reply.param == "target", "\(target)")
        }
    }
}
