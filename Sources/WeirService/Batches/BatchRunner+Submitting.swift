import Logging
import WeirCore

extension BatchRunner {
    /// Holds each call, makes all INTENTs durable with their batch, and submits it. Calls that the
    /// budget can't carry stay out of it.
    func submit(_ gathered: [Gathered]) async {
        guard let first = gathered.first?.entry else { return }
        let held = await hold(gathered)
        guard !held.isEmpty else { return }
        let batch = OpenBatch(
            id: identifiers.batchID(), tenant: first.run.tenant.id, provider: first.provider.name,
            price: first.route.price, changedAt: parts.time.now(), calls: held.map(\.call))
        guard await open(batch) else { return }
        for one in held { one.entry.run.permit?.use(one.entry.prepared.worst) }
        await keepClaims(of: batch)
        let items = held.map {
            ProviderBatchItem(name: batch.name(of: $0.call), request: $0.entry.prepared.request)
        }
        await send(batch, items, first)
    }

    private struct Held {
        let call: OpenBatch.Call
        let entry: BatchEntry
    }

    private func hold(_ gathered: [Gathered]) async -> [Held] {
        var held: [Held] = []
        for one in gathered {
            let (job, entry) = (one.job, one.entry)
            do {
                let call = OpenBatch.Call(
                    row: try await pipeline.hold(entry), job: job.id, epoch: job.epoch,
                    number: one.number, input: entry.prepared.worst.input,
                    output: entry.prepared.worst.output)
                held.append(Held(call: call, entry: entry))
            } catch {
                entry.run.permit?.giveBack()
                await end(one, error)
            }
        }
        return held
    }

    private func open(_ batch: OpenBatch) async -> Bool {
        do {
            try await store.open(batch)
            return true
        } catch {
            // Nothing was sent. Where it is durable after all, a restart finds it held, and ends
            // it as not sent.
            for call in batch.calls {
                parts.budget.release(call.row.attempt)
                let verdict = JobVerdict(.failure(WeirError(error)), wasHeldBack: true)
                await leavingToLease(call.job) { () async throws(StoreError) in
                    try await tell(call.job, epoch: call.epoch, number: call.number, verdict)
                }
            }
            return false
        }
    }

    private func send(
        _ opened: OpenBatch, _ items: [ProviderBatchItem], _ entry: BatchEntry
    ) async {
        var batch = opened
        let pass: RoutePass
        do {
            pass = try parts.gate.admit(entry.route, at: parts.time.now())
        } catch {
            if !(await giveUp(batch, .notSent(error))) { keep(batch) }
            return
        }
        var made = (ending: AttemptEnding.heldBack, isOver: false)
        do {
            made = try await create(&batch, items, entry.provider)
        } catch {
            log(.error, "batch not submitted", batch, error.message)
        }
        if !made.isOver { keep(batch) }
        await pipeline.release(pass, made.ending)
    }

    /// Leaves the batch `held`, `submitting` or `submitted`, whichever is known for certain, or
    /// ends it.
    private func create(
        _ batch: inout OpenBatch, _ items: [ProviderBatchItem], _ provider: ProviderSetup
    ) async throws(WeirError) -> (ending: AttemptEnding, isOver: Bool) {
        guard let dialect = provider.dialect.batch else { return (.heldBack, false) }
        var file: Slug?
        if let upload = dialect.upload(items, of: batch.id) {
            let outcome = await parts.transport.send(post(upload, provider))
            file = uploaded(outcome, dialect)
            guard file != nil else {
                // An upload that nobody makes a batch of starts nothing.
                let error = outcome.refusal(provider.dialect) ?? .unreachable
                let isOver = await giveUp(batch, .notSent(error))
                return (outcome.ending(provider.dialect), isOver)
            }
        }
        try await move(&batch, to: .submitting)
        let outcome = await parts.transport.send(
            post(dialect.create(items, of: batch.id, file: file), provider))
        let ending = outcome.ending(provider.dialect)
        if case .notSent = outcome {
            return (ending, await giveUp(batch, .notSent(.unreachable)))
        }
        if let error = outcome.certainRefusal(provider.dialect) {
            return (ending, await giveUp(batch, .unprocessed(error)))
        }
        if let body = outcome.success, let made = batchReply(body, dialect) {
            try await move(&batch, to: .submitted(made.id))
            log(.info, "batch submitted", batch, "\(batch.calls.count) calls as \(made.id)")
        } else {
            log(.warning, "nobody knows whether the batch was made", batch, outcome.kind)
        }
        return (ending, false)
    }

    private func uploaded(
        _ outcome: UpstreamOutcome, _ dialect: any ProviderBatchDialect
    ) -> Slug? {
        guard let body = outcome.success else { return nil }
        do throws(ReplyDefect) {
            return try dialect.decodeUpload(body)
        } catch {
            parts.logger.warning(
                "reply to an upload can't be read", metadata: ["reason": "\(error.reason)"])
            return nil
        }
    }

    /// Ends every call in the same way.
    /// - Returns: whether the batch is closed; what the ledger refuses is tried again later.
    private func giveUp(_ batch: OpenBatch, _ end: BatchedEnd) async -> Bool {
        do {
            try await finish(batch, batch.calls, end)
            try await close(batch)
            return true
        } catch {
            log(.error, "batch not given up", batch, error.message)
            return false
        }
    }
}

extension TimeOrderedText {
    /// `batch_` and 26 characters.
    func batchID() -> BatchID { next("batch_") }
}

extension WeirError {
    static var unreachable: WeirError {
        WeirError(.providerUnavailable, "The AI provider can't be reached")
    }
}
