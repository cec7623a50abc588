import Testing
import WeirCore

/// Jobs as tests need them.
enum JobSample {
    static let now = Timestamp(milliseconds: 1_776_900_000_000)

    static func job(
        runAt: Timestamp? = nil, deadline: Int64 = 86_400, waitsForBudget: Bool = false
    ) throws -> Job {
        Job(
            id: try #require(JobID("job_1")), tenant: try #require(TenantID(42)), user: .none,
            queue: try #require(QueueName("default")), acceptedAt: now, runAt: runAt,
            deadline: now.advanced(seconds: deadline), waitsForBudget: waitsForBudget)
    }

    static func ending(
        _ code: WeirError.Code, retryAfter: Int? = nil, heldBack: Bool = false,
        budgetReset: Timestamp? = nil
    ) -> JobEnding {
        JobEnding(
            JobFailure(code: code, message: "no"), retryAfter: retryAfter, wasHeldBack: heldBack,
            budgetReset: budgetReset)
    }
}

extension Job {
    mutating func does(_ step: JobStep, at place: SourceLocation = #_sourceLocation) {
        let applied = apply(step)
        #expect(applied, sourceLocation: place)
    }

    mutating func refuses(_ step: JobStep, at place: SourceLocation = #_sourceLocation) {
        let before = self
        let applied = apply(step)
        #expect(!applied && self == before, sourceLocation: place)
    }

    /// When it is due next; nil where it doesn't wait.
    var dueAt: Timestamp? {
        if case .queued(let dueAt, _) = state { dueAt } else { nil }
    }

    var failedWith: WeirError.Code? {
        if case .failed(let failure, _) = state { failure.code } else { nil }
    }
}
