import Testing
import WeirCore
import WeirService
import WeirTesting

/// Jobs, a ledger, and a provider that takes batches. A restart makes everything anew that a
/// process has in memory.
struct BatchStage {
    let ledger = InMemoryLedgerStore()
    let jobs = InMemoryJobStore()
    let time = ManualTime()
    let provider: FakeBatchProvider
    let transport: ScriptedTransport
    let directory: Directory
    private let dialect: PlainBatches
    private let store = InMemoryDirectoryStore()
    private let settings: BatchSettings
    private let rates: RateGate?
    private(set) var budget: BudgetGuard
    private(set) var runner: BatchRunner

    init(
        limit: BudgetLimit = .unlimited, keepsNames: Bool = true, usesFiles: Bool = false,
        settings: BatchSettings = BatchSettings(), rates: RateGate? = nil
    ) throws {
        self.settings = settings
        self.rates = rates
        let provider = FakeBatchProvider(keepsNames: keepsNames)
        self.provider = provider
        dialect = PlainBatches(keepsNames: keepsNames, usesFiles: usesFiles)
        transport = ScriptedTransport { provider.answer($0) }
        let prices = try PriceBook(
            json: #"{"version":"t","prices":[{"provider":"plain","model":"plain-1","#
                + #""input":"0.001","output":"0.002","hidden_thoughts":"never","#
                + #""service_tiers":{"batch":{"input":"0.0005","output":"0.001"}}},"#
                + #"{"provider":"plain","model":"dear","input":"1","output":"2"}]}"#)
        let tenants = try [42, 43].map {
            Tenant(id: try #require(TenantID($0)), name: "T", isActive: true, budget: limit)
        }
        directory = try Directory(
            contents: DirectoryContents(tenants: tenants), prices: prices, store: store)
        budget = BudgetGuard(store: ledger, time: time)
        runner = try Self.runner(
            ledger, jobs, time, transport, directory, store, budget, dialect, settings, rates)
    }

    /// What is left is what the stores have.
    mutating func restart() async throws {
        ledger.fail(after: nil)
        budget = BudgetGuard(store: ledger, time: time)
        runner = try Self.runner(
            ledger, jobs, time, transport, directory, store, budget, dialect, settings, rates)
        _ = try await ledger.recover(now: time.now())
        try await runner.adopt()
    }

    private static func runner(
        _ ledger: InMemoryLedgerStore, _ jobs: InMemoryJobStore, _ time: ManualTime,
        _ transport: ScriptedTransport, _ directory: Directory, _ store: InMemoryDirectoryStore,
        _ budget: BudgetGuard, _ dialect: PlainBatches, _ settings: BatchSettings,
        _ rates: RateGate?
    ) throws -> BatchRunner {
        let name = try #require(ProviderName("plain"))
        let last = ledger.rows.last?.attempt ?? AttemptID(number: 0)
        var parts = CompletionParts(
            directory: directory,
            catalogue: ModelCatalogue(
                providers: [.init(name: name, pricesAs: "plain")], aliases: [:]),
            providers: [
                ProviderSetup(
                    name: name, pricesAs: "plain", dialect: PlainDialect(batch: dialect), key: "k")
            ],
            gate: ProviderGate(ProviderTraffic(rules: BreakerRules(), limits: [:]), dice: { 0 }),
            budget: budget, ledger: ledger, events: store, transport: transport,
            screening: Screening(try FeatureScreens(), audit: store), calendar: BillingCalendar(),
            time: time, attempts: AttemptNumbers(after: last))
        parts.rates = rates
        return BatchRunner(
            pipeline: CompletionPipeline(parts), jobs: jobs, store: ledger, settings: settings,
            identifiers: TimeOrderedText(time: time), read: call)
    }

    /// The body is the text alone, and perhaps the model.
    @Sendable private static func call(_ job: JobCall) throws(WeirError) -> CompletionCall {
        // Whatever is wrong with it, no test has written it.
        let body = try? JSONParser.parse(job.body, .request)
        guard let text = body?["text"]?.string,
            let model = ModelName(body?["model"]?.string ?? "plain-1"),
            let tenant = job.caller.onlyTenant
        else { throw WeirError(.invalidRequest, "no text") }
        return CompletionCall(
            caller: job.caller, request: job.request, tenant: tenant, user: .none,
            feature: job.feature, dialect: CompleteDialect(),
            work: .chat(
                ClientRequest(
                    chat: ChatRequest(
                        model: model, messages: [ChatMessage(role: .user, text: text)],
                        maxTokens: 100),
                    maxTokens: 100, stream: nil, input: InputBound(textBytes: 20, items: 1),
                    body: JSONObject())))
    }

    /// Each call is held at this: 100 bytes of text, framing and margin at half a nano-USD, 100
    /// tokens at one, and the roundings.
    static let held: Int64 = 50 + 100 + 3

    @discardableResult
    func add(
        _ text: String, tenant: Int64 = 42, model: String = "plain-1",
        waitsForBudget: Bool = false, report: ReportForm? = nil
    ) async throws -> JobID {
        try await add(
            [text], tenant: tenant, model: model, waitsForBudget: waitsForBudget, report: report)
    }

    /// A job of a call for each text.
    @discardableResult
    func add(
        _ texts: [String], tenant: Int64 = 42, model: String = "plain-1",
        waitsForBudget: Bool = false, report: ReportForm? = nil
    ) async throws -> JobID {
        let count = try await jobs.jobs(
            tenant: nil, status: nil, queue: nil, below: nil, limit: 10_000
        ).count
        let id = try #require(JobID("job_\(count + 1)"))
        let job = Job(
            id: id, tenant: try #require(TenantID(tenant)), user: .none, queue: .batchQueue,
            acceptedAt: time.now(), deadline: time.now().advanced(seconds: 30 * 86_400),
            waitsForBudget: waitsForBudget)
        let request = JobRequest(
            key: try #require(KeyID("key_1")), role: .service,
            feature: try #require(FeatureSlug("tests")),
            calls: texts.map { ["text": .string($0), "model": .string(model)] },
            report: report, allowsBatch: true)
        _ = try await jobs.enqueue(job, request: request, claim: nil, limit: 100_000)
        return id
    }

    /// What came of each of a job's calls: the answer's text, or the error's code.
    func answers(_ id: JobID) async throws -> [String?] {
        func shown(_ answer: JSON) -> String? { (answer["content"] ?? answer["error"])?.string }
        if let result = try await result(id) { return result["results"]?.array?.map(shown) ?? [] }
        return try await jobs.answers(of: id).map { shown(try JSONParser.parse($0.body, .reply)) }
    }

    func job(_ id: JobID) async throws -> Job { try #require(try await jobs.job(id)) }

    func result(_ id: JobID) async throws -> JSON? {
        try await jobs.result(of: id).map { try JSONParser.parse($0, .reply) }
    }

    /// What stands on a tenant's counter.
    func counter(_ tenant: Int64 = 42) async throws -> BudgetBook.Counter {
        let period = BillingCalendar().date(of: time.now(), in: "UTC").period
        let counters = try await budget.counters([
            .init(tenant: try #require(TenantID(tenant)), period: period, scope: .tenant)
        ])
        return try #require(counters.first)
    }

    /// What all settled rows cost together.
    var cost: Int64 { ledger.rows.reduce(0) { $0 + ($1.outcome?.cost.nanos ?? 0) } }

    /// No money is held, no batch open, and no call without its row.
    func requireCalm() async throws {
        #expect(ledger.rows.allSatisfy { $0.state != .intent })
        #expect(try await ledger.openBatches().isEmpty)
        for tenant in [42, 43] as [Int64] { #expect(try await counter(tenant).held == .zero) }
    }
}
