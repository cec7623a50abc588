import WeirCore
import WeirService

extension Stage {
    /// The tokens of the keys on the stage, by what they may do.
    enum Token: String, CaseIterable {
        case service = "wk_service_of_42_and_44"
        case elsewhere = "wk_service_of_43"
        case tenant = "wk_tenant_42"
        case everywhere = "wk_service_of_all"
        case admin = "wk_admin"
        case revoked = "wk_revoked"
    }

    static func tenants() throws -> [Tenant] {
        [
            Tenant(
                id: try tenantID(42), name: "Forty-two", tier: .growth, isActive: true,
                budget: .capped(Money(nanos: 10_000_000_000)),
                caps: ScopeCaps(users: ["*": Money(nanos: 2_000_000_000)])),
            Tenant(
                id: try tenantID(43), name: "Forty-three", isActive: true, budget: .unlimited,
                timeZone: "Africa/Kampala", models: [try slug("small")]),
        ]
    }

    static func keys(at now: Timestamp) throws -> [ServiceKey] {
        [
            try key(.service, .service, .tenants([try tenantID(42), try tenantID(44)]), now),
            try key(.elsewhere, .service, .tenants([try tenantID(43)]), now),
            try key(.tenant, .tenant, .tenants([try tenantID(42)]), now),
            try key(.everywhere, .service, .all, now),
            try key(.admin, .admin, .all, now),
            try key(.revoked, .admin, .all, now, endsAt: now),
        ]
    }

    private static func key(
        _ token: Token, _ role: ServiceKey.Role, _ reach: ServiceKey.Reach, _ now: Timestamp,
        endsAt: Timestamp? = nil
    ) throws -> ServiceKey {
        ServiceKey(
            id: try slug("key_\(token)"), name: "\(token)", role: role, reach: reach,
            digest: digest(ofToken: token.rawValue), createdAt: now, endsAt: endsAt)
    }

    static let prices = """
        {"version": "test.1", "prices": [
          {"provider": "acme", "model": "small", "input": "0.8", "output": "4",
           "context_window": 1000, "max_output_tokens": 100,
           "tiers": [{"above_input_tokens": 500, "input": "1.6"}]},
          {"provider": "acme", "model": "large", "input": "3", "output": "15",
           "per_call": {"web_search": "0.01"}},
          {"provider": "other", "model": "unserved", "input": "3", "output": "15"}
        ]}
        """
}

extension LedgerRow {
    /// A settled call of tenant 42 in the stage's month.
    static func sample(
        _ number: Int64, tenant: Int64 = 42, user: Int64 = 101, nanos: Int64 = 1_000_000,
        month: Int = 4
    ) throws -> LedgerRow {
        guard let user = UserID(user), let period = Period(year: 2026, month: month) else {
            throw StageError.badSlug("sample")
        }
        let day = Day(number: Int32(20_260_000 + month * 100 + 15))
        let moment = Timestamp(milliseconds: 1_776_254_400_000)
        return LedgerRow(
            attempt: AttemptID(number: number), request: try slug("req_\(number)"),
            attemptNumber: 1, state: .settled, tenant: try tenantID(tenant), user: user,
            feature: try slug("sales"), key: try slug("key_tenant"), provider: try slug("acme"),
            model: try slug("small"), upstreamModel: try slug("small"),
            date: BillingDate(period: period, day: day), held: Money(nanos: nanos * 2),
            priceVersion: "test.1", createdAt: moment,
            promptDigest: [UInt8](repeating: 0xAB, count: 32),
            outcome: Outcome(
                status: .ok, cost: Money(nanos: nanos), basis: .reported,
                usage: TokenUsage(input: 100, output: 20) ?? .zero, settledAt: moment,
                answerDigest: [UInt8](repeating: 0xCD, count: 32)))
    }
}
