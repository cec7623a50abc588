import Synchronization
package import WeirCore

/// The tenants' rate limit, asked once for each call before anything of it is held.
///
/// What counts is a call that gets beyond the refusals: it was sent to a provider, or answered out
/// of the cache or by an idempotent replay. A refused call, whatever it is refused for, doesn't.
package final class RateGate: Sendable {
    private let rates: Mutex<TenantRates>

    package init(_ limit: RateLimit) { rates = Mutex(TenantRates(limit: limit)) }

    /// Takes in one call. Throws `rate_limited`, with nothing taken, where it comes too early.
    func admit(_ tenant: TenantID, at now: Timestamp) throws(WeirError) -> RateStanding {
        let (limit, admission) = rates.withLock { ($0.limit, $0.admit(tenant, at: now)) }
        switch admission {
        case .admitted(let standing): return standing
        case .refused(let standing, let wait):
            throw WeirError(
                .rateLimited,
                "Rate limit exceeded for tenant \(tenant): \(limit.perMinute) AI calls a minute, "
                    + "and \(limit.burst) more at once",
                retryAfter: wait.wholeSecondsUp, rate: standing)
        }
    }

    /// The call was refused after all.
    func giveBack(_ tenant: TenantID) { rates.withLock { $0.giveBack(tenant) } }
}

extension Duration {
    /// At least 1: a Retry-After of 0 invites another refusal.
    fileprivate var wholeSecondsUp: Int {
        Int(clamping: max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0)))
    }
}
