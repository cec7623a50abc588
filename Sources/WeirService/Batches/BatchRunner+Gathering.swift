import Logging
import WeirCore

extension BatchRunner {
    /// A job whose call goes into the next batch.
    struct Gathered: Sendable {
        let job: Job
        let entry: BatchEntry
    }

    /// Which calls go together: never two tenants', so that no file holds the prompts of both.
    private struct Group: Hashable {
        let tenant: TenantID
        let provider: ProviderName
        let model: ModelName
    }

    /// Submits what waits in the queue, as much as goes into one batch.
    package func gather() async {
        var groups: [Group: [Gathered]] = [:]
        var order: [Group] = []
        var (calls, bytes, tokens) = (0, 0, Int64(0))
        while !Task.isCancelled, calls < settings.calls, bytes < BatchRunner.gatheredBytes,
            tokens < BatchRunner.gatheredTokens, let claimed = await claim()
        {
            calls += 1
            guard let gathered = await admit(claimed) else { continue }
            let entry = gathered.entry
            bytes += entry.prepared.request.body.count
            tokens = tokens.addingReportingOverflow(entry.prepared.worst.output).partialValue
            let group = Group(
                tenant: gathered.job.tenant, provider: entry.route.provider,
                model: entry.route.model)
            if groups[group] == nil { order.append(group) }
            groups[group, default: []].append(gathered)
        }
        for group in order { await submit(groups[group] ?? []) }
    }

    /// What is gathered at once, in requests; one more may go over it.
    private static let gatheredBytes = 32 << 20
    /// And in tokens of output, so that results stay within what a reply may have.
    private static let gatheredTokens: Int64 = 16_000_000

    private func claim() async -> ClaimedJob? {
        var rules = rules
        rules.lease = BatchRunner.gatheringLease
        do {
            return try await jobs.claim(from: .batchQueue, rules, at: parts.time.now())
        } catch {
            parts.logger.error("no batch job claimed", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// A claim before its batch is durable. Whoever dies in between loses it after that time.
    private static let gatheringLease = Duration.seconds(600)

    private func admit(_ claimed: ClaimedJob) async -> Gathered? {
        do {
            switch try await pipeline.admit(toBatch: try call(of: claimed)) {
            case .entered(let entry): return Gathered(job: claimed.job, entry: entry)
            case .answered(let reply):
                await end(claimed.job.id, epoch: claimed.job.epoch, .success(reply.body))
            }
        } catch {
            await end(
                claimed.job.id, epoch: claimed.job.epoch, .failure(error),
                wasHeldBack: error.code.isRetryable)
        }
        return nil
    }

    private func call(of claimed: ClaimedJob) throws(WeirError) -> CompletionCall {
        guard let request = JobRequest(claimed.request), let body = request.calls.first,
            request.calls.count == 1
        else { throw WeirError(.invalidRequest, "A batch job makes exactly one call") }
        let job = claimed.job
        return try read(
            JobCall(
                request: identifiers.requestID(),
                caller: Caller(
                    key: request.key, role: request.role, reach: .tenants([job.tenant])),
                feature: request.feature, idempotencyKey: "job:\(job.id):\(job.attempts)",
                body: body.encoded))
    }
}
