import Logging
import WeirCore

/// A call that has passed every gate and goes into a batch next. Nothing is held for it yet.
struct BatchEntry: Sendable {
    let run: CompletionRun
    /// At the provider's batch price.
    let route: Route
    let provider: ProviderSetup
    let prepared: Preparation
}

/// How a call of a batch ended.
enum BatchedEnd: Sendable {
    /// A 2xx reply's body.
    case answered([UInt8])
    case refused(ProviderFailure)
    /// The provider says that it hasn't run it, which costs nothing; and why, as the job hears it.
    case unprocessed(WeirError)
    /// Proved not to have been submitted.
    case notSent(WeirError)
    /// It was submitted, and nobody can say what came of it.
    case lost

    var wasHeldBack: Bool {
        if case .notSent = self { true } else { false }
    }
}

/// The pipeline's steps for calls that are answered much later, out of a batch. The gates are those
/// of any call; a batch call takes no place among the calls in flight, since it waits elsewhere.
extension CompletionPipeline {
    enum BatchAdmission: Sendable {
        /// Out of the cache.
        case answered(CompletionReply)
        case entered(BatchEntry)
    }

    /// Lets a call through the gates, or refuses it as `complete` would. A model that no batch
    /// interface serves at a known price is `unpriced_model`: it isn't run at another.
    ///
    /// - Parameter isFirst: false for the others of one job's calls, of which the limits of calls
    ///   count one.
    func admit(
        toBatch call: CompletionCall, isFirst: Bool = true
    ) async throws(WeirError) -> BatchAdmission {
        let now = parts.time.now()
        let directory = parts.directory.snapshot
        let tenant = try gate(call, directory, now)
        let routes = BatchRoutes(parts.providers)
        let route = try routes.first(of: try plan(call, directory, now), for: call.model)
        guard let provider = parts.providers[route.provider] else {
            throw WeirError(.unknownModel, "Model \(call.model) has no provider", param: "model")
        }
        let date = parts.calendar.date(of: now, in: tenant.timeZone)
        var run = CompletionRun(call: call, tenant: tenant, date: date, routes: [route])
        try limit(&run, along: route, at: now, countsCall: isFirst)
        do {
            run.call = try await parts.screening.screen(run.call, at: now)
            if let reply = try await cached(run.call, route, date, now) {
                return .answered(reply)
            }
            let prepared = try run.call.prepare(for: route, at: provider)
            return .entered(
                BatchEntry(run: run, route: route, provider: provider, prepared: prepared))
        } catch {
            run.permit?.giveBack()
            throw error
        }
    }

    /// Holds a call's worst case at the batch price. Its INTENT has to follow.
    func hold(_ entry: BatchEntry) async throws(WeirError) -> LedgerRow {
        let now = parts.time.now()
        let (call, route, tenant) = (entry.run.call, entry.route, entry.run.tenant)
        let row = LedgerRow(
            attempt: parts.attempts.next(at: now), request: call.request, attemptNumber: 1,
            tenant: tenant.id, user: call.user, feature: call.feature, key: call.caller.key,
            provider: route.provider, model: call.model, upstreamModel: route.model,
            date: entry.run.date, held: entry.prepared.worst.amount,
            priceVersion: route.price.version, createdAt: now, promptDigest: call.promptDigest)
        try await hold(row, for: try gate(call, along: route, now))
        return row
    }

    /// Settles one call of a batch by what is known of it; the body or the error that its job
    /// gets. Doing it again changes nothing in the ledger, and answers the same.
    ///
    /// - Parameter dialect: nil where there is nothing to be read.
    func end(
        _ call: OpenBatch.Call, at price: ModelPrice, _ dialect: (any ProviderDialect)?,
        _ end: BatchedEnd
    ) async throws(WeirError) -> Result<[UInt8], WeirError> {
        let (chargedEnd, answer) = read(end, dialect)
        let charge = Charge(end: chargedEnd, worst: call.worst, price: price, reasoning: nil)
        var digest: [UInt8] = []
        let reply: Result<[UInt8], WeirError>
        switch answer {
        case .failure(let error): reply = .failure(error)
        case .success(var chat):
            do {
                chat.text = try await parts.screening.screen(
                    chat.text, of: call.row, at: parts.time.now())
                chat.usage = .reported(charge.usage)
                let cost = call.row.outcome?.cost ?? charge.cost
                reply = .success(
                    CompleteDialect().encode(
                        chat,
                        ReplyContext(
                            request: call.row.request, model: call.row.model,
                            createdAt: call.row.createdAt, cost: cost, asked: JSONObject())))
            } catch {
                // What can't be written down now is read again later.
                guard !error.code.isRetryable else { throw error }
                reply = .failure(error)
            }
            digest = sha256(Array(chat.text.utf8))
        }
        if call.row.outcome == nil {
            try await settle(call.row, charge, digest, nil, at: .batch)
        }
        return reply
    }

    private func read(
        _ end: BatchedEnd, _ dialect: (any ProviderDialect)?
    ) -> (Charge.End, Result<ChatReply, WeirError>) {
        switch end {
        case .answered(let body):
            do throws(ReplyDefect) {
                guard let dialect else { throw ReplyDefect("no reader") }
                let chat = try dialect.decodeReply(body)
                return (.answered(chat.evidence), .success(chat))
            } catch {
                parts.logger.warning(
                    "result of a batch is no answer", metadata: ["reason": "\(error.reason)"])
                return (.defective(error.usage), .failure(.unreadable))
            }
        // Vendors bill what was completed, and nothing else of a batch.
        case .refused(let failure):
            return (
                .refused(.badRequest),
                .failure(WeirError(failure, retryAfter: failure.retryAfter))
            )
        case .unprocessed(let error): return (.refused(.rateLimited), .failure(error))
        case .notSent(let error): return (.notSent, .failure(error))
        case .lost:
            let error = WeirError(
                .providerError, "What became of the batch is not known; it was charged as if run")
            return (.lost, .failure(error))
        }
    }
}
