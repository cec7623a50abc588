import Synchronization
package import WeirCore

/// What is asked before anything goes to a provider: its breaker, and its bound of calls in flight.
package final class ProviderGate: Sendable {
    private let traffic: Mutex<ProviderTraffic>
    /// By provider, since somebody first waited there.
    private let rooms = Mutex<[ProviderName: WaitingRoom<Void>]>([:])
    private let dice: @Sendable () -> UInt64

    package init(_ traffic: ProviderTraffic, dice: @escaping @Sendable () -> UInt64) {
        self.traffic = Mutex(traffic)
        self.dice = dice
    }

    /// Takes a place at the route's provider. Throws 503 with the time after which another try
    /// makes sense.
    func admit(_ route: Route, at now: Timestamp) throws(WeirError) -> RoutePass {
        // Who comes later doesn't go past those who wait.
        if rooms.withLock({ $0[route.provider] })?.count ?? 0 > 0 { throw .full }
        let admission = traffic.withLock {
            $0.admit(route.provider, route.model, at: now, dice: dice())
        }
        return try pass(admission)
    }

    /// Waits for a place at the route's provider, in an order that is fair to tenants. Throws 503
    /// where none comes free in time, or its breaker has opened.
    func wait(
        for route: Route, _ tenant: Tenant, _ queue: Adjustable<QueueSettings>,
        time: any TimeSource
    ) async throws(WeirError) -> RoutePass {
        let provider = route.provider
        let room = rooms.withLock { rooms in
            let room = rooms[provider] ?? WaitingRoom(queue, time: time)
            rooms[provider] = room
            return room
        }
        try await room.enter(tenant.id, tenant.tier, WeirError.full.message) { reserve(provider) }
        let now = time.now()
        do {
            return try pass(
                traffic.withLock {
                    $0.admitReserved(provider, route.model, at: now, dice: dice())
                })
        } catch {
            room.serve { reserve(provider) }
            throw error
        }
    }

    /// Nil where it is full.
    private func reserve(_ provider: ProviderName) -> Void? {
        traffic.withLock { $0.reserve(provider) } ? () : nil
    }

    private func pass(_ admission: ProviderTraffic.Admission) throws(WeirError) -> RoutePass {
        switch admission {
        case .admitted(let permit): return RoutePass(gate: self, permit: permit)
        case .full: throw .full
        case .broken(let seconds):
            throw WeirError(
                .providerUnavailable, "The AI provider has failed and is left alone",
                retryAfter: seconds)
        }
    }

    /// Every provider as it is now.
    package func snapshots(at now: Timestamp) -> [ProviderSnapshot] {
        traffic.withLock { $0.snapshots(at: now) }
    }

    func takeChanges() -> [CircuitBreakers.Change] { traffic.withLock { $0.takeChanges() } }

    fileprivate func record(
        _ outcome: BreakerOutcome, _ permit: ProviderTraffic.Permit, _ now: Timestamp
    ) {
        traffic.withLock { $0.record(outcome, of: permit, at: now) }
    }

    fileprivate func end(_ permit: ProviderTraffic.Permit, _ now: Timestamp) {
        traffic.withLock { $0.end(permit, at: now) }
        let provider = permit.key.provider
        rooms.withLock { $0[provider] }?.serve { reserve(provider) }
    }
}

/// One call's place at a provider; ended once, whatever happens.
struct RoutePass: Sendable {
    fileprivate let gate: ProviderGate
    fileprivate let permit: ProviderTraffic.Permit

    /// Tells the breaker how it went.
    func record(_ ending: AttemptEnding, at now: Timestamp) {
        gate.record(ending.outcome, permit, now)
    }

    /// A stream has begun. Where the breaker waits for this call it is told at once: others needn't
    /// wait for the stream's end. Else only its end counts, once.
    func recordFirstToken(at now: Timestamp) {
        if permit.isProbe { record(.answered, at: now) }
    }

    /// Gives the place back.
    func end(at now: Timestamp) { gate.end(permit, now) }
}

extension WeirError {
    fileprivate static let full = WeirError(
        .overloaded, "The AI provider has as many calls as it may have", retryAfter: 1)
}
