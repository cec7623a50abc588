import HTTPTypes
import Logging
import Synchronization
import WeirCore
import WeirProviders
import WeirService
import WeirTesting

@testable import WeirHTTP

/// A whole HTTP surface over fakes, called in process: two tenants, a key of each kind, one fixed
/// completion.
struct Stage: Sendable {
    let time = ManualTime()
    let ledger = InMemoryLedgerStore()
    let store: InMemoryDirectoryStore
    let directory: Directory
    let health = FixedHealth()
    let outbox = InMemoryEventStore()
    let feed: EventFeed
    let completions = Completions()
    let jobs = InMemoryJobStore()
    let webhooks = InMemoryWebhookStore()
    private(set) var use: UseCases
    private(set) var dispatcher: Dispatcher

    init(
        settings: ServerSettings = ServerSettings(), events: EventSettings = EventSettings()
    ) throws {
        let contents = DirectoryContents(
            tenants: try Stage.tenants(), keys: try Stage.keys(at: time.now()))
        store = InMemoryDirectoryStore(contents)
        directory = try Directory(
            contents: contents, prices: PriceBook(json: Stage.prices), store: store)
        let budget = BudgetGuard(store: ledger, time: time)
        let provider = ModelCatalogue.Provider(name: try slug("acme"), pricesAs: "acme")
        let catalogue = ModelCatalogue(providers: [provider], aliases: [:])
        let identifiers = TimeOrderedText(time: time, random: sequentialBytes())
        let sequence = Mutexed(AttemptSequence(last: AttemptID(number: 1_000)))
        let administration = Administration(
            tenants: TenantAdministration(directory: directory, time: time),
            keys: KeyAdministration(
                directory: directory, time: time, random: sequentialBytes(seed: 7)),
            killSwitches: KillSwitchAdministration(directory: directory, time: time),
            audit: AuditQueries(store: store),
            reload: { _ in ReloadReport(applied: [], needsRestart: []) })
        let ai = AIUseCases(
            complete: completions.complete, traffic: { [] },
            usage: UsageQueries(
                directory: directory, ledger: ledger, budget: budget,
                catalogue: catalogue,
                calendar: BillingCalendar(), time: time),
            prices: PriceAdministration(directory: directory, time: time),
            adjustments: Adjustments(ledger: ledger, budget: budget, time: time) { now in
                sequence.change { $0.next(at: now) }
            })
        feed = EventFeed(store: outbox, directory: directory, settings: events, time: time)
        var use = UseCases(
            newRequest: identifiers.requestID,
            authenticator: Authenticator(
                directory: directory, adminToken: "wk_bootstrap", time: time),
            doors: Stage.doors, administration: administration, health: health, ai: ai)
        let desk = JobDesk(
            store: jobs, audit: store, queues: JobQueues(),
            admission: JobAdmission(directory: directory, catalogue: catalogue),
            bell: JobBell(), time: time, random: sequentialBytes(seed: 3))
        use.events = feed
        use.jobs = desk
        use.webhooks = WebhookDesk(store: webhooks, audit: store, time: time)
        use.queues = JobFigures(store: jobs, time: time)
        use.reports = ReportDesk(
            templates: FeatureTemplates(model: try slug("small")), jobs: desk)
        self.use = use
        dispatcher = Dispatcher(use, settings: settings, logger: Logger(label: "test"))
    }

    private static var doors: Doors {
        Doors(
            chats: ClientDialects.chat, embeddings: ClientDialects.embeddings,
            tokenCounts: ClientDialects.tokenCounts)
    }

    /// The same stage with other use cases.
    func serving(_ use: UseCases, settings: ServerSettings = ServerSettings()) -> Stage {
        var stage = self
        stage.use = use
        stage.dispatcher = Dispatcher(use, settings: settings, logger: Logger(label: "test"))
        return stage
    }

    /// A call without a network.
    func send(
        _ method: HTTPRequest.Method, _ target: String, key: String? = nil,
        fields: [(String, String)] = [], body: String? = nil
    ) async throws -> Reply {
        var headers = HTTPFields()
        if let key { headers[.authorization] = "Bearer \(key)" }
        let bytes = Array((body ?? "").utf8)
        if body != nil {
            headers[.contentType] = "application/json"
            headers[.contentLength] = String(bytes.count)
        }
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { throw StageError.badField(name) }
            if name == .contentType || name == .contentLength { headers[name] = nil }
            headers.append(HTTPField(name: name, value: value))
        }
        let head = CallHead(method: method, target: target, headers: headers)
        let answer = await dispatcher.respond(to: head) { limit throws(WeirError) in
            guard bytes.count <= limit else { throw RequestBodyReader.tooLarge(limit) }
            return bytes
        }
        return Reply(answer: answer)
    }
}

enum StageError: Error { case badField(String), badSlug(String) }

/// An answer, as a client reads it.
struct Reply {
    let answer: Answer

    var status: Int { answer.status }
    var text: String { String(decoding: answer.body, as: UTF8.self) }
    var json: JSON? { try? JSONParser.parse(answer.body, .request) }
    var error: String? { json?["error"]?.string }
    var param: String? { json?["param"]?.string }

    func header(_ name: String) -> String? {
        answer.fields.first { $0.name.canonicalName == name.lowercased() }?.value
    }
}

func slug(_ text: String) throws -> Slug {
    guard let slug = Slug(text) else { throw StageError.badSlug(text) }
    return slug
}

func tenantID(_ number: Int64) throws -> TenantID {
    guard let id = TenantID(number) else { throw StageError.badSlug("\(number)") }
    return id
}

/// A value behind a lock, for closures that are called from anywhere.
final class Mutexed<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func change<Result: Sendable>(_ change: (inout Value) -> Result) -> Result {
        value.withLock { change(&$0) }
    }
}

/// Keeps the calls that reached the pipeline, and answers them all alike.
final class Completions: Sendable {
    private let calls = Mutexed<[CompletionCall]>([])
    private let reply = Mutexed<Result<CompletionReply, WeirError>?>(nil)

    var last: CompletionCall? { calls.change { $0.last } }
    var count: Int { calls.change { $0.count } }

    func answer(with next: Result<CompletionReply, WeirError>) { reply.change { $0 = next } }

    func complete(_ call: CompletionCall) async throws(WeirError) -> CompletionOutcome {
        calls.change { $0.append(call) }
        if let fixed = reply.change({ $0 }) { return .whole(try fixed.get()) }
        let usage = TokenUsage(input: 312, output: 87) ?? .zero
        let body = call.dialect.encode(
            ChatReply(text: "Hello", finish: .stop, usage: .reported(usage)),
            ReplyContext(
                request: call.request, model: call.model, createdAt: Timestamp(milliseconds: 0),
                cost: Money(nanos: 597_600)))
        return .whole(
            CompletionReply(
                status: 200, body: body,
                facts: CompletionReply.Facts(
                    cost: Money(nanos: 597_600), attempts: 1, provider: .operatorKey,
                    model: call.model)))
    }
}

/// Health as a test wants it.
final class FixedHealth: HealthSource {
    private let fixed = Mutexed(
        HealthReport(status: .healthy, isDatabaseSound: true, providers: [:]))

    func set(_ report: HealthReport) { fixed.change { $0 = report } }
    func report() -> HealthReport { fixed.change { $0 } }
    func probes() -> [ProbeResult] {
        report().providers.map { ProbeResult(provider: $0.key, reachability: $0.value) }
    }
}
