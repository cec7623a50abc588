import Logging
import WeirCore

extension CompletionPipeline {
    /// A route that can take the request now: the request in its provider's form, and a place.
    struct Bearing {
        let route: Route
        let provider: ProviderSetup
        let prepared: Preparation
        let pass: RoutePass
    }

    func bear(_ call: CompletionCall, along route: Route) throws(WeirError) -> Bearing {
        guard let provider = parts.providers[route.provider] else {
            throw WeirError(.unknownModel, "Model \(call.model) has no provider", param: "model")
        }
        try parts.directory.snapshot.requireRunning(route, to: call.model)
        let prepared = try call.prepare(for: route, at: provider)
        return Bearing(
            route: route, provider: provider, prepared: prepared,
            pass: try parts.gate.admit(route, at: parts.time.now()))
    }

    /// The next route that can take the call. A full provider is passed over for another; where no
    /// route is free and nobody was asked yet, the call waits for a place at the first full one.
    /// Nil where no route is left.
    func nextBearing(_ run: inout CompletionRun) async throws(WeirError) -> Bearing? {
        var full: (route: Route, position: Int)?
        while let route = run.route {
            do {
                return try bear(run.call, along: route)
            } catch {
                if error.code == .overloaded, full == nil { full = (route, run.position) }
                run.skip(error)
            }
        }
        guard run.attempts == 0, let full, let provider = parts.providers[full.route.provider]
        else { return nil }
        let prepared = try run.call.prepare(for: full.route, at: provider)
        let pass = try await parts.gate.wait(
            for: full.route, run.tenant, parts.queue, time: parts.time)
        run.position = full.position
        return Bearing(route: full.route, provider: provider, prepared: prepared, pass: pass)
    }

    enum Reservation {
        case held(Attempt)
        /// Somebody else used the idempotency key first.
        case taken(CompletionReply)
    }

    enum Sent {
        case ended(AttemptEnd)
        case live(LiveStream)
    }

    /// Holds the worst case and makes the INTENT durable, or leaves no trace.
    func reserve(
        _ run: inout CompletionRun, _ bearing: Bearing
    ) async throws(WeirError) -> Reservation {
        let now = parts.time.now()
        let call = run.call
        let route = bearing.route
        let row = LedgerRow(
            attempt: parts.attempts.next(at: now), request: call.request,
            attemptNumber: run.attempts + 1, tenant: run.tenant.id, user: call.user,
            feature: call.feature, key: call.caller.key, provider: route.provider,
            model: call.model, upstreamModel: route.model, date: run.date,
            held: bearing.prepared.worst.amount, priceVersion: route.price.version,
            createdAt: now, promptDigest: call.promptDigest)
        let claim = run.attempts == 0 ? claim(of: call, at: now) : nil
        do {
            let tenant = try gate(call, along: route, now)
            if let record = try await hold(row, for: tenant, claim: claim) {
                bearing.pass.end(at: now)
                return .taken(try await answer(from: record, to: call, route, run.date, now))
            }
        } catch {
            bearing.pass.end(at: now)
            // A budget that can't carry another provider is no news to a caller whose first one
            // has failed.
            throw run.attempts > 0 && error.code == .budgetExceeded ? run.failure : error
        }
        await announceSwitch(run, row)
        run.begin(on: route, claim: claim)
        return .held(
            Attempt(
                row: row, route: route, provider: bearing.provider, prepared: bearing.prepared,
                claim: run.claim, pass: bearing.pass))
    }

    /// - Returns: The record of whoever has the claim already; nothing is held then.
    private func hold(
        _ row: LedgerRow, for tenant: Tenant, claim: IdempotencyClaim?
    ) async throws(WeirError) -> IdempotencyRecord? {
        try await hold(row, for: tenant)
        do {
            guard case .existing(let record) = try await parts.ledger.intend(row, claim: claim)
            else { return nil }
            parts.budget.release(row.attempt)
            return record
        } catch {
            // Nothing was sent. Where the INTENT is durable after all, recovery charges it.
            parts.budget.release(row.attempt)
            throw WeirError(error)
        }
    }

    /// Takes a row's worst case from every budget. A refusal says when they begin anew.
    func hold(_ row: LedgerRow, for tenant: Tenant) async throws(WeirError) {
        do throws(WeirError) {
            try await parts.budget.hold(
                row.attempt, amount: row.held, tenant: row.tenant, period: row.date.period,
                limits: tenant.limits(user: row.user, feature: row.feature, key: row.key))
        } catch {
            guard error.code == .budgetExceeded else { throw error }
            var refusal = error
            refusal.budgetReset = parts.calendar.end(
                of: row.date.period, in: tenant.timeZone)
            throw refusal
        }
    }

