import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/jobs/queues`
    func listQueues(_ call: Call) async throws(WeirError) -> Answer {
        guard let figures = use.queues else {
            throw WeirError(.notFound, "No jobs are run in this process")
        }
        return Answer(["queues": .array(try await figures.queues().map(\.json))])
    }
}

extension JobFigures.Queue {
    fileprivate var json: JSON {
        [
            "queue": .string(name.description), "waiting": JSON(waiting),
            "processing": JSON(processing), "lag_ms": JSON(lagMilliseconds),
            "oldest_age_ms": oldestAgeMilliseconds.map { JSON($0) } ?? .null,
            "claimed": JSON(counts.claimed), "complete": JSON(counts.complete),
            "failed": JSON(counts.failed), "retried": JSON(counts.retried),
            "held_back": JSON(counts.heldBack), "handed_back": JSON(counts.handedBack),
            "dropped": JSON(counts.dropped), "lost": JSON(counts.lost),
            "expired": JSON(counts.expired),
        ]
    }
}
