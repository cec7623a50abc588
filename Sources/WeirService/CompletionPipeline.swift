import Logging
package import WeirCore

/// The one way to spend a token: `open` may refuse, as long as nothing has gone to the client;
/// `deliver` settles what was sent, whatever happens, and only then completes the answer.
///
/// Neither looks at task cancellation: a caller that leaves changes nothing about what is billed.
package final class CompletionPipeline: Sendable {
    let parts: CompletionParts
    private let slots: CallSlots

    package init(_ parts: CompletionParts) {
        self.parts = parts
        slots = CallSlots(parts.concurrentCalls, parts.queue, time: parts.time)
    }

    /// Runs one call to its answer, or to the first token of a streamed one. Throws what
    /// `WeirError` says; whatever was billed by then is in the ledger.
    package func complete(_ call: CompletionCall) async throws(WeirError) -> CompletionOutcome {
        switch try await open(call) {
        case .answered(let reply):
            call.meter?.add(0)
            return .whole(reply)
        case .ended(let run, let attempt, let end, let charge):
            return .whole(try await deliver(attempt, end, charge, of: run))
        case .live(let stream): return .stream(stream)
        }
    }

    private enum Opened {
        /// Without asking a provider: a replay, or a cached answer.
        case answered(CompletionReply)
        /// The last attempt has ended; it is yet to be settled.
        case ended(CompletionRun, Attempt, AttemptEnd, Charge)
        /// The first token is there.
        case live(LiveStream)
    }

    // MARK: open

    private func open(_ call: CompletionCall) async throws(WeirError) -> Opened {
        let now = parts.time.now()
        let directory = parts.directory.snapshot
        let tenant = try gate(call, directory, now)
        let routes = try plan(call, directory, now)
        let date = parts.calendar.date(of: now, in: tenant.timeZone)
        var run = CompletionRun(call: call, tenant: tenant, date: date, routes: routes)
        let first = routes[0]
        try limit(&run, along: first, at: now)
        do {
            run.slot = try await slots.take(for: tenant)
            defer { withExtendedLifetime(run.slot) {} }
            if let reply = try await replay(run.call, first, date, now) { return .answered(reply) }
            run.call = try await parts.screening.screen(run.call, at: now)
            if let reply = try await cached(run.call, first, date, now) { return .answered(reply) }
            return try await attempt(&run)
        } catch {
            if run.attempts == 0 { run.permit?.giveBack() }
            // No attempt of it is open any more, so nothing else would end its claim.
            try await endClaim(of: run, error)
            throw error
        }
    }

    /// Tries the routes in their order, each attempt with its own hold and its own row, until one
    /// answers or nothing is left to try.
    private func attempt(_ run: inout CompletionRun) async throws(WeirError) -> Opened {
        while let bearing = try await nextBearing(&run) {
            let attempt: Attempt
            switch try await reserve(&run, bearing) {
            case .held(let held): attempt = held
            case .taken(let reply): return .answered(reply)
            }
            switch await send(attempt, run) {
            case .live(let stream): return .live(stream)
            case .ended(let end):
                await release(attempt.pass, end.ending)
                let charge = run.charge(end.charge, of: attempt)
                let wait = run.goesOn(
                    after: end, charged: charge, parts.retries, dice: parts.dice())
                guard let wait else { return .ended(run, attempt, end, charge) }
                try await settle(attempt, charge, [], nil)
                if wait > .zero { await parts.time.pause(wait) }
            }
        }
        throw run.failure
    }

    // MARK: deliver

    private func deliver(
        _ attempt: Attempt, _ end: AttemptEnd, _ charge: Charge, of run: CompletionRun
    ) async throws(WeirError) -> CompletionReply {
        defer { withExtendedLifetime((run.permit, run.slot)) {} }
        let (reply, digest) = await answer(end, charge, attempt, run.call)
        try await settle(attempt, charge, digest, resolution(attempt, run, reply))
        let answer = try reply.get()
        keep(answer, for: run.call)
        return answer
    }

    private func keep(_ reply: CompletionReply, for call: CompletionCall) {
        guard reply.status == 200 else { return }
        let stored = StoredReply(
            status: reply.status, body: reply.body, contentType: reply.contentType)
        parts.cache.keep(stored, for: call, at: parts.time.now())
    }
}