    private func claim(of call: CompletionCall, at now: Timestamp) -> IdempotencyClaim? {
        call.idempotency.map { key in
            IdempotencyClaim(
                tenant: call.tenant, key: key.key, fingerprint: key.fingerprint,
                expiresAt: now.advanced(seconds: parts.idempotencySeconds))
        }
    }

    func send(_ attempt: Attempt, _ run: CompletionRun) async -> Sent {
        let call = upstreamCall(attempt)
        guard let options = run.call.stream else {
            return .ended(read(await parts.transport.send(call), of: attempt))
        }
        switch await parts.transport.open(call, within: parts.streams) {
        case .notSent(let reason): return .ended(read(.notSent(reason), of: attempt))
        case .lost(let loss): return .ended(read(.lost(loss), of: attempt))
        case .reply(let reply): return .ended(read(.reply(reply), of: attempt))
        case .stream(let body):
            return await firstToken(of: body, attempt, run, options)
        }
    }

    /// Reads a stream up to its first token: until then another provider can take over.
    private func firstToken(
        of body: any UpstreamBody, _ attempt: Attempt, _ run: CompletionRun,
        _ options: StreamOptions
    ) async -> Sent {
        var reader = StreamReader(attempt, body, options)
        var steps: [StreamStep] = []
        while let more = await reader.next() {
            steps += more
            if reader.meter.hasContent { break }
        }
        if let defect = reader.defect, !reader.meter.hasContent {
            log("stream failed before its first token", attempt, defect.reason)
            return .ended(defect.end(of: reader.meter))
        }
        return .live(LiveStream(self, attempt, run, reader, steps, options))
    }

    private func upstreamCall(_ attempt: Attempt) -> UpstreamCall {
        let own = [
            HeaderField("content-type", "application/json"),
            HeaderField(
                "x-client-request-id", "\(attempt.row.request).\(attempt.row.attemptNumber)"),
        ]
        let request = attempt.prepared.request
        return UpstreamCall(
            provider: attempt.provider.name, path: request.path,
            headers: request.headers
                + attempt.provider.dialect.credentials(attempt.provider.key) + own,
            body: request.body, timeout: attempt.provider.timeout)
    }

    /// Tells the breaker how an attempt ended, and gives its place back.
    func release(_ pass: RoutePass, _ ending: AttemptEnding) async {
        let now = parts.time.now()
        pass.record(ending, at: now)
        pass.end(at: now)
        await announceBreakers()
    }

    /// Writes down that another provider or model is asked than before.
    private func announceSwitch(_ run: CompletionRun, _ row: LedgerRow) async {
        guard let before = run.lastRoute,
            before.provider != row.provider || before.model != row.upstreamModel
        else { return }
        let isTold = parts.switches.admits(row.tenant, row.model, at: parts.time.now())
        await announce(
            isTold ? "ProviderSwitched" : nil, "provider.switch", tenant: row.tenant,
            subject: row.request.description,
            [
                "tenant_id": JSON(row.tenant.number), "model": .string(row.model.description),
                "from_provider": .string(before.provider.description),
                "from_model": .string(before.model.description),
                "to_provider": .string(row.provider.description),
                "to_model": .string(row.upstreamModel.description),
                "reason": .string(run.failure.code.rawValue),
            ])
    }

    func announceBreakers() async {
        for change in parts.gate.takeChanges() {
            let event: String
            switch change.after {
            case .open: event = "BreakerOpened"
            case .closed where change.before != .resting: event = "BreakerClosed"
            case .closed, .resting, .halfOpen, .slowStart: continue
            }
            await announce(
                event, "breaker.\(change.after.rawValue)", tenant: nil,
                subject: "\(change.key.provider) \(change.key.model)",
                [
                    "provider": .string(change.key.provider.description),
                    "model": .string(change.key.model.description),
                    "before": .string(change.before.rawValue),
                ])
        }
    }

    /// An audit entry, and an event where there is one. Where they can't be written the call goes
    /// on: its money is held, and a ledger that can't be written stops it soon enough.
    private func announce(
        _ event: String?, _ action: String, tenant: TenantID?, subject: String, _ details: JSON
    ) async {
        let entry = AuditEntry(
            at: parts.time.now(), actor: "weir", action: action, tenant: tenant,
            subject: subject, details: details)
        do {
            if let event {
                try await parts.events.append(entry, event: event)
            } else {
                try await parts.events.append(entry)
            }
        } catch {
            parts.logger.error(
                "event not written", metadata: ["action": "\(action)", "error": "\(error)"])
        }
    }

    func log(_ event: Logger.Message, _ attempt: Attempt, _ reason: String) {
        parts.logger.warning(
            event,
            metadata: [
                "request": "\(attempt.row.request)", "provider": "\(attempt.row.provider)",
                "model": "\(attempt.row.upstreamModel)", "reason": "\(reason)",
            ])
    }
}
