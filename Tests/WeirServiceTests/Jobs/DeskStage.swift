import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// A job desk over fakes: tenants 42 and 43 may call `small`, tenant 44's module is off.
struct DeskStage: Sendable {
    let time = ManualTime()
    let store = InMemoryJobStore()
    let audit: InMemoryDirectoryStore
    let directory: Directory
    let desk: JobDesk
    let bell = JobBell()

    static let prices = """
        {"version": "test.1", "prices": [
          {"provider": "acme", "model": "small", "input": "1", "output": "2"}]}
        """

    init(
        queues: JobQueues = JobQueues(), knowsModels: Bool = true,
        webhooks: any WebhookRule = PlainWebhookRule()
    ) throws {
        let off = ["off": false]
        let contents = DirectoryContents(tenants: [
            Tenant(
                id: try tenantNumber(42), name: "Forty-two", isActive: true, features: off),
            Tenant(
                id: try tenantNumber(43), name: "Forty-three", isActive: true,
                models: [try name("large")]),
            Tenant(id: try tenantNumber(44), name: "Forty-four"),
        ])
        audit = InMemoryDirectoryStore(contents)
        directory = try Directory(
            contents: contents, prices: PriceBook(json: DeskStage.prices), store: audit)
        let provider = ModelCatalogue.Provider(name: try name("acme"), pricesAs: "acme")
        let catalogue = ModelCatalogue(providers: [provider], aliases: [:])
        desk = JobDesk(
            store: store, audit: audit, queues: queues,
            admission: JobAdmission(
                directory: directory, catalogue: knowsModels ? catalogue : nil),
            webhooks: webhooks, bell: bell, time: time, random: sequentialBytes())
    }

    /// An order for a plain call, by the key that reaches 42, 43 and 44.
    func order(
        _ tenant: Int64 = 42, model: String = "small", feature: String = "default",
        _ change: (inout JobOrder) -> Void = { _ in }
    ) throws -> JobOrder {
        var order = JobOrder(
            tenant: try tenantNumber(tenant), user: try #require(UserID(7)),
            request: JobRequest(
                caller: try everyone(), feature: try name(feature),
                calls: [["model": .string(model), "user_message": "Hi"]]))
        change(&order)
        return order
    }

    func everyone() throws -> Caller { try caller(.service, 42, 43, 44) }

    @discardableResult
    func accept(
        _ tenant: Int64 = 42, _ change: (inout JobOrder) -> Void = { _ in }
    ) async throws -> JobID {
        try await desk.accept(try order(tenant, change), by: try everyone()).job.id
    }

    /// What became of the next job of the standard queue.
    enum Ending {
        case complete(String), failed(JobEnding), lost
    }

    /// Claims the next job, and lets it end; nil where none is due.
    @discardableResult
    func work(_ ending: Ending) async throws -> Job? {
        let rules = QueueRules()
        let claimed = try await store.claim(
            from: .standardQueue, rules, at: time.now())
        guard let job = claimed?.job else { return nil }
        time.advance(seconds: 10)
        switch ending {
        case .complete(let result):
            return try await store.apply(
                .complete(epoch: job.epoch, at: time.now()), to: job.id,
                result: Array(result.utf8))
        case .failed(let failure):
            return try await store.apply(
                .fail(epoch: job.epoch, failure, at: time.now(), rules, dice: 0), to: job.id,
                result: nil)
        case .lost: return job
        }
    }

    /// How often workers of the standard queue are rung for meanwhile.
    func rings(during work: () async throws -> Void) async throws -> UInt64 {
        let before = bell.rings(of: .standardQueue)
        try await work()
        return bell.rings(of: .standardQueue) - before
    }

    /// A job that has failed for good.
    func dead(_ tenant: Int64 = 42) async throws -> JobID {
        let id = try await accept(tenant)
        try await work(.failed(DeskStage.refusal))
        return id
    }

    static let refusal = JobEnding(
        JobFailure(code: .unsafeInput, message: "The prompt is not safe"))
    static let broke = JobFailure(code: .budgetExceeded, message: "The budget is used up")
}

/// The error's code and the field at fault.
func complaint(
    _ work: () async throws(WeirError) -> Void
) async -> String? {
    do {
        try await work()
        return nil
    } catch {
        return error.param.map { "\(error.code.rawValue) \($0)" } ?? error.code.rawValue
    }
}
