import Testing
import WeirCore
import WeirService

/// Rows, keys and times as tests need them; what isn't said is the same everywhere.
enum Sample {
    static let now = Timestamp(milliseconds: 1_776_900_000_000)

    static func tenant(_ number: Int64 = 42) throws -> TenantID {
        try #require(TenantID(number))
    }

    static func period(_ text: String = "2026-04") throws -> Period { try #require(Period(text)) }

    static func intent(
        _ attempt: Int64, tenant: Int64 = 42, user: Int64 = 101, feature: String = "sales-summary",
        model: String = "claude-haiku-4-5", provider: String = "anthropic",
        period: String = "2026-04", day: Int32 = 20_260_423, held: Int64 = 1_000_000,
        request: String? = nil, number: Int = 1
    ) throws -> LedgerRow {
        LedgerRow(
            attempt: AttemptID(number: attempt),
            request: try #require(RequestID(request ?? "req_\(attempt)")), attemptNumber: number,
            tenant: try Sample.tenant(tenant), user: try #require(UserID(user)),
            feature: try #require(FeatureSlug(feature)), key: try #require(KeyID("key_1")),
            provider: try #require(ProviderName(provider)),
            model: try #require(ModelName(model)), upstreamModel: try #require(ModelName(model)),
            date: BillingDate(period: try Sample.period(period), day: Day(number: day)),
            held: Money(nanos: held), priceVersion: "2026-01", createdAt: now,
            promptDigest: [UInt8](repeating: 7, count: 32))
    }

    static func claim(
        _ key: String, tenant: Int64 = 42, fingerprint: UInt8 = 1, expires: Int64 = 86_400
    ) throws -> IdempotencyClaim {
        IdempotencyClaim(
            tenant: try Sample.tenant(tenant), key: key,
            fingerprint: [UInt8](repeating: fingerprint, count: 32),
            expiresAt: now.advanced(seconds: expires))
    }

    static func audit(_ action: String = "test", subject: String = "thing") -> AuditEntry {
        AuditEntry(at: now, actor: "operator", action: action, subject: subject)
    }
}

extension LedgerRow {
    /// The row at its end.
    func settled(
        cost: Int64, input: Int64 = 312, output: Int64 = 87, status: Status = .ok,
        basis: Basis = .reported, at: Timestamp = Sample.now
    ) throws -> LedgerRow {
        var row = self
        row.state = .settled
        row.outcome = Outcome(
            status: status, cost: Money(nanos: cost), basis: basis,
            usage: try #require(TokenUsage(input: input, output: output)), settledAt: at,
            answerDigest: [UInt8](repeating: 9, count: 32))
        return row
    }

    /// The row of a request that was proved not to have been sent.
    func voided() -> LedgerRow {
        var row = self
        row.state = .void
        row.outcome = Outcome(
            status: .notSent, cost: .zero, basis: .none, usage: .zero, settledAt: Sample.now)
        return row
    }

    /// A correction of the row.
    func adjusted(_ attempt: Int64, by nanos: Int64) -> LedgerRow {
        var row = self
        row.attempt = AttemptID(number: attempt)
        row.kind = .adjustment
        row.state = .settled
        row.held = .zero
        row.adjusts = self.attempt
        row.outcome = Outcome(
            status: .adjusted, cost: Money(nanos: nanos), basis: .none, usage: .zero,
            settledAt: Sample.now)
        return row
    }

    /// A replay of the row's answer.
    func replayed(_ attempt: Int64) -> LedgerRow {
        var row = self
        row.attempt = AttemptID(number: attempt)
        row.kind = .replay
        row.state = .settled
        row.held = .zero
        row.outcome = Outcome(
            status: .ok, cost: .zero, basis: .none, usage: .zero, settledAt: Sample.now)
        return row
    }
}
