import Testing
import WeirCore
import WeirService
import WeirTesting

extension Stage {
    /// Jobs of tenant 42: one that is complete, one that failed, one that waits.
    func plantJobs() async throws {
        try await plantJob("job_done")
        try await end("done")
        try await plantJob("job_dead")
        try await end(nil)
        try await plantJob("job_open")
    }

    /// A delivery of tenant 42 that was given up.
    func plantDelivery() async throws {
        let now = time.now()
        webhooks.add(
            WebhookDelivery(
                sequence: 1, id: "job_dead-1", tenant: try tenantID(42),
                url: "https://hooks.example/", body: [], attempts: 0), at: now)
        try await webhooks.record(WebhookAttempt(.givenUp(at: now), outcome: "410"), of: 1)
    }

    /// A report of tenant 42 that is complete.
    func plantReport(
        _ content: String = "Up by *5 %*.", title: String = "Sales",
        format: ReportForm.Format = .markdown
    ) async throws {
        try await plantJob("job_report", report: ReportForm(title: title, format: format))
        try await end(content)
    }

    func plantJob(
        _ id: String, tenant: Int64 = 42, queue: QueueName = .standardQueue,
        report: ReportForm? = nil
    ) async throws {
        let now = time.now()
        let job = Job(
            id: try slug(id), tenant: try tenantID(tenant), user: try #require(UserID(101)),
            queue: queue, acceptedAt: now, deadline: now.advanced(seconds: 86_400))
        let call: JSON = ["model": "small", "user_message": "secret words"]
        let request = JobRequest(
            key: try slug("key_service"), role: .service, feature: try slug("sales"),
            calls: [call], report: report)
        let acceptance = try await jobs.enqueue(job, request: request, claim: nil, limit: 99)
        try #require(acceptance == .accepted)
    }

    /// Claims the next job and ends it.
    /// - Parameter content: nil lets it fail.
    func end(_ content: String?) async throws {
        let now = time.now()
        let job = try #require(
            try await jobs.claim(from: .standardQueue, QueueRules(), at: now)
        ).job
        time.advance(seconds: 12)
        if let content {
            let result: JSON = ["content": .string(content)]
            _ = try await jobs.apply(
                .complete(epoch: job.epoch, at: time.now()), to: job.id, result: result.encoded)
        } else {
            let failure = JobFailure(code: .budgetExceeded, message: "The budget is used up")
            _ = try await jobs.apply(
                .fail(
                    epoch: job.epoch, JobEnding(failure), at: time.now(), QueueRules(), dice: 0),
                to: job.id, result: nil)
        }
    }
}
