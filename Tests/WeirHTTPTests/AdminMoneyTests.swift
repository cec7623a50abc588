import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// Prices, adjustments, the audit log and health by HTTP.
@Suite struct AdminMoneyTests {
    private let admin = Stage.Token.admin.rawValue

    @Test func `a price document lies over the others`() async throws {
        let stage = try Stage()
        let body = """
            {"version": "v2", "prices": [{"provider": "acme", "model": "small", "input": "1",
             "output": "5", "effective_from": "2026-04-01",
             "service_tiers": {"batch": {"input": "0.5", "tiers": [
               {"above_input_tokens": 10, "output": "1"}]}}}]}
            """
        let put = try await stage.send(.put, "/admin/prices", key: admin, body: body)
        #expect(put.status == 200, "\(put.text)")
        #expect(put.json?["version"] == "v2")
        let small = try #require(
            put.json?["prices"]?.array?.first { $0["model"] == "small" })
        #expect(small["usd_per_million"] == ["input": 1, "output": 5])
        #expect(small["effective_from"] == "2026-04-01T00:00:00Z")
        #expect(stage.store.audit.map(\.action) == ["price.put"])
    }

    @Test(arguments: [
        ("version", #"{"prices": []}"#), ("prices", #"{"version": "v"}"#),
        ("prices[0]", #"{"version": "v", "prices": [1]}"#),
        ("prices[0].tiers", Self.price(#""tiers": 5"#)),
        ("prices[0].embedding", Self.price(#""embedding": "yes""#)),
        (
            "prices[0].output",
            #"{"version": "v", "prices": [{"provider": "a", "model": "b", "input": "1"}]}"#
        ),
        ("prices[0].input", Self.price(#""x": 1"#).replacing(#""1""#, with: "1")),
        ("prices[0].discount", Self.price(#""discount": "1""#)),
        ("source", #"{"version": "v", "source": 1, "prices": []}"#),
    ])
    func `a wrong price document changes nothing`(param: String, body: String) async throws {
        let stage = try Stage()
        let reply = try await stage.send(.put, "/admin/prices", key: admin, body: body)
        #expect(reply.status == 400)
        #expect(reply.param == param || param == "prices[0].input", "\(reply.text)")
        #expect(stage.directory.snapshot.prices.version == "test.1")
    }

    private static func price(_ member: String) -> String {
        #"{"version": "v", "prices": [{"provider": "a", "model": "b", "input": "1", "#
            + #""output": "1", \#(member)}]}"#
    }

    @Test func `an adjustment is a row of its own that budgets see`() async throws {
        let stage = try Stage()
        stage.ledger.plant(try .sample(7, nanos: 500_000_000, month: 3))
        let body =
            #"{"tenant_id": 42, "attempt_id": "7", "amount_usd": -0.2, "reason": "bad answer"}"#
        let reply = try await stage.send(.post, "/admin/adjustments", key: admin, body: body)
        #expect(reply.status == 201)
        #expect(reply.json?["kind"] == "adjustment")
        #expect(reply.json?["adjusts"] == "7")
        #expect(reply.json?["period"] == "2026-03")
        #expect(reply.json?["cost_usd"] == .number("-0.2"))
        let usage = try await stage.send(
            .get, "/ai/usage?tenant_id=42&period=2026-03", key: admin)
        #expect(usage.json?["cost_usd"] == .number("0.3"))
        #expect(usage.json?["calls"] == 1)
        #expect(stage.ledger.audit.map(\.action) == ["adjustment.book"])
        let more = body.replacing("-0.2", with: "-0.300000001")
        let refused = try await stage.send(.post, "/admin/adjustments", key: admin, body: more)
        #expect(refused.param == "amount_usd")
    }

    @Test(arguments: [
        (404, #""attempt_id": "8""#), (404, #""tenant_id": 43"#), (400, #""amount_usd": 0"#),
        (400, #""amount_usd": "1e3""#), (400, #""amount_usd": 0.0000000001"#),
        (400, #""amount_usd": true"#), (400, #""attempt_id": "x""#), (201, #""attempt_id": 7.0"#),
        (400, #""attempt_id": 7.5"#), (400, #""attempt_id": "7.0""#), (400, #""attempt_id": "07""#),
        (400, #""reason": """#), (400, #""note": "x""#),
        (201, #""attempt_id": 7"#), (201, #""amount_usd": "0.000000001""#),
        (201, #""amount_usd": "-0.0005""#), (201, #""amount_usd": 1E-9"#),
    ])
    func `adjustments are checked`(status: Int, member: String) async throws {
        let stage = try Stage()
        stage.ledger.plant(try .sample(7))
        let base = [
            #""tenant_id": 42"#, #""attempt_id": "7""#, #""amount_usd": 1"#, #""reason": "x""#,
        ]
        let name = member.split(separator: ":")[0]
        let body = (base.filter { !$0.hasPrefix(name) } + [member]).joined(separator: ", ")
        let reply = try await stage.send(
            .post, "/admin/adjustments", key: admin, body: "{\(body)}")
        #expect(reply.status == status, "\(reply.text)")
        #expect(stage.ledger.rows.count == (status == 201 ? 2 : 1))
    }

    @Test func `an adjustment with a key is booked once`() async throws {
        let stage = try Stage()
        stage.ledger.plant(try .sample(7))
        let body = #"{"tenant_id": 42, "attempt_id": "7", "amount_usd": -0.0004, "reason": "x"}"#
        func send(_ body: String) async throws -> Reply {
            try await stage.send(
                .post, "/admin/adjustments", key: admin,
                fields: [("idempotency-key", "credit-7")], body: body)
        }
        let first = try await send(body)
        let again = try await send(body)
        #expect(first.status == 201 && again.status == 201, "\(again.text)")
        #expect(first.text == again.text)
        #expect(again.answer.headers.contains { $0.name == .idempotentReplayed })
        #expect(stage.ledger.rows.count == 2)
        let other = try await send(body.replacing("-0.0004", with: "-0.0001"))
        #expect(other.status == 422)
        #expect(stage.ledger.rows.count == 2)
    }

    @Test func `the audit log is paged and can be verified`() async throws {
        let stage = try Stage()
        for id in 1...3 {
            _ = try await stage.send(.put, "/admin/tenants/\(id)", key: admin, body: "{}")
        }
        let page = try await stage.send(.get, "/admin/audit?limit=2", key: admin)
        let entries = try #require(page.json?["entries"]?.array)
        #expect(entries.map { $0["sequence"] } == [3, 2])
        #expect(page.json?["next_cursor"] == "2")
        let rest = try await stage.send(.get, "/admin/audit?limit=2&cursor=2", key: admin)
        #expect(rest.json?["entries"]?.array?.count == 1)
        #expect(rest.json?["next_cursor"] == .null)
        let hash = try #require(entries[0]["hash"]?.string)
        let sound = try await stage.send(
            .get, "/admin/audit/verify?sequence=3&hash=\(hash)", key: admin)
        #expect(
            sound.text
                == #"{"sound":true,"entries":3,"head":{"sequence":3,"hash":"\#(hash)"}}"#)
        let broken = try await stage.send(
            .get, "/admin/audit/verify?sequence=4&hash=\(hash)", key: admin)
        #expect(broken.json?["sound"] == false)
        for query in ["sequence=3", "hash=\(hash)", "sequence=3&hash=AB", "sequence=0"] {
            let reply = try await stage.send(.get, "/admin/audit/verify?\(query)", key: admin)
            #expect(reply.status == 400)
        }
    }

    @Test func `health says what is wrong`() async throws {
        let stage = try Stage()
        let acme = try slug("acme")
        stage.health.set(
            HealthReport(
                status: .degraded, isDatabaseSound: true, providers: [acme: .unknown],
                memoryUsedPercent: 12, diskFreePercent: 34))
        let degraded = try await stage.send(.get, "/health")
        #expect(
            degraded.text
                == #"{"status":"degraded","checks":{"database":"ok","#
                + #""providers":{"acme":"unknown"},"memory_used_pct":12,"disk_free_pct":34}}"#)
        stage.health.set(
            HealthReport(
                status: .unhealthy, isDatabaseSound: true, providers: [acme: .unreachable]))
        #expect(try await stage.send(.get, "/health/ready").status == 503)
        #expect(try await stage.send(.get, "/health/live").status == 200)
        stage.health.set(
            HealthReport(status: .unhealthy, isDatabaseSound: false, providers: [:]))
        #expect(try await stage.send(.get, "/health/live").status == 503)
        let providers = try await stage.send(.get, "/admin/providers", key: admin)
        #expect(providers.text == #"{"providers":[]}"#)
    }

    @Test func `a ledger that can't be written is 503, and says when to come back`() async throws {
        let stage = try Stage()
        stage.store.fail(with: .unavailable("disk"))
        let reply = try await stage.send(.put, "/admin/tenants/42", key: admin, body: "{}")
        #expect(reply.error == "ai_service_unavailable")
        #expect(reply.header("retry-after") == "5")
        #expect(!reply.text.contains("disk"))
    }
}
