import WeirCore

/// The tour: a tenant, a key, a metered call, its row, what is left, and a refusal.
struct DemoTour {
    private let stage: DemoStage
    private let url: String
    private let admin: AdminClient

    init(stage: DemoStage, port: Int) {
        self.stage = stage
        url = "http://127.0.0.1:\(port)"
        admin = AdminClient(url: url, key: Secret(stage.adminKey), timeout: .seconds(70))
    }

    func run() async throws {
        say("Weir serves at \(url)")
        say(
            stage.sandbox == nil
                ? "A provider key is set: the call below is real, and costs what it shows."
                : "No provider key is set: calls go to the built-in provider sandbox.")
        _ = try await admin.put(
            "/admin/tenants/42",
            [
                "name": "Demo", "tier": "growth", "is_active": true, "budget_usd": 10,
                "timezone": "UTC",
            ])
        let created = try await admin.post(
            "/admin/keys", ["name": "demo", "role": "service", "tenants": [42]])
        let key = created["key"]?.string ?? ""
        let caller = AdminClient(url: url, key: Secret(key), timeout: .seconds(70))
        say("\nTenant 42 has the AI module and 10 USD a month. A service key was made.\n")
        try await firstCall(caller)
        try await refusedCall(caller)
        say(
            """

            Try it yourself:
              curl -s \(url)/ai/complete -H 'Authorization: Bearer \(key)' \\
                -H 'Content-Type: application/json' \\
                -d '{"tenant_id":42,"model":"\(stage.model)","user_message":"Hello"}'
              weir usage show 42 --url \(url) --key \(stage.adminKey)
            Stop with Ctrl-C.
            """)
    }

    private func firstCall(_ caller: AdminClient) async throws {
        let body: JSON = [
            "tenant_id": 42, "user_id": 101, "feature_slug": "sales-summary",
            "model": .string(stage.model), "system_prompt": "You are a sales analyst.",
            "user_message": "Summarise today's sales: 31 orders, UGX 2,450,000.",
            "max_tokens": 400,
        ]
        say("→ POST /ai/complete  \(body.text)")
        let answer = try await caller.post("/ai/complete", body)
        say("← 200  \(Console.harmless(answer.text))")
        let log = try await caller.get("/ai/usage/log", [("tenant_id", "42")])
        if let row = log["rows"]?.array?.first {
            say("\nThe ledger's row, durable before the answer:")
            for name in [
                "attempt_id", "state", "basis", "provider", "model", "input_tokens",
                "output_tokens", "held_usd", "cost_usd", "price_version",
            ] {
                if let value = row[name] { say("  \(name): \(value.string ?? value.text)") }
            }
        }
        try await sayBudget(caller)
    }

    private func refusedCall(_ caller: AdminClient) async throws {
        _ = try await admin.put(
            "/admin/tenants/42", ["budgets": ["users": ["7": .number("0.000001")]]])
        say("\nUser 7 now has a budget of 0.000001 USD a month.")
        let body: JSON = [
            "tenant_id": 42, "user_id": 7, "model": .string(stage.model),
            "user_message": "Write me a novel.", "max_tokens": 4_000,
        ]
        say("→ POST /ai/complete  \(body.text)")
        do {
            let answer = try await caller.post("/ai/complete", body)
            say("← 200  \(answer.text): this should have been refused")
        } catch let refusal as CommandFailure {
            say("← refused  \(refusal)")
        }
        try await sayBudget(caller)
    }

    private func sayBudget(_ caller: AdminClient) async throws {
        let budget = try await caller.get("/ai/budget", [("tenant_id", "42")])
        let scope = budget["scopes"]?.array?.first
        func amount(_ name: String) -> String { scope?[name]?.text ?? "?" }
        say(
            "\nBudget of tenant 42: limit \(amount("limit_usd")) USD, "
                + "settled \(amount("settled_usd")), held \(amount("held_usd")), "
                + "remaining \(amount("remaining_usd"))")
    }

    private func say(_ line: String) { Console.result(line) }
}
