package import WeirCore

/// A job that somebody wants: well-formed, nothing decided yet.
package struct JobOrder: Sendable {
    package var tenant: TenantID
    package var user: UserID
    /// Nil for the standard one.
    package var queue: QueueName?
    package var priority = 0
    /// No attempt begins before; nil for at once.
    package var runAt: Timestamp?
    /// No attempt begins at this moment or later; nil for what holds in the queue.
    package var deadline: Timestamp?
    /// Whether a refusal for want of budget is waited out.
    package var waitsForBudget = false
    package var request: JobRequest

    package init(tenant: TenantID, user: UserID, request: JobRequest) {
        self.tenant = tenant
        self.user = user
        self.request = request
    }
}

/// A job that is durable.
package struct AcceptedJob: Sendable, Equatable {
    package let job: Job
    /// Whether it was accepted before, under the same idempotency key.
    package let isReplay: Bool

    package init(job: Job, isReplay: Bool) {
        self.job = job
        self.isReplay = isReplay
    }
}

extension JobOrder {
    package static let priorities = -10...10
    /// How far ahead a job may be put off, and how long after that it may wait at most: longer than
    /// any month, for what waits for its budget.
    package static let horizon = Duration.seconds(35 * 86_400)
    /// Bytes of what a job asks for, as it is kept.
    static let sizeLimit = 64 << 20

    /// The job itself, in its first state. Throws `invalid_request` for what no job may be.
    func job(
        _ id: JobID, in name: QueueName, _ queue: JobQueues.Queue, at now: Timestamp
    ) throws(WeirError) -> Job {
        guard JobOrder.priorities.contains(priority) else {
            throw WeirError(
                .invalidRequest, "priority must be an integer from -10 to 10", param: "priority")
        }
        let start = max(runAt ?? now, now)
        guard start <= now.advanced(by: JobOrder.horizon) else {
            throw WeirError(
                .invalidRequest, "run_at must be within 35 days from now", param: "run_at")
        }
        let longest = start.advanced(by: JobOrder.horizon)
        let standard = waitsForBudget ? longest : start.advanced(by: queue.deadline)
        let end = deadline ?? standard
        guard end > start, end <= longest else {
            throw WeirError(
                .invalidRequest, "deadline must be after run_at, by 35 days at most",
                param: "deadline")
        }
        return Job(
            id: id, tenant: tenant, user: user, queue: name, priority: priority,
            acceptedAt: now, runAt: start, deadline: end, waitsForBudget: waitsForBudget)
    }

    func requireSize() throws(WeirError) {
        // The sum comes first: many calls out of one template may be too many to be written.
        let plain = request.calls.reduce(0) { $0 + $1.plainBytes }
        guard plain <= JobOrder.sizeLimit, request.encoded.count <= JobOrder.sizeLimit else {
            throw WeirError(.payloadTooLarge, "The job's calls are too large together")
        }
    }

    /// Where it waits. What goes through a batch interface waits apart from everything else.
    var queueName: QueueName {
        get throws(WeirError) {
            if request.allowsBatch {
                guard queue ?? .batchQueue == .batchQueue else {
                    throw WeirError(
                        .invalidRequest, "Jobs with the mode batch wait in the queue batch",
                        param: "queue")
                }
                return .batchQueue
            }
            guard queue != .batchQueue else {
                throw WeirError(
                    .invalidRequest, "The queue batch is for jobs with the mode batch",
                    param: "queue")
            }
            return queue ?? .standardQueue
        }
    }

    /// The models that its calls name, each once.
    var models: Set<ModelName> {
        get throws(WeirError) {
            var models: Set<ModelName> = []
            for call in request.calls {
                guard let model = call["model"]?.string.flatMap({ ModelName($0) }) else {
                    throw WeirError(.invalidRequest, "model is missing", param: "model")
                }
                models.insert(model)
            }
            return models
        }
    }
}
