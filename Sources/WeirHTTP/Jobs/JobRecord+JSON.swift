import WeirCore
import WeirService

extension JobRecord {
    /// A job as its owner sees it.
    var json: JSONObject {
        var object = JSONObject()
        object.append("job_id", .string(job.id.description))
        object.append("tenant_id", JSON(job.tenant.number))
        object.append("user_id", JSON(job.user.number))
        object.append("feature_slug", .string(feature.description))
        object.append("queue", .string(job.queue.description))
        object.append("priority", JSON(job.priority))
        object.append("status", .string(job.status.rawValue))
        object.append("waits_for", waitsFor.map { .string($0.rawValue) } ?? .null)
        object.append("attempts", JSON(job.attempts))
        object.append("progress", progressJSON)
        object.append("wait_for_budget", .bool(job.waitsForBudget))
        object.append("created_at", .string(job.acceptedAt.rfc3339))
        object.append("updated_at", .string(changedAt.rfc3339))
        object.append("run_at", moment(dueAt))
        object.append("started_at", moment(claimedAt))
        object.append("ended_at", moment(job.endedAt))
        object.append("deadline", .string(job.deadline.rfc3339))
        object.append("error", failure.map { .string($0.code.rawValue) } ?? .null)
        object.append("message", failure.map { .string($0.message) } ?? .null)
        return object
    }

    private var failure: JobFailure? {
        if case .failed(let failure, _) = job.state { failure } else { nil }
    }

    private var waitsFor: Job.Wait? {
        if case .queued(_, let wait) = job.state { wait } else { nil }
    }

    /// When a queued job is due.
    private var dueAt: Timestamp? {
        if case .queued(let dueAt, _) = job.state { dueAt } else { nil }
    }

    private var progressJSON: JSON {
        let done = job.status == .complete ? progress.total : progress.done
        return ["done": JSON(done), "total": JSON(progress.total)]
    }

    private func moment(_ moment: Timestamp?) -> JSON {
        moment.map { .string($0.rfc3339) } ?? .null
    }
}
