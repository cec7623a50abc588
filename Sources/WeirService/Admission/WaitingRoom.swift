import Synchronization
package import WeirCore

/// Calls that wait for a place, for a bounded time, in an order that is fair to tenants. Nothing is
/// held for a call that waits.
///
/// A place that comes free goes to a waiting call, never past it to one that comes later.
final class WaitingRoom<Place: Sendable>: Sendable {
    /// Nil where no place is free; throws where none will be, whoever waits.
    typealias Take = @Sendable () throws(WeirError) -> Place?

    private let state: Mutex<State>
    private let time: any TimeSource
    private let settings: Adjustable<QueueSettings>

    private struct State {
        var queue: FairQueue
        var waiting: [FairQueue.Ticket: CheckedContinuation<Ending, Never>] = [:]
        /// Whether somebody watches for waits that run out.
        var isWatched = false
    }

    private enum Entry {
        case ends(Ending)
        case waits(FairQueue.Ticket)
    }

    private enum Ending {
        case taken(Place)
        /// There was none in time, or no room to wait for it.
        case missed
        case refused(WeirError)
    }

    init(_ settings: Adjustable<QueueSettings>, time: any TimeSource) {
        state = Mutex(State(queue: FairQueue(settings.current.limits)))
        self.settings = settings
        self.time = time
    }

    /// Calls that wait.
    var count: Int { state.withLock { $0.queue.count } }

    /// Waits until there is a place. `take` is asked once at first where nobody waits, and whoever
    /// calls `serve` takes for the others. Throws what `take` throws, and `overloaded` where too
    /// many wait, or the wait has run out.
    ///
    /// - Parameters:
    ///   - tenant: nil for the calls of no one tenant, which take turns as one.
    ///   - client: whose call waits no longer than the client does.
    func enter(
        _ tenant: TenantID?, _ tier: Tenant.Tier, _ reason: String,
        client: (any ClientConnection)? = nil, _ take: Take
    ) async throws(WeirError) -> Place {
        var hasWaited = false
        let ending = await withCheckedContinuation { continuation in
            let (now, settings) = (time.now(), settings.current)
            // A place that comes free between the two looks finds nobody waiting.
            let entry = state.withLock { state -> Entry in
                if state.queue.count == 0, let ending = WaitingRoom.ending(of: take) {
                    return .ends(ending)
                }
                state.queue.limits = settings.limits
                let weight = settings.weights[tier] ?? 1
                guard let ticket = state.queue.join(tenant, weight: weight, at: now) else {
                    return .ends(.missed)
                }
                state.waiting[ticket] = continuation
                return .waits(ticket)
            }
            switch entry {
            case .ends(let ending): continuation.resume(returning: ending)
            case .waits(let ticket):
                hasWaited = true
                watch()
                client?.onLeaving { self.leave(ticket) }
            }
        }
        if hasWaited { client?.onLeaving(nil) }
        switch ending {
        case .taken(let place): return place
        case .refused(let error): throw error
        case .missed:
            let wait = state.withLock { $0.queue.expectedWait(tenant, at: time.now()) }
            throw WeirError(.overloaded, reason, retryAfter: wait.wholeSecondsUp)
        }
    }

    /// A place may be free: `take` is asked as long as somebody waits and it says that there is
    /// one. Where it throws nobody waits any more.
    func serve(_ take: Take) {
        let now = time.now()
        let ended = state.withLock { state in
            var ended: [(CheckedContinuation<Ending, Never>, Ending)] = []
            while state.queue.count > 0, let ending = WaitingRoom.ending(of: take) {
                if case .refused = ending {
                    ended += state.waiting.values.map { ($0, ending) }
                    state.waiting = [:]
                    state.queue.removeAll()
                } else if let ticket = state.queue.next(at: now),
                    let continuation = state.waiting.removeValue(forKey: ticket)
                {
                    ended.append((continuation, ending))
                } else {
                    preconditionFailure("Somebody waits and has no ticket")
                }
            }
            return ended
        }
        for (continuation, ending) in ended { continuation.resume(returning: ending) }
    }

    /// Nil where there is no place yet.
    private static func ending(of take: Take) -> Ending? {
        do throws(WeirError) {
            return try take().map { .taken($0) }
        } catch {
            return .refused(error)
        }
    }

    private func leave(_ ticket: FairQueue.Ticket) {
        let continuation = state.withLock { state in
            state.queue.leave(ticket)
            return state.waiting.removeValue(forKey: ticket)
        }
        continuation?.resume(returning: .missed)
    }

    /// One timer for all, as long as somebody waits.
    private func watch() {
        let begins = state.withLock { state in
            defer { state.isWatched = true }
            return !state.isWatched
        }
        guard begins else { return }
        // Unstructured: it belongs to no one call, and ends when nobody waits any more.
        Task {
            while let deadline = nextDeadline() {
                let (wait, over) = deadline.milliseconds
                    .subtractingReportingOverflow(time.now().milliseconds)
                if !over, wait > 0 { await time.pause(.milliseconds(wait)) }
                expire()
            }
        }
    }

    private func nextDeadline() -> Timestamp? {
        state.withLock { state in
            let deadline = state.queue.nextDeadline
            if deadline == nil { state.isWatched = false }
            return deadline
        }
    }

    private func expire() {
        let now = time.now()
        let late = state.withLock { state in
            state.queue.expire(at: now).compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for continuation in late { continuation.resume(returning: .missed) }
    }
}

/// How calls wait where places are scarce.
package struct QueueSettings: Sendable, Equatable {
    package var limits = FairQueue.Limits()
    /// A tenant's share against others', by tier; from 1 to 1,000.
    package var weights: [Tenant.Tier: Int] = [.starter: 1, .growth: 2, .enterprise: 4]

    package init() {}
}
