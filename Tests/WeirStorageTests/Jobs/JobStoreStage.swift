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

    static func request(_ message: String, calls: Int = 1) throws -> JobRequest {
        JobRequest(
            key: try #require(KeyID("key_1")), role: .service,
            feature: try #require(FeatureSlug("sales-summary")),
            calls: (0..<calls).map { _ in ["user_message": .string(message)] })
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
            job, request: try Sample.request(job.id.description, calls: 3), claim: claim,
            limit: limit)
    }

    /// The ids of the next claims, as long as there are any.
    func claims(_ count: Int, at now: Timestamp = Sample.now) async throws -> [String] {
        var ids: [String] = []
        for _ in 0..<count {
            let claimed = try await claim(
                from: try Sample.queue(), QueueRules(), at: now)
            guard let claimed else { break }
            let request = try Sample.request(claimed.job.id.description, calls: 3)
            #expect(claimed.request == request.encoded)
            ids.append(claimed.job.id.description)
        }
        return ids
    }
}
