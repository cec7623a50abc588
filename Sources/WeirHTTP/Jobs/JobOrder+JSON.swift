import WeirCore
import WeirService

extension JobOrder {
    /// What is said of how a job is run.
    static let names = [
        "queue", "priority", "webhook_url", "wait_for_budget", "run_at", "delay_s", "deadline",
        "mode",
    ]

    /// How a job is run.
    private enum Mode: String, CaseIterable {
        case live, batch
    }

    /// Reads the body of `POST /ai/jobs`: what `/ai/complete` takes, and what is the job's own.
    init(_ call: Call, defaultMaxTokens: Int64, at now: Timestamp) throws(WeirError) {
        guard let body = call.body.object else {
            throw WeirError(
                .invalidRequest, "The body must be an object, not \(call.body.kind)")
        }
        func isOwn(_ member: JSONObject.Member) -> Bool { JobOrder.names.contains(member.name) }
        let completion = JSON.object(JSONObject(body.members.filter { !isOwn($0) }))
        let asked = try CompletionFields(completion, defaultMaxTokens: defaultMaxTokens)
        guard !asked.isStream else {
            throw WeirError(
                .invalidRequest, "stream: a job's answer comes as a whole", param: "stream")
        }
        guard let tenant = asked.tenant ?? call.caller.onlyTenant else {
            throw WeirError(.invalidRequest, "tenant_id is missing", param: "tenant_id")
        }
        try call.caller.require(tenant)
        let fields = try BodyFields(
            .object(JSONObject(body.members.filter(isOwn))), allowing: JobOrder.names)
        self.init(
            tenant: tenant, user: asked.user,
            request: JobRequest(
                caller: call.caller, feature: asked.feature,
                calls: [JobOrder.call(completion, of: tenant)],
                webhook: try fields.text("webhook_url"),
                allowsBatch: try JobOrder.allowsBatch(fields)))
        try read(fields, at: now)
    }

    static func allowsBatch(_ fields: BodyFields) throws(WeirError) -> Bool {
        try fields.choice("mode", Mode.self) == .batch
    }

    /// What is the job's own, whatever it asks for.
    mutating func read(_ fields: BodyFields, at now: Timestamp) throws(WeirError) {
        queue = try fields.slug("queue", limit: QueueName.queueLimit)
        priority = Int(
            try fields.integer(
                "priority",
                in: Int64(JobOrder.priorities.lowerBound)...Int64(JobOrder.priorities.upperBound))
                ?? 0)
        waitsForBudget = try fields.bool("wait_for_budget") ?? false
        runAt = try fields.timestamp("run_at")
        let longest = JobOrder.horizon.components.seconds
        if let delay = try fields.integer("delay_s", in: 0...longest) {
            guard runAt == nil else {
                throw fields.error("delay_s", "and run_at can't both be given")
            }
            runAt = now.advanced(seconds: delay)
        }
        deadline = try fields.timestamp("deadline")
    }

    /// A call as the service takes it when the job runs: with its tenant, and not as a stream.
    private static func call(_ completion: JSON, of tenant: TenantID) -> JSON {
        var object = completion.object ?? JSONObject()
        object.remove("stream")
        object.set("tenant_id", JSON(tenant.number))
        return .object(object)
    }
}
