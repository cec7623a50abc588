import Testing
import WeirCore
import WeirService
import WeirStorage
import WeirTesting

/// The implementations of the port, which one suite of tests holds for.
enum JobStoreKind: CaseIterable, Sendable {
    case sqlite, memory

    func run(_ body: (any JobStore) async throws -> Void) async throws {
        switch self {
        case .sqlite: try await withStore { store, _ in try await body(store) }
        case .memory: try await body(InMemoryJobStore())
        }
    }
}

extension Sample {
    static func queue(_ name: String = "default") throws -> QueueName {
        try #require(QueueName(name))
    }

    static func jobID(_ number: Int) throws -> JobID { try #require(JobID("job_\(number)")) }

    static func job(
        _ number: Int, tenant: Int64 = 42, queue: String = "default", priority: Int = 0,
        at: Timestamp = now, runAt: Timestamp? = nil, deadline: Int64 = 86_400,
        waitsForBudget: Bool = false
    ) throws -> Job {
        Job(
            id: try jobID(number), tenant: try Sample.tenant(tenant),
            user: try #require(UserID(101)), queue: try Sample.queue(queue), priority: priority,
            acceptedAt: at, runAt: runAt, deadline: at.advanced(seconds: deadline),
            waitsForBudget: waitsForBudget)
    }

    static func failure(
        _ code: WeirError.Code, heldBack: Bool = false, budgetReset: Timestamp? = nil
    ) -> JobEnding {
        JobEnding(
            JobFailure(code: code, message: "no"), wasHeldBack: heldBack,
            budgetReset: budgetReset)
    }
}

extension JobStore {
    /// Accepts a job that asks for its own id.
    @discardableResult
    func add(
        _ job: Job, claim: IdempotencyClaim? = nil, limit: Int = 100_000
    ) async throws -> JobAcceptance {
        try await enqueue(
            job, request: Array(job.id.description.utf8), claim: claim, limit: limit)
    }

    /// The ids of the next claims, as long as there are any.
    func claims(_ count: Int, at now: Timestamp = Sample.now) async throws -> [String] {
        var ids: [String] = []
        for _ in 0..<count {
            let claimed = try await claim(
                from: try Sample.queue(), QueueRules(), at: now)
            guard let claimed else { break }
            #expect(claimed.request == Array(claimed.job.id.description.utf8))
            ids.append(claimed.job.id.description)
        }
        return ids
    }
}
