import Synchronization
package import WeirCore

/// The limits of tenants, users, features and keys, asked once for each call before anything of it
/// is held.
///
/// What counts is a call that gets beyond the refusals: it was sent to a provider, or answered out
/// of the cache or by an idempotent replay. A refused call, whatever it is refused for, doesn't.
package final class RateGate: Sendable {
    private let policy: Adjustable<LimitPolicy>
    private let book = Mutex(LimitBook())

    package init(_ policy: LimitPolicy) { self.policy = Adjustable(policy) }

    /// Other limits from now on. What was asked for so far, and what is in flight, counts on
    /// against them.
    package func replace(_ policy: LimitPolicy) { self.policy.replace(policy) }

    /// Takes in one call. Throws `rate_limited`, with nothing taken anywhere, where one of its
    /// scopes doesn't admit it.
    ///
    /// - Parameters:
    ///   - tokens: the most that the call can use.
    ///   - countsCall: false where only its tokens count.
    func admit(
        _ call: CompletionCall, of tenant: Tenant, tokens: Int64, countsCall: Bool = true,
        at now: Timestamp
    ) throws(WeirError) -> (permit: CallPermit, standing: CallStanding) {
        var scopes = policy.current.limits(
            of: tenant, user: call.user, feature: call.feature, key: call.caller.key)
        if !countsCall {
            scopes = scopes.filter { $0.limits.tokens != nil }.map(\.ofTokensAlone)
        }
        return try admit(scopes, tokens: tokens, at: now) { "\($0.reason) (tenant \(tenant.id))" }
    }

    /// - Parameter message: what the caller of a refused call is told.
    private func admit(
        _ scopes: [LimitedScope], tokens: Int64, at now: Timestamp,
        _ message: (LimitBook.Refusal) -> String
    ) throws(WeirError) -> (permit: CallPermit, standing: CallStanding) {
        switch book.withLock({ $0.admit(scopes, tokens: tokens, at: now) }) {
        case .admitted(let ticket, let standing): return (CallPermit(self, ticket), standing)
        case .refused(let refusal, let standing):
            throw WeirError(
                .rateLimited, message(refusal),
                retryAfter: refusal.retryAfter.wholeSecondsUp, rate: standing)
        }
    }

    /// Takes in a call that is on its way to an instance.
    ///
    /// - Parameter estimate: its tokens, as far as can be guessed; no more than a minute's are
    ///   taken before it is known what it used.
    package func admit(
        _ call: LimitedCall, estimate: Int64, at now: Timestamp
    ) throws(WeirError) -> (permit: CallPermit, standing: CallStanding) {
        let scopes = policy.current.limits(of: call)
        let most = scopes.compactMap { $0.limits.tokens?.perMinute }.min() ?? 0
        return try admit(scopes, tokens: min(estimate, most), at: now) {
            "\($0.reason) (tenant \(call.tenant))"
        }
    }

    /// Takes in a call that isn't for the AI service: by its key alone.
    func admit(
        to route: String, key: KeyID, at now: Timestamp
    ) throws(WeirError) -> CallPermit {
        let counter = LimitedScope.Counter(tenant: .nobody, scope: .key(key.description))
        let scopes = [LimitedScope(counter: counter, limits: policy.current.key)]
        return try admit(scopes, tokens: 0, at: now) { _ in
            "Too many calls of \(route) by this key"
        }.permit
    }

    fileprivate func end(_ ticket: LimitBook.Ticket, used: Int64, counts: Bool) {
        book.withLock { $0.end(ticket, used: used, counts: counts) }
    }
}

/// One admitted call's place. It ends when nobody holds it any more: its place in flight is free
/// then, and tokens that it was admitted with and hasn't used are given back.
package final class CallPermit: Sendable {
    private let gate: RateGate
    private let ticket: LimitBook.Ticket
    private let state = Mutex(State())

    private struct State {
        var used: Int64 = 0
        var counts = true
    }

    fileprivate init(_ gate: RateGate, _ ticket: LimitBook.Ticket) {
        self.gate = gate
        self.ticket = ticket
    }

    /// So many tokens more were used.
    package func use(_ tokens: Int64) {
        state.withLock { state in
            let (sum, over) = state.used.addingReportingOverflow(max(0, tokens))
            state.used = over ? .max : sum
        }
    }

    /// Nobody will ever know what was used: what was taken stays taken.
    package func keep() { use(ticket.tokens) }

    /// The call goes into a batch: all that it can use counts now, and nothing later.
    func use(_ worst: WorstCase) {
        let (tokens, over) = worst.input.addingReportingOverflow(worst.output)
        state.withLock { $0.used = over ? .max : max(0, tokens) }
    }

    /// The call was refused after all, and doesn't count.
    package func giveBack() { state.withLock { $0.counts = false } }

    deinit {
        let state = state.withLock { $0 }
        gate.end(ticket, used: state.used, counts: state.counts)
    }
}

extension TenantID {
    /// Where counts aren't a tenant's.
    fileprivate static let nobody: TenantID = {
        guard let tenant = TenantID(.max) else { preconditionFailure("every positive id is one") }
        return tenant
    }()
}

extension LimitBook.Refusal {
    fileprivate var reason: String {
        let limits = limits
        switch cause {
        case .calls:
            let (perMinute, burst) = (limits.calls?.perMinute ?? 0, limits.calls?.burst ?? 0)
            return "Rate limit of the \(scope) exceeded: \(perMinute) AI calls a minute, and "
                + "\(burst) more at once"
        case .tokens:
            return "Token limit of the \(scope) exceeded: \(limits.tokens?.perMinute ?? 0) tokens "
                + "a minute"
        case .concurrent:
            return "The \(scope) has as many AI calls in flight as it may have: "
                + "\(limits.concurrent ?? 0)"
        }
    }
}

extension Duration {
    /// At least 1: a Retry-After of 0 invites another refusal.
    var wholeSecondsUp: Int {
        Int(clamping: max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0)))
    }
}
