import Logging
import Synchronization
package import WeirCore

/// Runs the jobs of the queue `batch`: gathers what waits, submits it to the providers' batch
/// interfaces, one batch for each tenant and model, and ends each job by its own results.
///
/// Every step can be repeated: what a crash has interrupted is taken up where it stands, a result
/// that is read again is not billed again, and a job that has ended stays as it is.
package final class BatchRunner: Sendable {
    let pipeline: CompletionPipeline
    let jobs: any JobStore
    let store: any BatchStore
    let settings: BatchSettings
    /// Of the queue `batch`.
    let rules: QueueRules
    let identifiers: TimeOrderedText
    /// Reads a body of `POST /ai/complete`.
    let read: CallReader
    /// What isn't closed, but for a batch that is being submitted at this moment.
    private let batches = Mutex<[BatchID: OpenBatch]>([:])
    /// Those of which a call has no end.
    let claims = Mutex<[JobID: BatchClaim]>([:])
    /// Batches of others that were looked into, so that they aren't again.
    let strangers = Mutex<Set<Slug>>([])
    /// Batches that were asked to leave out what hasn't begun.
    let cancelled = Mutex<Set<BatchID>>([])

    package typealias CallReader = @Sendable (JobCall) throws(WeirError) -> CompletionCall

    package init(
        pipeline: CompletionPipeline, jobs: any JobStore, store: any BatchStore,
        settings: BatchSettings = BatchSettings(), rules: QueueRules = QueueRules(),
        identifiers: TimeOrderedText, read: @escaping CallReader
    ) {
        self.pipeline = pipeline
        self.jobs = jobs
        self.store = store
        self.settings = settings
        self.rules = rules
        self.identifiers = identifiers
        self.read = read
    }

    var parts: CompletionParts { pipeline.parts }

    /// Takes up what an earlier process has left: holds the money again, and its claims on jobs.
    /// Before anything is admitted or taken back, and once; nobody else claims from the queue.
    package func adopt() async throws(WeirError) {
        let open: [OpenBatch]
        do {
            open = try await store.openBatches()
        } catch {
            throw WeirError(error)
        }
        let tenants = parts.directory.snapshot.tenants
        for batch in open {
            let tenant = tenants[batch.tenant]
            for call in batch.calls where call.row.outcome == nil {
                let row = call.row
                try await parts.budget.restore(
                    row,
                    limits: tenant?.limits(user: row.user, feature: row.feature, key: row.key)
                        ?? [ScopeLimit(scope: .tenant, limit: .unlimited)])
            }
            await keepClaims(of: batch)
            keep(batch)
        }
        try await returnOrphans(of: open)
        guard !open.isEmpty else { return }
        parts.logger.notice(
            "batches of an earlier process are taken up", metadata: ["batches": "\(open.count)"])
    }

    /// Until the caller's task is cancelled.
    package func run() async {
        await withTaskGroup { group in
            group.addTask { await self.repeating(self.settings.poll) { await self.follow() } }
            group.addTask { await self.repeating(self.settings.window) { await self.gather() } }
        }
    }

    /// Asks after every batch that isn't closed.
    package func follow() async {
        let open = batches.withLock { Array($0.values) }
        for batch in open.sorted(by: { $0.id.description < $1.id.description }) {
            do {
                try await follow(batch)
            } catch {
                log(.error, "batch not followed", batch, error.message)
            }
        }
    }

    func keep(_ batch: OpenBatch) { batches.withLock { $0[batch.id] = batch } }

    /// Numbers of the calls of a job's claim, over all batches that aren't closed.
    func openCalls(of job: JobID, epoch: Int64) -> Set<Int> {
        batches.withLock { batches in
            Set(
                batches.values.flatMap(\.calls).filter { $0.job == job && $0.epoch == epoch }
                    .map(\.number))
        }
    }

    /// The ids of all batches that providers are known to have.
    var knownIDs: Set<Slug> {
        batches.withLock { batches in
            Set(
                batches.values.compactMap { batch in
                    if case .submitted(let id) = batch.state { id } else { nil }
                })
        }
    }

    /// Every call is settled and every job told.
    func close(_ batch: OpenBatch) async throws(WeirError) {
        do {
            try await store.close(batch.id)
        } catch {
            throw WeirError(error)
        }
        batches.withLock { $0[batch.id] = nil }
        _ = cancelled.withLock { $0.remove(batch.id) }
        log(.info, "batch ended", batch, "\(batch.calls.count) calls")
    }

    /// Makes a change durable, then goes by it.
    func move(
        _ batch: inout OpenBatch, to state: OpenBatch.State
    ) async throws(WeirError) {
        let now = parts.time.now()
        do {
            try await store.mark(batch.id, state, at: now)
        } catch {
            throw WeirError(error)
        }
        batch.state = state
        batch.changedAt = now
    }

    func log(
        _ level: Logger.Level, _ event: Logger.Message, _ batch: OpenBatch, _ reason: String
    ) {
        parts.logger.log(
            level: level, event,
            metadata: [
                "batch": "\(batch.id)", "provider": "\(batch.provider)",
                "tenant": "\(batch.tenant)", "reason": "\(reason)",
            ])
    }

    private func repeating(_ pause: Duration, _ body: () async -> Void) async {
        while !Task.isCancelled {
            await body()
            await parts.time.pause(pause)
        }
    }
}
