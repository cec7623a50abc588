import WeirCore

/// The ledger's columns, in the one order in which they are bound and read.
enum LedgerColumns {
    /// What is known at INTENT; the columns of `open_attempts`.
    static let intent = """
        attempt_id, request_id, attempt_no, tenant_id, user_id, feature, key_id, provider, model, \
        upstream_model, period, day, held_nanos, price_version, created_at, prompt_digest
        """
    /// What only a terminal row of `ai_usage_log` has.
    static let outcome = """
        kind, state, status, basis, cost_nanos, input_tokens, output_tokens, cache_read_tokens, \
        cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens, web_searches, \
        service_tier, in_doubt, usage_suspect, settled_at, answer_digest, adjusts
        """
    /// An open attempt in the shape of a terminal row; its NULL status tells it apart.
    static let openOutcome = """
        'call', 'intent', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
        NULL, NULL, NULL, NULL
        """

    static let insertIntent =
        "INSERT INTO open_attempts (\(intent)) VALUES (\(places(16)))"
    static let insertTerminal =
        "INSERT INTO ai_usage_log (\(intent), \(outcome)) VALUES (\(places(34)))"

    private static func places(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }
}

extension Statement {
    func bind(intent row: LedgerRow) {
        bind(row.attempt.number)
        bind(row.request.description)
        bind(Int64(row.attemptNumber))
        bind(row.tenant.number)
        bind(row.user.number)
        bind(row.feature.description)
        bind(row.key.description)
        bind(row.provider.description)
        bind(row.model.description)
        bind(row.upstreamModel.description)
        bind(row.date.period.column)
        bind(Int64(row.date.day.number))
        bind(row.held.nanos)
        bind(row.priceVersion)
        bind(row.createdAt.milliseconds)
        bind(blob: row.promptDigest)
    }

    func bind(terminal row: LedgerRow, _ outcome: LedgerRow.Outcome) {
        bind(intent: row)
        bind(row.kind.rawValue)
        bind(row.state.rawValue)
        bind(outcome.status.rawValue)
        bind(outcome.basis.rawValue)
        bind(outcome.cost.nanos)
        bind(outcome.usage.input)
        bind(outcome.usage.output)
        bind(outcome.usage.cacheRead)
        bind(outcome.usage.cacheWrite5m)
        bind(outcome.usage.cacheWrite1h)
        bind(outcome.usage.reasoning)
        bind(outcome.usage.webSearches)
        bind(outcome.usage.serviceTier?.rawValue)
        bind(outcome.isInDoubt)
        bind(outcome.isUsageSuspect)
        bind(outcome.settledAt.milliseconds)
        bind(blob: outcome.answerDigest)
        bind(row.adjusts?.number)
    }
}

extension LedgerRow {
    /// Reads `LedgerColumns.intent` and `outcome`. What the types don't allow can't have been
    /// written by this store.
    init(_ row: borrowing Row) throws(SQLiteError) {
        let attempt = AttemptID(number: row.int64(0))
        guard let request = RequestID(row.text(1)), let number = Int(exactly: row.int64(2)),
            let tenant = TenantID(row.int64(3)), let user = UserID(row.int64(4)),
            let feature = FeatureSlug(row.text(5)), let key = KeyID(row.text(6)),
            let provider = ProviderName(row.text(7)), let model = ModelName(row.text(8)),
            let upstreamModel = ModelName(row.text(9)), let period = Period(column: row.int64(10)),
            let day = Int32(exactly: row.int64(11)), let kind = Kind(rawValue: row.text(16)),
            let state = State(rawValue: row.text(17))
        else { throw .corrupt("attempt \(attempt.number) can't be read from the ledger") }
        self.init(
            attempt: attempt, request: request, attemptNumber: number, kind: kind, state: state,
            tenant: tenant, user: user, feature: feature, key: key, provider: provider,
            model: model, upstreamModel: upstreamModel,
            date: BillingDate(period: period, day: Day(number: day)),
            held: Money(nanos: row.int64(12)), priceVersion: row.text(13),
            createdAt: Timestamp(milliseconds: row.int64(14)), promptDigest: row.bytes(15),
            outcome: row.isNull(18) ? nil : try Outcome(row, attempt: attempt),
            adjusts: row.optionalInt64(33).map(AttemptID.init(number:)))
    }
}

extension LedgerRow.Outcome {
    fileprivate init(_ row: borrowing Row, attempt: AttemptID) throws(SQLiteError) {
        let tier = row.optionalText(28).map(ServiceTier.init(rawValue:))
        guard let status = LedgerRow.Status(rawValue: row.text(18)),
            let basis = LedgerRow.Basis(rawValue: row.text(19)), tier != .some(nil),
            let usage = TokenUsage(
                input: row.int64(21), output: row.int64(22), cacheRead: row.int64(23),
                cacheWrite5m: row.int64(24), cacheWrite1h: row.int64(25),
                reasoning: row.int64(26), webSearches: row.int64(27), serviceTier: tier ?? nil)
        else { throw .corrupt("attempt \(attempt.number) can't be read from the ledger") }
        self.init(
            status: status, cost: Money(nanos: row.int64(20)), basis: basis, usage: usage,
            isInDoubt: row.bool(29), isUsageSuspect: row.bool(30),
            settledAt: Timestamp(milliseconds: row.int64(31)), answerDigest: row.bytes(32))
    }
}
