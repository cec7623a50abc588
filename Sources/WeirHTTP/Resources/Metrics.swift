import WeirCore
import WeirService

extension Routes {
    /// `GET /metrics`: how the queues of jobs stand, as Prometheus reads it (text format 0.0.4,
    /// prometheus.io/docs/instrumenting/exposition_formats). A process without jobs has none.
    func metrics(_ call: Call) async throws(WeirError) -> Answer {
        let queues = try await use.queues?.queues() ?? []
        var text = ""
        for metric in QueueMetric.all {
            text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind)\n"
            for queue in queues {
                guard let value = metric.value(queue) else { continue }
                // A queue's name is a slug: nothing in it needs an escape.
                text += "\(metric.name){queue=\"\(queue.name)\"} \(value)\n"
            }
        }
        return Answer(
            body: Array(text.utf8), contentType: "text/plain; version=0.0.4; charset=utf-8")
    }
}

/// One figure of every queue. Times are in seconds, as is the custom there.
private struct QueueMetric: Sendable {
    let name: String
    let kind: String
    let help: String
    let value: @Sendable (JobFigures.Queue) -> String?

    static let all = gauges + counters

    private static let gauges = [
        QueueMetric(
            name: "weir_jobs_waiting", kind: "gauge", help: "Jobs that wait.",
            value: { String($0.waiting) }),
        QueueMetric(
            name: "weir_jobs_processing", kind: "gauge", help: "Jobs that run.",
            value: { String($0.processing) }),
        QueueMetric(
            name: "weir_jobs_lag_seconds", kind: "gauge",
            help: "How long the job has waited that has been due for longest.",
            value: { seconds($0.lagMilliseconds) }),
        QueueMetric(
            name: "weir_jobs_oldest_age_seconds", kind: "gauge",
            help: "How long ago the oldest waiting job was accepted.",
            value: { $0.oldestAgeMilliseconds.map(seconds) }),
    ]

    private static let counters = [
        counter("claimed", "Claims of jobs, each an attempt or held back.") { $0.claimed },
        counter("complete", "Jobs that are complete.") { $0.complete },
        counter("failed", "Jobs that have failed for good.") { $0.failed },
        counter("retried", "Attempts that failed and are followed by another.") { $0.retried },
        counter("held_back", "Claims that don't count: something wasn't there.") { $0.heldBack },
        counter("handed_back", "Jobs that a process gave back as it ended.") { $0.handedBack },
        counter("dropped", "Answers that came too late to count.") { $0.dropped },
        counter("lost", "Claims whose worker was not heard of any more.") { $0.lost },
        counter("expired", "Jobs whose deadline passed while they waited.") { $0.expired },
    ]

    private static func counter(
        _ name: String, _ help: String, _ count: @escaping @Sendable (JobCounts) -> Int64
    ) -> QueueMetric {
        QueueMetric(
            name: "weir_jobs_\(name)_total", kind: "counter", help: help,
            value: { String(count($0.counts)) })
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let whole = max(milliseconds, 0)
        return "\(whole / 1_000).\(String(1_000 + whole % 1_000).dropFirst())"
    }
}
