import Logging
package import WeirCore

/// The one way to spend a token: `open` may refuse, as long as nothing was sent; `deliver` settles
/// what was sent, whatever happens, and only then answers.
///
/// Neither looks at task cancellation: a caller that leaves changes nothing about what is billed.
package final class CompletionPipeline: Sendable {
    let parts: CompletionParts
    private let slots: CallSlots

    package init(_ parts: CompletionParts) {
        self.parts = parts
        slots = CallSlots(parts.concurrentCalls)
    }

    /// Runs one call. Throws what `WeirError` says; whatever was billed is in the ledger by then.
    package func complete(_ call: CompletionCall) async throws(WeirError) -> CompletionReply {
        try slots.take()
        defer { slots.giveBack() }
        switch try await open(call) {
        case .replay(let reply): return reply
        case .sent(let attempt, let outcome): return try await deliver(attempt, outcome)
        }
    }

    private enum Opened {
        case replay(CompletionReply)
        case sent(Attempt, UpstreamOutcome)
    }

    // MARK: open

    private func open(_ call: CompletionCall) async throws(WeirError) -> Opened {
        let now = parts.time.now()
        let directory = parts.directory.snapshot
        let tenant = try gate(call, directory, now)
        let route = try plan(call, tenant, directory, now)
        let date = parts.calendar.date(of: now, in: tenant.timeZone)
        if let reply = try await replay(call, route, date, now) { return .replay(reply) }
        let call = try await parts.screening.screen(call, at: now)
        switch try await reserve(call, tenant, route, date, now) {
        case .held(let attempt): return .sent(attempt, await send(attempt))
        case .taken(let record):
            return .replay(try await answer(from: record, to: call, route, date, now))
        }
    }

    private func gate(
        _ call: CompletionCall, _ directory: Directory.Snapshot, _ now: Timestamp
    ) throws(WeirError) -> Tenant {
        try call.caller.require(call.tenant)
        let tenant = directory.tenants[call.tenant]
        try ModuleGate.check(
            tenant: tenant, id: call.tenant, feature: call.feature, switches: directory.switches,
            now: now)
        guard let tenant else {
            throw WeirError(
                .moduleInactive, "AI module not activated for tenant \(call.tenant)")
        }
        guard tenant.models.isEmpty || tenant.models.contains(call.model) else {
            throw WeirError(
                .forbidden, "Tenant \(tenant.id) may not call \(call.model)", param: "model")
        }
        return tenant
    }

    private func plan(
        _ call: CompletionCall, _ tenant: Tenant, _ directory: Directory.Snapshot,
        _ now: Timestamp
    ) throws(WeirError) -> Route {
        let route = try parts.catalogue.route(call.model, prices: directory.prices, at: now)
        let targets: [KillSwitches.Target] = [
            .provider(route.provider), .model(route.name), .model(route.model),
        ]
        if let target = directory.switches.first(of: targets) {
            throw WeirError(.killSwitch, "AI calls are stopped by an operator (\(target))")
        }
        return route
    }

    private enum Reservation {
        case held(Attempt)
        case taken(IdempotencyRecord)
    }

    /// Holds the worst case and makes the INTENT durable, or leaves no trace.
    private func reserve(
        _ call: CompletionCall, _ tenant: Tenant, _ route: Route, _ date: BillingDate,
        _ now: Timestamp
    ) async throws(WeirError) -> Reservation {
        guard let provider = parts.providers[route.provider] else {
            throw WeirError(.unknownModel, "Model \(call.model) has no provider", param: "model")
        }
        let cap = min(call.maxTokens, route.price.maxOutputTokens ?? call.maxTokens)
        let input = InputBound(
            textBytes: call.textBytes(normalised: provider.dialect.normalisesText),
            items: Int64(call.messages.count))
        let worst = WorstCase(price: route.price, input: input, outputCap: cap)
        guard let worst else {
            throw WeirError(.invalidRequest, "The request's worst case can't be priced")
        }
        let id = parts.attempts.next(at: now)
        let row = LedgerRow(
            attempt: id, request: call.request, attemptNumber: 1, tenant: tenant.id,
            user: call.user, feature: call.feature, key: call.caller.key,
            provider: route.provider, model: route.name, upstreamModel: route.model, date: date,
            held: worst.amount, priceVersion: route.price.version, createdAt: now,
            promptDigest: call.promptDigest)
        let claim = call.idempotency.map { key in
            IdempotencyClaim(
                tenant: tenant.id, key: key.key, fingerprint: key.fingerprint,
                expiresAt: now.advanced(seconds: parts.idempotencySeconds))
        }
        try await parts.budget.hold(
            id, amount: worst.amount, tenant: tenant.id, period: date.period,
            limits: tenant.limits(user: call.user, feature: call.feature, key: call.caller.key))
        do {
            if case .existing(let record) = try await parts.ledger.intend(row, claim: claim) {
                parts.budget.release(id)
                return .taken(record)
            }
        } catch {
            // Nothing was sent. Where the INTENT is durable after all, recovery charges it.
            parts.budget.release(id)
            throw WeirError(error)
        }
        let request = ChatRequest(
            model: route.model, system: call.system, messages: call.messages, maxTokens: cap,
            temperature: call.temperature, topP: call.topP, stop: call.stop)
        return .held(
            Attempt(
                row: row, worst: worst, route: route, provider: provider,
                request: try provider.dialect.encode(request, isStream: false), claim: claim))
    }

    private func send(_ attempt: Attempt) async -> UpstreamOutcome {
        let own = [
            HeaderField("content-type", "application/json"),
            HeaderField(
                "x-client-request-id", "\(attempt.row.request).\(attempt.row.attemptNumber)"),
        ]
        return await parts.transport.send(
            UpstreamCall(
                provider: attempt.provider.name, path: attempt.request.path,
                headers: attempt.request.headers
                    + attempt.provider.dialect.credentials(attempt.provider.key) + own,
                body: attempt.request.body, timeout: attempt.provider.timeout))
    }

    // MARK: deliver

    private func deliver(
        _ attempt: Attempt, _ outcome: UpstreamOutcome
    ) async throws(WeirError) -> CompletionReply {
        let end = read(outcome, of: attempt)
        let charge = Charge(
            end: end.charge, worst: attempt.worst, price: attempt.route.price,
            billsErrors: attempt.provider.billsErrors)
        let (reply, digest) = await answer(end, charge, attempt)
        try await settle(attempt, charge, digest, reply)
        switch reply {
        case .success(let reply): return reply
        case .failure(let error): throw error
        }
    }

    /// The reply as it will be sent, and the digest of its text.
    private func answer(
        _ end: AttemptEnd, _ charge: Charge, _ attempt: Attempt
    ) async -> (Result<CompletionReply, WeirError>, [UInt8]) {
        switch end.answer {
        case .failure(let error): return (.failure(error), [])
        case .success(let chat):
            let text: String
            do {
                text = try await parts.screening.screen(
                    chat.text, of: attempt.row, at: parts.time.now())
            } catch {
                return (.failure(error), sha256(Array(chat.text.utf8)))
            }
            let body = CompletionBody.answer(
                content: text, usage: charge.usage, cost: charge.cost,
                request: attempt.row.request)
            let facts = CompletionReply.Facts(
                cost: charge.cost, attempts: attempt.row.attemptNumber,
                provider: attempt.row.provider, model: attempt.row.upstreamModel)
            let reply = CompletionReply(status: 200, body: body, isReplay: false, facts: facts)
            return (.success(reply), sha256(Array(text.utf8)))
        }
    }

    /// Makes the terminal row durable, then ends the hold. Throws where the ledger can't be
    /// written: the hold stays then, and recovery charges it.
    private func settle(
        _ attempt: Attempt, _ charge: Charge, _ digest: [UInt8],
        _ reply: Result<CompletionReply, WeirError>
    ) async throws(WeirError) {
        var row = attempt.row
        row.state = charge.status == .notSent ? .void : .settled
        row.outcome = LedgerRow.Outcome(
            status: charge.status, cost: charge.cost, basis: charge.basis, usage: charge.usage,
            isInDoubt: charge.isInDoubt, isUsageSuspect: charge.isUsageSuspect,
            settledAt: parts.time.now(), answerDigest: digest)
        do {
            try await parts.ledger.settle(row, claim: resolution(attempt, charge, reply))
        } catch {
            parts.logger.critical(
                "attempt not settled",
                metadata: ["attempt": "\(row.attempt.number)", "error": "\(error)"])
            throw WeirError(error)
        }
        if row.state == .void {
            parts.budget.release(row.attempt)
        } else {
            await parts.budget.settle(row.attempt, cost: charge.cost)
        }
        if charge.cost > row.held {
            parts.logger.error(
                "cost above the worst case",
                metadata: [
                    "attempt": "\(row.attempt.number)", "model": "\(row.upstreamModel)",
                    "cost_usd": "\(charge.cost.exactUSD)", "held_usd": "\(row.held.exactUSD)",
                ])
        }
    }

    /// An executed call keeps its answer for retries; one that cost nothing and gave no answer
    /// frees its key.
    private func resolution(
        _ attempt: Attempt, _ charge: Charge, _ reply: Result<CompletionReply, WeirError>
    ) -> ClaimResolution? {
        guard let claim = attempt.claim else { return nil }
        switch reply {
        case .success(let reply):
            return .complete(claim, StoredReply(status: reply.status, body: reply.body))
        case .failure(let error):
            guard charge.basis != .none else { return .free(claim) }
            let body = CompletionBody.error(error, request: attempt.row.request)
            return .complete(claim, StoredReply(status: error.code.status, body: body))
        }
    }

    // MARK: replay

    private func replay(
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
    private func answer(
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
        let row = LedgerRow(
            attempt: parts.attempts.next(at: now), request: call.request,
            attemptNumber: 1, kind: .replay, state: .settled, tenant: call.tenant,
            user: call.user, feature: call.feature, key: call.caller.key,
            provider: route.provider, model: route.name, upstreamModel: route.model, date: date,
            held: .zero, priceVersion: route.price.version, createdAt: now,
            promptDigest: call.promptDigest,
            outcome: LedgerRow.Outcome(
                status: .ok, cost: .zero, basis: .none, usage: .zero, settledAt: now))
        do {
            try await parts.ledger.record(row, audit: nil)
        } catch {
            throw WeirError(error)
        }
        return CompletionReply(status: reply.status, body: reply.body, isReplay: true)
    }
}
