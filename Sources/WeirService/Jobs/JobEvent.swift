package import WeirCore

/// What subscribers of a tenant hear when one of its jobs ends.
package struct JobEvent: Sendable, Equatable {
    package let type: String
    package let payload: JSON

    /// Everything that is told of a job that has ended, in order.
    ///
    /// - Parameter isReport: whether there is something to download.
    package static func events(of job: Job, isReport: Bool) -> [JobEvent] {
        guard let event = JobEvent(job) else { return [] }
        guard isReport, case .complete = job.state, case .object(var payload) = event.payload
        else { return [event] }
        payload.append("download_url", .string(ReportForm.download(of: job.id)))
        return [event, JobEvent(type: "ReportCompleted", payload: .object(payload))]
    }

    private init(type: String, payload: JSON) {
        self.type = type
        self.payload = payload
    }

    /// Nil for a job that goes on, and for one whose owner has cancelled it.
    package init?(_ job: Job) {
        var members: [JSONObject.Member] = [
            .init(name: "job_id", value: .string(job.id.description)),
            .init(name: "tenant_id", value: JSON(job.tenant.number)),
            .init(name: "user_id", value: JSON(job.user.number)),
            .init(name: "queue", value: .string(job.queue.description)),
        ]
        switch job.state {
        case .queued, .processing, .cancelled: return nil
        case .complete: type = "JobCompleted"
        case .failed(let failure, _):
            type = "JobFailed"
            members.append(.init(name: "error", value: .string(failure.code.rawValue)))
            members.append(.init(name: "message", value: .string(failure.message)))
        }
        payload = .object(JSONObject(members))
    }
}
