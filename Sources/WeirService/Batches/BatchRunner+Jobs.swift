import Logging
import WeirCore

extension BatchRunner {
    /// Settles calls and tells their jobs, one after another.
    func finish(
        _ batch: OpenBatch, _ calls: [OpenBatch.Call], _ end: BatchedEnd
    ) async throws(WeirError) {
        // Nil where it was taken out of the configuration.
        let dialect = parts.providers[batch.provider]?.dialect
        for call in calls {
            let reply = try await pipeline.end(call, at: batch.price, dialect, end)
            do {
                try await tell(
                    call.job, epoch: call.epoch, number: call.number,
                    JobVerdict(reply, wasHeldBack: end.wasHeldBack))
            } catch {
                throw WeirError(error)
            }
        }
    }

    /// Ends a call before it is in a batch.
    func end(_ gathered: Gathered, _ error: WeirError) async {
        let job = gathered.job
        let verdict = JobVerdict(.failure(error), wasHeldBack: error.code.isRetryable)
        await leavingToLease(job.id) { () async throws(StoreError) in
            try await tell(job.id, epoch: job.epoch, number: gathered.number, verdict)
        }
    }

    /// Jobs that a process had claimed and died before their batch was durable: nothing of them was
    /// sent. The claim counts, so that a job which kills its worker comes to an end.
    func returnOrphans(of batches: [OpenBatch]) async throws(WeirError) {
        let calls = batches.flatMap(\.calls)
        let claims = Dictionary(calls.map { ($0.job, $0.epoch) }) { max($0, $1) }
        let stopped = JobVerdict(
            .internalError, "the worker stopped before the job was submitted")
        var cursor: Int64?
        var page: [JobRecord]
        repeat {
            do {
                page = try await jobs.jobs(
                    tenant: nil, status: .processing, queue: .batchQueue, below: cursor,
                    limit: BatchRunner.page)
            } catch {
                throw WeirError(error)
            }
            for job in page.map(\.job) where claims[job.id] != job.epoch {
                await leavingToLease(job.id) { () async throws(StoreError) in
                    try await end(job, stopped)
                }
            }
            cursor = page.last?.sequence
        } while page.count == BatchRunner.page
    }

    /// Jobs that are read at once.
    private static let page = 500

    /// Claims that last as long as their batch may. What can't be kept runs out, and its result
    /// is dropped.
    func keepClaims(of batch: OpenBatch) async {
        var rules = rules
        rules.lease = settings.patience + .seconds(2 * 3_600)
        var known: Set<JobID> = []
        for call in batch.calls where known.insert(call.job).inserted {
            do {
                _ = try await jobs.apply(
                    .beat(epoch: call.epoch, at: parts.time.now(), rules), to: call.job,
                    result: nil)
            } catch {
                log(.error, "claim of a batch job not kept", batch, "\(error)")
            }
        }
    }

    func get(_ path: String, _ provider: ProviderSetup) -> UpstreamCall {
        UpstreamCall(
            provider: provider.name, method: .get, path: path,
            headers: provider.dialect.credentials(provider.key), body: [],
            timeout: provider.timeout)
    }

    func post(_ request: EncodedRequest, _ provider: ProviderSetup) -> UpstreamCall {
        let isTyped = request.headers.contains { $0.name == "content-type" }
        let type = isTyped ? [] : [HeaderField("content-type", "application/json")]
        return UpstreamCall(
            provider: provider.name, path: request.path,
            headers: request.headers + type + provider.dialect.credentials(provider.key),
            body: request.body, timeout: provider.timeout)
    }
}
