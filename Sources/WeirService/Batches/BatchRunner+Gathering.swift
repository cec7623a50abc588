import Logging
import Synchronization
import WeirCore

/// How much is gathered.
private struct BatchLoad {
    var calls = 0
    var bytes = 0
    var tokens: Int64 = 0

    /// In requests; one more may go over it.
    private static let mostBytes = 32 << 20
    /// In output, so that results stay within what a reply may have.
    private static let mostTokens: Int64 = 16_000_000

    func leavesRoom(in settings: BatchSettings) -> Bool {
        calls < settings.calls && bytes < BatchLoad.mostBytes && tokens < BatchLoad.mostTokens
    }

    mutating func add(_ entry: BatchEntry) {
        add(bytes: entry.prepared.request.body.count, tokens: entry.prepared.worst.output)
    }

    /// What came of one job.
    mutating func add(_ load: BatchLoad) {
        calls += max(load.calls, 1)
        add(bytes: load.bytes, tokens: load.tokens)
    }

    private mutating func add(bytes more: Int, tokens output: Int64) {
        bytes += more
        let (sum, over) = tokens.addingReportingOverflow(output)
        tokens = over ? .max : sum
    }
}

extension BatchRunner {
    /// A call that goes into the next batch.
    struct Gathered: Sendable {
        let job: Job
        /// Which of the job's calls it is.
        let number: Int
        let entry: BatchEntry
    }

    /// Which calls go together: never two tenants', so that no file holds the prompts of both.
    private struct Group: Hashable {
        let tenant: TenantID
        let provider: ProviderName
        let model: ModelName
    }

    /// Submits what waits in the queue, as much as goes into one batch. A job of several calls that
    /// has begun comes whole, unless it is more than that by itself.
    package func gather() async {
        var groups: [Group: [Gathered]] = [:]
        var order: [Group] = []
        var load = BatchLoad()
        while !Task.isCancelled, load.leavesRoom(in: settings), let claimed = await claim() {
            let (gathered, own) = await admit(claimed)
            load.add(own)
            for one in gathered {
                let group = Group(
                    tenant: one.job.tenant, provider: one.entry.route.provider,
                    model: one.entry.route.model)
                if groups[group] == nil { order.append(group) }
                groups[group, default: []].append(one)
            }
        }
        for group in order { await submit(groups[group] ?? []) }
    }

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

    /// Lets the calls of a job that have no answer through the gates, as many as go into one batch;
    /// the rest is left to its next claim.
    private func admit(_ claimed: ClaimedJob) async -> ([Gathered], BatchLoad) {
        var load = BatchLoad()
        let job = claimed.job
        guard let request = JobRequest(claimed.request) else {
            let unreadable = JobVerdict(.invalidRequest, "what the job asks for can't be read")
            await leavingToLease(job.id) { () async throws(StoreError) in
                try await end(job, unreadable)
            }
            return ([], load)
        }
        var gathered: [Gathered] = []
        var ended: [(number: Int, verdict: JobVerdict)] = []
        await leavingToLease(job.id) { () async throws(StoreError) in
            for number in try await missing(of: job, request)
            where load.leavesRoom(in: settings) {
                do throws(WeirError) {
                    // The others go with the first one, whose place they share.
                    let isFirst = gathered.isEmpty
                    switch try await pipeline.admit(
                        toBatch: try completion(number, of: request, job), isFirst: isFirst)
                    {
                    case .entered(let entry):
                        gathered.append(Gathered(job: job, number: number, entry: entry))
                        load.add(entry)
                    case .answered(let reply): ended.append((number, .answer(reply.body)))
                    }
                } catch {
                    let verdict = JobVerdict(
                        .failure(error), wasHeldBack: error.code.isRetryable)
                    ended.append((number, verdict))
                }
                load.calls += 1
            }
            let claim = BatchClaim(
                job, of: request, left: Set(gathered.map(\.number) + ended.map(\.number)))
            claims.withLock { $0[job.id] = claim }
            // All were answered before, and only the job's end is missing.
            if claim.left.isEmpty { try await conclude(claim) }
            for one in ended {
                try await tell(job.id, epoch: job.epoch, number: one.number, one.verdict)
            }
        }
        return (gathered, load)
    }

    /// Numbers of the calls that have no answer.
    private func missing(
        of job: Job, _ request: JobRequest
    ) async throws(StoreError) -> [Int] {
        guard request.calls.count > 1 else { return [0] }
        let known = Set(try await jobs.answers(of: job.id).map(\.number))
        return request.calls.indices.filter { !known.contains($0) }
    }

    private func completion(
        _ number: Int, of request: JobRequest, _ job: Job
    ) throws(WeirError) -> CompletionCall {
        try read(
            JobCall(
                request: identifiers.requestID(),
                caller: Caller(
                    key: request.key, role: request.role, reach: .tenants([job.tenant])),
                tenant: job.tenant, user: job.user, feature: request.feature,
                idempotencyKey: "job:\(job.id):\(job.attempts):\(number)",
                body: request.calls[number].encoded))
    }
}
