import HTTPTypes
import WeirCore
import WeirService

extension Routes {
    /// What the routes of jobs ask: they aren't served where nobody keeps jobs.
    func jobs() throws(WeirError) -> JobDesk {
        guard let jobs = use.jobs else {
            throw WeirError(.notFound, "No jobs are kept in this process")
        }
        return jobs
    }

    /// `POST /ai/jobs`: answered once the job is durable.
    func createJob(_ call: Call) async throws(WeirError) -> Answer {
        let desk = try jobs()
        let order = try JobOrder(
            call, defaultMaxTokens: settings.defaultMaxTokens, at: desk.time.now())
        return accepted(
            try await desk.accept(
                order, by: call.caller, idempotency: try idempotencyKey(call, order.tenant)),
            at: "/ai/jobs/")
    }

    /// - Parameters:
    ///   - path: where the job is to be asked after, up to its id.
    ///   - rest: the same behind its id.
    func accepted(_ accepted: AcceptedJob, at path: String, _ rest: String = "") -> Answer {
        let job = accepted.job
        var answer = Answer(
            status: 202,
            ["job_id": .string(job.id.description), "status": .string(job.status.rawValue)])
        answer.headers.append(HTTPField(name: .location, value: "\(path)\(job.id)\(rest)"))
        if accepted.isReplay {
            answer.headers.append(HTTPField(name: .idempotentReplayed, value: "true"))
        }
        return answer
    }

    /// `GET /ai/jobs`
    func listJobs(_ call: Call) async throws(WeirError) -> Answer {
        let selection = JobDesk.Selection(
            tenant: try call.query.tenant(),
            status: try call.query.choice("status", Job.Status.self),
            queue: try call.query.queue())
        return answer(
            try await jobs().page(
                of: selection, below: try call.query.integer("cursor"),
                limit: try pageLimit(call), for: call.caller))
    }

    func pageLimit(_ call: Call) throws(WeirError) -> Int {
        Int(try call.query.integer("limit", in: 1...Int64(JobDesk.pageLimit)) ?? 100)
    }

    func answer(_ page: JobDesk.Page) -> Answer {
        Answer([
            "jobs": .array(page.jobs.map { .object($0.json) }),
            "next_cursor": page.next.map { .string(String($0)) } ?? .null,
        ])
    }

    /// `GET /ai/jobs/{id}`
    func getJob(_ call: Call) async throws(WeirError) -> Answer {
        let standing = try await jobs().standing(of: try jobID(call), for: call.caller)
        var object = standing.record.json
        object.append(
            "eta_s", standing.remaining.map { JSON($0.components.seconds) } ?? .null)
        return Answer(.object(object))
    }

    /// `DELETE /ai/jobs/{id}`
    func cancelJob(_ call: Call) async throws(WeirError) -> Answer {
        Answer(.object(try await jobs().cancel(try jobID(call), by: call.caller).json))
    }

    /// `GET /ai/jobs/{id}/result`
    func jobResult(_ call: Call) async throws(WeirError) -> Answer {
        Answer(body: try await jobs().result(of: try jobID(call), for: call.caller))
    }

    /// What is no id of a job is the id of none.
    func jobID(_ call: Call) throws(WeirError) -> JobID {
        guard let id = JobID(call.parameter) else { throw JobDesk.unknown }
        return id
    }
}

extension Query {
    func queue() throws(WeirError) -> QueueName? {
        guard let text = self["queue"] else { return nil }
        guard let queue = QueueName(text, limit: QueueName.queueLimit) else {
            throw WeirError(
                .invalidRequest, "queue must be a queue's name, of 1 to 64 characters",
                param: "queue")
        }
        return queue
    }
}
