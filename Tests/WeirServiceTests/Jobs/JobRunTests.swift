import Synchronization
import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// One claim of a job by itself, and its calls.
@Suite(.timeLimit(.minutes(1))) struct JobRunTests {
    private let time = SteppedTime()
    private let store = InMemoryJobStore()

    /// A job that is claimed, and its run.
    private func run(
        _ service: ScriptedService, isStopping: Bool = false
    ) async throws -> (JobRun, [UInt8]) {
        let (queue, now) = (try #require(QueueName("default")), time.now())
        let job = Job(
            id: try #require(JobID("job_1")), tenant: try #require(TenantID(42)), user: .none,
            queue: queue, acceptedAt: now, deadline: now.advanced(seconds: 86_400))
        let request = JobRequest(
            key: try #require(KeyID("key_1")), role: .service,
            feature: try #require(FeatureSlug("sales")), calls: [["user_message": "Hi"]])
        _ = try await store.enqueue(job, request: request, claim: nil, limit: .max)
        let rules = QueueRules()
        let claimed = try #require(try await store.claim(from: queue, rules, at: now))
        let parts = JobParts(
            store: store, performer: service, queues: { [queue: rules] }, bell: JobBell(),
            time: time, newRequest: { .bootstrap })
        let run = JobRun(
            parts: parts, calls: JobCalls(service, time: time), gate: JobGate(rules, at: now),
            rules: rules, job: claimed.job, isStopping: { isStopping })
        return (run, claimed.request)
    }

    private var job: Job? {
        get async throws { try await store.job(try #require(JobID("job_1"))) }
    }

    @Test func `what was claimed when the process ends is handed back, without a call`()
        async throws
    {
        let service = ScriptedService(time) { _, _, _ in .envelope("ok") }
        let (run, body) = try await run(service, isStopping: true)
        #expect(await run.run(body) == .handedBack)
        #expect(service.calls.isEmpty)
        #expect(try await job?.status == .queued)
        #expect(try await job?.attempts == 0)
    }

    @Test func `what can't be read fails for good`() async throws {
        let service = ScriptedService(time) { _, _, _ in .envelope("ok") }
        let (run, _) = try await run(service)
        #expect(await run.run([0x7B]) == .failed)
        #expect(service.calls.isEmpty)
    }

    @Test func `an end that finds no room in the store is written a little later`() async throws {
        let service = ScriptedService(time) { _, _, _ in .envelope("ok") }
        let (run, body) = try await run(service)
        store.overload(steps: 3)
        let end = Task { await run.run(body) }
        while try await job?.status == .processing {
            for _ in 0..<10 { await Task.yield() }
            time.advance(by: .milliseconds(20))
        }
        #expect(await end.value == .complete)
        #expect(service.calls.count == 1)
    }

    @Test func `a call that begins when the process lets go is never made`() async throws {
        let service = ScriptedService(time) { _, _, _ in .envelope("ok") }
        let (run, body) = try await run(service)
        run.calls.abandon()
        #expect(await run.run(body) == .abandoned)
        #expect(service.calls.isEmpty)
        #expect(try await job?.status == .processing)
    }
}
