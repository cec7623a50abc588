import WeirCore

extension CompletionPipeline {
    func gate(
        _ call: CompletionCall, _ directory: Directory.Snapshot, _ now: Timestamp
    ) throws(WeirError) -> Tenant {
        try directory.admit(call.tenant, call.feature, call.model, for: call.caller, at: now)
    }

    /// The same again right before money is held, with what holds for the tenant by now: the call
    /// may have waited, or been tried elsewhere.
    func gate(
        _ call: CompletionCall, along route: Route, _ now: Timestamp
    ) throws(WeirError) -> Tenant {
        let directory = parts.directory.snapshot
        try directory.requireRunning(route, to: call.model)
        return try gate(call, directory, now)
    }

    /// The routes to be tried, in their order; never none.
    func plan(
        _ call: CompletionCall, _ directory: Directory.Snapshot, _ now: Timestamp
    ) throws(WeirError) -> [Route] {
        try directory.routes(
            to: call.model, in: parts.catalogue, at: now, dice: parts.dice())
    }

    /// Takes the call's place among what its scopes may ask for.
    ///
    /// - Parameter countsCall: false where only its tokens count.
    func limit(
        _ run: inout CompletionRun, along route: Route, at now: Timestamp, countsCall: Bool = true
    ) throws(WeirError) {
        guard let rates = parts.rates else { return }
        let tokens = run.call.mostTokens(along: route, parts.providers)
        let (permit, standing) = try rates.admit(
            run.call, of: run.tenant, tokens: tokens, countsCall: countsCall, at: now)
        run.permit = permit
        run.call.rate = standing
    }

    /// The kept answer of an idempotency key that was used before.
    func replay(
        _ call: CompletionCall, _ route: Route, _ date: BillingDate, _ now: Timestamp
    ) async throws(WeirError) -> CompletionReply? {
        guard let key = call.idempotency else { return nil }
        let record: IdempotencyRecord?
        do {
            record = try await parts.ledger.claim(tenant: call.tenant, key: key.key, now: now)
        } catch {
            throw WeirError(error)
        }
        guard let record else { return nil }
        return try await answer(from: record, to: call, route, date, now)
    }

    /// Gives a kept answer again, with a row of its own at no cost.
    func answer(
        from record: IdempotencyRecord, to call: CompletionCall, _ route: Route,
        _ date: BillingDate, _ now: Timestamp
    ) async throws(WeirError) -> CompletionReply {
        guard record.fingerprint == call.idempotency?.fingerprint else {
            throw WeirError(
                .idempotencyMismatch, "This Idempotency-Key was used for another request",
                param: "Idempotency-Key")
        }
        guard let reply = record.reply else {
            throw WeirError(
                .idempotencyInProgress, "A call with this Idempotency-Key is in flight")
        }
        return try await give(reply, .replay, to: call, route, date, now)
    }

    /// The answer to an equal request of the same tenant, where the feature keeps answers.
    func cached(
        _ call: CompletionCall, _ route: Route, _ date: BillingDate, _ now: Timestamp
    ) async throws(WeirError) -> CompletionReply? {
        guard let reply = parts.cache.find(call, at: now) else { return nil }
        return try await give(reply, .cache, to: call, route, date, now)
    }

    private func give(
        _ reply: StoredReply, _ origin: CompletionReply.Origin, to call: CompletionCall,
        _ route: Route, _ date: BillingDate, _ now: Timestamp
    ) async throws(WeirError) -> CompletionReply {
        let row = LedgerRow(
            attempt: parts.attempts.next(at: now), request: call.request,
            attemptNumber: 1, kind: origin == .cache ? .cache : .replay, state: .settled,
            tenant: call.tenant, user: call.user, feature: call.feature, key: call.caller.key,
            provider: route.provider, model: call.model, upstreamModel: route.model, date: date,
            held: .zero, priceVersion: route.price.version, createdAt: now,
            promptDigest: call.promptDigest,
            outcome: LedgerRow.Outcome(
                status: .ok, cost: .zero, basis: .none, usage: .zero, settledAt: now))
        do {
            try await parts.ledger.record(row, audit: nil)
        } catch {
            throw WeirError(error)
        }
        var body = reply.body(for: call.dialect)
        if origin == .cache {
            body = call.dialect.reissue(body, contentType: reply.contentType, to: call.request)
        }
        return CompletionReply(
            status: reply.status, body: body, contentType: reply.contentType, origin: origin,
            rate: call.rate, code: reply.code)
    }
}
