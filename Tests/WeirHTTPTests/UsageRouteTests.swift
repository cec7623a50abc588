import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// What callers see of usage and budgets.
@Suite struct UsageRouteTests {
    private let tenant = Stage.Token.tenant.rawValue
    private let admin = Stage.Token.admin.rawValue

    private func stage() throws -> Stage {
        let stage = try Stage()
        stage.ledger.plant(try .sample(1))
        stage.ledger.plant(try .sample(2, user: 102, nanos: 3_209_000_000))
        stage.ledger.plant(try .sample(3, tenant: 43))
        stage.ledger.plant(try .sample(4, month: 3))
        return stage
    }

    @Test func `usage by user is the contract's`() async throws {
        let reply = try await stage().send(.get, "/ai/usage?period=2026-04", key: tenant)
        #expect(
            reply.text
                == #"{"period":"2026-04","users":["#
                + #"{"user_id":102,"calls":1,"tokens":120,"cost_usd":3.209},"#
                + #"{"user_id":101,"calls":1,"tokens":120,"cost_usd":0.001}],"#
                + #""calls":2,"tokens":240,"cost_usd":3.21}"#)
    }

    @Test(arguments: [
        ("user", "users", "user_id"), ("feature", "features", "feature_slug"),
        ("model", "models", "model"), ("provider", "providers", "provider"),
        ("day", "days", "day"), ("key", "keys", "key_id"),
    ])
    func `each grouping has its own names`(
        grouping: String, list: String, member: String
    ) async throws {
        let reply = try await stage().send(.get, "/ai/usage?group_by=\(grouping)", key: tenant)
        let lines = try #require(reply.json?[list]?.array)
        #expect(lines.allSatisfy { $0[member] != nil })
    }

    @Test func `usage is there as CSV too`() async throws {
        let reply = try await stage().send(
            .get, "/ai/usage?tenant_id=42&format=csv&period=2026-03", key: admin)
        #expect(reply.answer.contentType == "text/csv; charset=utf-8")
        #expect(
            reply.text
                == "period,user_id,calls,tokens,cost_usd\r\n2026-03,101,1,120,0.001\r\n")
    }

    @Test func `the overview is the contract's`() async throws {
        let reply = try await stage().send(.get, "/ai/usage/tenants?period=2026-04", key: admin)
        #expect(
            reply.text
                == #"[{"tenant_id":42,"tier":"growth","budget_usd":10,"spent_usd":3.21,"#
                + #""pct_used":32.1},{"tenant_id":43,"tier":"starter","budget_usd":null,"#
                + #""spent_usd":0.001,"pct_used":null}]"#)
    }

    @Test func `the log is paged, newest first, with every column`() async throws {
        let stage = try stage()
        let first = try await stage.send(.get, "/ai/usage/log?limit=1", key: tenant)
        let row = try #require(first.json?["rows"]?.array?.first)
        #expect(row["attempt_id"]?.string == "2")
        #expect(row["prompt_sha256"]?.string == String(repeating: "ab", count: 32))
        #expect(row.object?.members.count == 34)
        let cursor = try #require(first.json?["next_cursor"]?.string)
        let second = try await stage.send(
            .get, "/ai/usage/log?limit=1&cursor=\(cursor)", key: tenant)
        #expect(second.json?["rows"]?.array?.first?["attempt_id"]?.string == "1")
        #expect(second.json?["next_cursor"] == .null)
    }

    @Test func `an open attempt has no outcome yet`() async throws {
        let stage = try Stage()
        var row = try LedgerRow.sample(9)
        row.state = .intent
        row.outcome = nil
        stage.ledger.plant(row)
        let reply = try await stage.send(.get, "/ai/usage/log", key: tenant)
        let shown = try #require(reply.json?["rows"]?.array?.first)
        #expect(shown["state"] == "intent")
        #expect(shown["cost_usd"] == .null && shown["in_doubt"] == .null)
        #expect(shown.object?.members.count == 34)
    }

    @Test func `the budget shows every scope, also under a star`() async throws {
        let reply = try await stage().send(.get, "/ai/budget", key: tenant)
        let scopes = try #require(reply.json?["scopes"]?.array)
        #expect(reply.json?["resets_at"]?.string == "2026-05-01T00:00:00Z")
        #expect(
            scopes.map { "\($0["scope"]?.string ?? "") \($0["name"]?.string ?? "")" }
                == ["tenant 42", "user 101", "user 102", "key key_tenant"])
        #expect(
            scopes[0]
                == [
                    "scope": "tenant", "name": "42", "unlimited": false, "limit_usd": 10,
                    "settled_usd": .number("3.21"), "held_usd": 0,
                    "remaining_usd": .number("6.79"), "pct_used": .number("32.1"),
                    "resets_at": "2026-05-01T00:00:00Z",
                ])
        #expect(scopes[2]["remaining_usd"] == .number("-1.209"))
        #expect(scopes[3]["unlimited"] == true)
    }

    @Test func `models are those that can be called`() async throws {
        let stage = try stage()
        let all = try await stage.send(.get, "/ai/models", key: tenant)
        #expect(
            all.json?["models"]?.array?.compactMap { $0["model"]?.string } == ["large", "small"])
        let few = try await stage.send(.get, "/ai/models?tenant_id=43", key: admin)
        #expect(few.json?["models"]?.array?.compactMap { $0["model"]?.string } == ["small"])
        let small = try #require(few.json?["models"]?.array?.first)
        #expect(small["usd_per_million"] == ["input": .number("0.8"), "output": 4])
        #expect(small["long_context"]?.array?.count == 1)
    }

    @Test(arguments: [
        ("tenant_id", "tenant_id=0"), ("tenant_id", "tenant_id=x"), ("tenant_id", "tenant_id="),
        ("tenant_id", "tenant_id=042"), ("tenant_id", "tenant_id=%2B42"),
        ("tenant_id", "tenant_id=42.0"), ("tenant_id", "tenant_id=9223372036854775808"),
        ("tenant_id", "tenant_id=42&tenant_id=42"), ("period", "period=2026-13"),
        ("period", "period=2026-4"), ("period", "period=2026-04-01"), ("group_by", "group_by=User"),
        ("group_by", "group_by="), ("format", "format=xml"), ("limit", "limit=1"), ("x", "x"),
        ("x'--", "x%27--=1"), ("group_by", "group_by=%00"),
    ])
    func `a wrong parameter is named`(param: String, query: String) async throws {
        let reply = try await stage().send(.get, "/ai/usage?\(query)", key: tenant)
        #expect(reply.status == 400)
        #expect(reply.param == param)
    }

    @Test(arguments: ["%", "tenant_id=%4", "tenant_id=%zz", "%ff=1"])
    func `a query that can't be decoded is refused`(query: String) async throws {
        #expect(try await stage().send(.get, "/ai/usage?\(query)", key: tenant).status == 400)
    }

    @Test func `nobody sees another tenant`() async throws {
        let stage = try stage()
        for path in ["usage", "usage/log", "budget", "models"] {
            let foreign = try await stage.send(.get, "/ai/\(path)?tenant_id=43", key: tenant)
            #expect(foreign.error == "forbidden")
            let missing = try await stage.send(.get, "/ai/\(path)?tenant_id=77", key: tenant)
            #expect(missing.error == "forbidden")
            let unknown = try await stage.send(.get, "/ai/\(path)?tenant_id=77", key: admin)
            #expect(unknown.error == "not_found")
            let none = try await stage.send(.get, "/ai/\(path)", key: admin)
            #expect(none.param == "tenant_id")
        }
    }
}
