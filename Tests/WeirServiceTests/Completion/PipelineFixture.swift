import Testing
import WeirCore
import WeirService
import WeirTesting

/// A pipeline over fakes: one provider at 1 nano-USD a token in, 2 out, one tenant.
struct PipelineFixture {
    let ledger = InMemoryLedgerStore()
    let directoryStore = InMemoryDirectoryStore()
    let time = ManualTime()
    let transport: ScriptedTransport
    let budget: BudgetGuard
    let directory: Directory
    let pipeline: CompletionPipeline
    let tenant: TenantID
    private let model: ModelName
    private let key: KeyID
    private let feature: FeatureSlug

    init(
        limit: BudgetLimit = .unlimited, concurrentCalls: Int = 1_024, hasSpare: Bool = false,
        failures: Int = 1_000_000, retries: Int = 0, rate: RateLimit? = nil,
        policy: LimitPolicy? = nil, placesAtProvider: Int? = nil,
        clock: (any TimeSource)? = nil,
        change: (inout Tenant) -> Void = { _ in },
        reply: @escaping @Sendable (UpstreamCall) async -> UpstreamOutcome
    ) throws {
        tenant = try #require(TenantID(42))
        model = try #require(ModelName("plain-1"))
        key = try #require(KeyID("key_test"))
        feature = try #require(FeatureSlug("tests"))
        let provider = try #require(ProviderName("plain"))
        var tenant = Tenant(id: tenant, name: "Test", isActive: true, budget: limit)
        change(&tenant)
        transport = ScriptedTransport(reply)
        budget = BudgetGuard(store: ledger, time: time)
        let prices = try PriceBook(
            json: #"{"version":"t","prices":[{"provider":"plain","model":"plain-1","#
                + #""input":"0.001","output":"0.002","context_window":100000},"#
                + #"{"provider":"spare","model":"spare-1","input":"0.001","output":"0.002"}]}"#)
        directory = try Directory(
            contents: DirectoryContents(tenants: [tenant]), prices: prices,
            store: directoryStore)
        let spare = try #require(ProviderName("spare"))
        let names = hasSpare ? [provider, spare] : [provider]
        var parts = CompletionParts(
            directory: directory,
            catalogue: ModelCatalogue(
                providers: names.map { .init(name: $0, pricesAs: $0.description) },
                aliases: hasSpare ? try Self.aliases(model, provider, spare) : [:]),
            providers: names.map {
                ProviderSetup(
                    name: $0, pricesAs: $0.description, dialect: PlainDialect(), key: "k")
            },
            gate: ProviderGate(
                ProviderTraffic(
                    rules: Self.rules(failures),
                    limits: placesAtProvider.map { [provider: $0] } ?? [:]), dice: { 0 }),
            budget: budget, ledger: ledger, events: directoryStore, transport: transport,
            screening: Screening(try FeatureScreens(), audit: directoryStore),
            calendar: BillingCalendar(), time: clock ?? time,
            attempts: AttemptNumbers(after: AttemptID(number: 0)))
        parts.concurrentCalls = concurrentCalls
        parts.retries.retries = retries
        var limits = LimitPolicy()
        limits.tenant = CallLimits(calls: rate)
        parts.rates = (policy ?? rate.map { _ in limits }).map { RateGate($0) }
        pipeline = CompletionPipeline(parts)
    }

    /// Breakers that no test trips by accident.
    private static func rules(_ failures: Int) -> BreakerRules {
        var rules = BreakerRules()
        rules.failures = failures
        rules.minimumCalls = 1_000_000
        return rules
    }

    private static func aliases(
        _ model: ModelName, _ provider: ProviderName, _ spare: ProviderName
    ) throws -> [ModelName: ModelCatalogue.Alias] {
        let other = try #require(ModelName("spare-1"))
        return [
            model: ModelCatalogue.Alias(
                targets: [.init(provider: provider, model: model)],
                fallbacks: [try #require(ModelName("spare"))]),
            try #require(ModelName("spare")): ModelCatalogue.Alias(
                targets: [.init(provider: spare, model: other)]),
        ]
    }

    func call(
        _ text: String, request: String = "req_1", cap: Int64 = 100, idempotency: String? = nil,
        user: Int64 = 0, isStream: Bool = false
    ) throws -> CompletionCall {
        let fingerprint = Array(text.utf8)
        return CompletionCall(
            caller: Caller(key: key, role: .service, reach: .all),
            request: try #require(RequestID(request)), tenant: tenant,
            user: try #require(UserID(user)), feature: feature, dialect: CompleteDialect(),
            work: .chat(
                ClientRequest(
                    chat: ChatRequest(
                        model: model, messages: [ChatMessage(role: .user, text: text)],
                        maxTokens: cap),
                    maxTokens: cap, stream: isStream ? StreamOptions() : nil,
                    input: InputBound(textBytes: Int64(text.utf8.count), items: 1),
                    body: JSONObject())),
            idempotency: try idempotency.map {
                try #require(IdempotencyKey($0, fingerprint: fingerprint))
            })
    }

    func outcome(_ call: CompletionCall) async -> Result<CompletionReply, WeirError> {
        do throws(WeirError) {
            switch try await pipeline.complete(call) {
            case .whole(let reply): return .success(reply)
            case .stream: return .failure(WeirError(.internalError, "a stream"))
            }
        } catch {
            return .failure(error)
        }
    }

    /// What stands on the tenant's counter.
    func counter() async throws -> BudgetBook.Counter {
        let period = BillingCalendar().date(of: time.now(), in: "UTC").period
        let counters = try await budget.counters([
            .init(tenant: tenant, period: period, scope: .tenant)
        ])
        return try #require(counters.first)
    }
}

extension UpstreamOutcome {
    static func answer(_ text: String) -> UpstreamOutcome {
        .reply(UpstreamReply(status: 200, body: Array(text.utf8)))
    }

    static func status(_ status: Int) -> UpstreamOutcome {
        .reply(UpstreamReply(status: status, body: []))
    }
}

extension Result where Failure == WeirError {
    var code: WeirError.Code? {
        if case .failure(let error) = self { error.code } else { nil }
    }
}
