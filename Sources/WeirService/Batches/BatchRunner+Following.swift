import Logging
import Synchronization
import WeirCore

extension BatchRunner {
    /// Asks after one batch, and ends what can be ended.
    func follow(_ batch: OpenBatch) async throws(WeirError) {
        let now = parts.time.now()
        let isLate = batch.openedAt.advanced(by: settings.patience) <= now
        let provider = parts.providers[batch.provider]
        switch batch.state {
        case .held:
            try await finish(batch, batch.calls, .notSent(.unreachable))
            try await close(batch)
        case .submitting:
            let isThere = try await search(batch, provider)
            let wasLookedFor = batch.changedAt.advanced(by: settings.search) <= now
            if isLate || isThere == false && wasLookedFor { try await lose(batch) }
        case .submitted(let id):
            let hasEnded = try await collect(batch, id, provider)
            if !hasEnded, isLate { try await lose(batch) }
        }
    }

    /// Nobody can say what came of it: it is charged at its worst case.
    private func lose(_ batch: OpenBatch) async throws(WeirError) {
        log(.error, "batch lost, its calls are charged at their worst case", batch, "in doubt")
        try await finish(batch, batch.calls, .lost)
        try await close(batch)
    }

    /// - Returns: whether it is closed now.
    private func collect(
        _ batch: OpenBatch, _ id: Slug, _ provider: ProviderSetup?
    ) async throws(WeirError) -> Bool {
        guard let provider, let dialect = provider.dialect.batch,
            let body = await parts.transport.send(get(dialect.path(of: id), provider)).success,
            let seen = batchReply(body, dialect)
        else {
            log(.warning, "batch can't be asked after", batch, "\(id)")
            return false
        }
        guard case .ended(let runsOut) = seen.state else {
            await cancelIfUnwanted(batch, id, provider, dialect)
            return false
        }
        var left = Dictionary(batch.calls.map { (batch.name(of: $0), $0) }) { $1 }
        var answers = 0
        for path in dialect.resultPaths(of: seen) {
            guard var lines = await resultLines(path, provider) else { return false }
            while let line = await lines.next() {
                guard let result = result(line, dialect, batch),
                    let call = left.removeValue(forKey: result.name)
                else { continue }
                if case .answered = result.outcome { answers += 1 }
                try await finish(batch, [call], BatchedEnd(result.outcome))
            }
            guard lines.isWhole else {
                log(.warning, "results of a batch broke off", batch, "\(id)")
                return false
            }
        }
        let missing = batch.calls.filter { left[batch.name(of: $0)] != nil }
        // Where every call that was completed has its result, the others were not run.
        let isComplete = seen.completed.map { answers >= $0 } ?? false
        try await finish(
            batch, missing, runsOut && isComplete ? .unprocessed(.outOfTurn) : .lost)
        try await close(batch)
        return true
    }

    private func result(
        _ line: [UInt8], _ dialect: any ProviderBatchDialect, _ batch: OpenBatch
    ) -> ProviderBatchResult? {
        do {
            return try dialect.decodeResult(line)
        } catch {
            // Whose it was is not known: that call ends as one without a result.
            log(.warning, "a line of a batch's results can't be read", batch, error.reason)
            return nil
        }
    }

    func resultLines(_ path: String, _ provider: ProviderSetup) async -> ResultLines? {
        let call = get(path, provider)
        guard case .stream(let body) = await parts.transport.open(call, within: parts.streams)
        else { return nil }
        return ResultLines(body)
    }

    /// Where nobody waits for any of its calls any more, the provider is asked to leave out what
    /// it hasn't begun.
    private func cancelIfUnwanted(
        _ batch: OpenBatch, _ id: Slug, _ provider: ProviderSetup,
        _ dialect: any ProviderBatchDialect
    ) async {
        guard !cancelled.withLock({ $0.contains(batch.id) }) else { return }
        for id in Set(batch.calls.map(\.job)) {
            do {
                let job = try await jobs.job(id)
                if let job, job.endedAt == nil { return }
            } catch {
                return
            }
        }
        _ = cancelled.withLock { $0.insert(batch.id) }
        let outcome = await parts.transport.send(post(dialect.cancel(id), provider))
        log(.info, "batch cancelled, as all its jobs are", batch, outcome.kind)
    }

    func batchReply(
        _ body: [UInt8], _ dialect: any ProviderBatchDialect
    ) -> ProviderBatch? {
        do throws(ReplyDefect) {
            return try dialect.decodeBatch(body)
        } catch {
            parts.logger.warning(
                "reply about a batch can't be read", metadata: ["reason": "\(error.reason)"])
            return nil
        }
    }
}

extension BatchedEnd {
    init(_ outcome: ProviderBatchResult.Outcome) {
        switch outcome {
        case .answered(let body): self = .answered(body)
        case .refused(let failure): self = .refused(failure)
        case .unprocessed: self = .unprocessed(.outOfTurn)
        }
    }
}

extension WeirError {
    fileprivate static var outOfTurn: WeirError {
        WeirError(
            .providerUnavailable, "The AI provider ended the batch before it came to this call")
    }
}
