import Synchronization
import Testing
import WeirCore
import WeirService
import WeirTesting

/// A runner with a store in memory, and a service that answers as a test wants.
final class JobStage: Sendable {
    let time: SteppedTime
    let store: InMemoryJobStore
    let service: ScriptedService
    let bell = JobBell()
    let runner: JobRunner
    let queue: QueueName
    let rules: RulesInForce

    /// - Parameter store: where two processes share one.
    init(
        _ rules: QueueRules = QueueRules(), time: SteppedTime = SteppedTime(),
        store: InMemoryJobStore = InMemoryJobStore(),
        answer: @escaping ScriptedService.Script = { _, _, _ in .envelope("ok") },
        adjust: (inout JobParts) -> Void = { _ in }
    ) throws {
        self.time = time
        self.store = store
        service = ScriptedService(time, answer)
        let queue = try #require(QueueName("default"))
        self.queue = queue
        let inForce = RulesInForce([queue: rules])
        self.rules = inForce
        let numbers = Mutex(0)
        var parts = JobParts(
            store: store, performer: service, queues: { inForce.all }, bell: bell,
            time: time,
            newRequest: {
                let number = numbers.withLock { numbers in
                    numbers += 1
                    return numbers
                }
                return Slug("req_\(number)") ?? .bootstrap
            })
        parts.dice = { 0 }
        adjust(&parts)
        runner = JobRunner(parts)
    }

    /// Runs the runner for as long as the body does.
    func whileRunning(_ body: () async throws -> Void) async throws {
        let running = Task { await runner.run() }
        do {
            try await body()
        } catch {
            await end(running)
            throw error
        }
        await end(running)
    }

    private func end(_ running: Task<Void, Never>) async {
        runner.stop()
        runner.abandon()
        running.cancel()
        for _ in 0..<20 {
            time.advance(by: .seconds(1))
            await Task.yield()
        }
        await running.value
    }

    @discardableResult
    func add(
        _ number: Int, tenant: Int64 = 42, calls: Int = 1, runAt: Timestamp? = nil,
        deadline: Int64 = 86_400, waitsForBudget: Bool = false, rings: Bool = true,
        queue other: QueueName? = nil, report: ReportForm? = nil
    ) async throws -> JobID {
        let now = time.now()
        let queue = other ?? queue
        let job = Job(
            id: try #require(JobID("job_\(number)")), tenant: try #require(TenantID(tenant)),
            user: try #require(UserID(101)), queue: queue, acceptedAt: now, runAt: runAt,
            deadline: now.advanced(seconds: deadline), waitsForBudget: waitsForBudget)
        let request = JobRequest(
            key: try #require(KeyID("key_1")), role: .admin,
            feature: try #require(FeatureSlug("sales-summary")),
            calls: (0..<calls).map { ["user_message": .string("\(number).\($0)")] },
            report: report)
        _ = try await store.enqueue(job, request: request, claim: nil, limit: .max)
        if rings { bell.ring(queue) }
        return job.id
    }

    /// Lets others work and time pass, until something is so.
    func until(
        _ step: Duration = .milliseconds(50), _ location: SourceLocation = #_sourceLocation,
        _ isSo: () async throws -> Bool
    ) async throws {
        for _ in 0..<20_000 {
            for _ in 0..<10 { await Task.yield() }
            if try await isSo() { return }
            time.advance(by: step)
        }
        Issue.record("it never came so far", sourceLocation: location)
    }

    func until(
        _ id: JobID, is status: Job.Status, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        try await until(.milliseconds(50), location) { try await self.job(id).status == status }
    }

    /// Lets so much time pass, and everybody work meanwhile.
    func pass(_ seconds: Int64) async {
        for _ in 0..<(seconds * 20) {
            for _ in 0..<10 { await Task.yield() }
            time.advance(by: .milliseconds(50))
        }
    }

    func job(_ id: JobID) async throws -> Job { try #require(try await store.job(id)) }

    func result(_ id: JobID) async throws -> String? {
        try await store.result(of: id).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The rules of queues, which a reload may replace.
final class RulesInForce: Sendable {
    private let state: Mutex<[QueueName: QueueRules]>

    init(_ rules: [QueueName: QueueRules]) { state = Mutex(rules) }

    var all: [QueueName: QueueRules] { state.withLock { $0 } }

    func replace(_ rules: [QueueName: QueueRules]) { state.withLock { $0 = rules } }
}

/// Answers calls by a script, and remembers them.
final class ScriptedService: JobPerformer {
    /// The number counts the calls from 1.
    typealias Script =
        @Sendable (
            _ call: JobCall, _ number: Int, _ time: SteppedTime
        ) async -> JobAnswer

    private struct State {
        var isAvailable = true
        var calls: [JobCall] = []
        var running = 0
        /// How many ran at once when each call began.
        var together: [Int] = []
        var starts: [Timestamp] = []
    }
    private let state = Mutex(State())
    private let time: SteppedTime
    private let script: Script

    init(_ time: SteppedTime, _ script: @escaping Script) {
        self.time = time
        self.script = script
    }

    var isAvailable: Bool {
        get { state.withLock { $0.isAvailable } }
        set { state.withLock { $0.isAvailable = newValue } }
    }
    var calls: [JobCall] { state.withLock { $0.calls } }
    var keys: [String] { calls.map(\.idempotencyKey) }
    var running: Int { state.withLock { $0.running } }
    var together: [Int] { state.withLock { $0.together } }
    var starts: [Timestamp] { state.withLock { $0.starts } }

    func perform(_ call: JobCall) async -> JobAnswer {
        let number = state.withLock { state in
            state.calls.append(call)
            state.running += 1
            state.together.append(state.running)
            state.starts.append(time.now())
            return state.calls.count
        }
        defer { state.withLock { $0.running -= 1 } }
        return await script(call, number, time)
    }
}

extension JobAnswer {
    static func envelope(_ content: String) -> JobAnswer {
        let body: JSON = [
            "content": .string(content), "input_tokens": 3, "output_tokens": 2,
            "cost_usd": .number("0.000005"), "request_id": "req_1",
        ]
        return .answered(status: 200, retryAfter: nil, wasHeldBack: false, body: body.encoded)
    }

    static func error(
        _ code: WeirError.Code, heldBack: Bool = false, retryAfter: Int? = nil,
        budgetReset: Timestamp? = nil
    ) -> JobAnswer {
        let body: JSON = ["error": .string(code.rawValue), "message": "no"]
        return .answered(
            status: code.status, retryAfter: retryAfter, wasHeldBack: heldBack,
            budgetReset: budgetReset, body: body.encoded)
    }
}
