import Synchronization
package import WeirCore

/// Calls that wait for a place, for a bounded time, in an order that is fair to tenants. Nothing is
/// held for a call that waits.
///
/// A place that comes free goes to a waiting call, never past it to one that comes later.
final class WaitingRoom: Sendable {
    private let state: Mutex<State>
    private let time: any TimeSource
    private let settings: Adjustable<QueueSettings>

    private struct State {
        var queue: FairQueue
        var waiting: [FairQueue.Ticket: CheckedContinuation<Bool, Never>] = [:]
        /// Whether somebody watches for waits that run out.
        var isWatched = false
    }

    private enum Entry {
        case taken, waits, refused(Duration)
    }

    init(_ settings: Adjustable<QueueSettings>, time: any TimeSource) {
        state = Mutex(State(queue: FairQueue(settings.current.limits)))
        self.settings = settings
        self.time = time
    }

    var isEmpty: Bool { state.withLock { $0.queue.count == 0 } }

    /// Waits until there is a place. `take` is asked once at first where nobody waits, and whoever
    /// calls `leave` takes for the others. Throws `overloaded` where too many wait, or the wait has
    /// run out.
    func enter(
        _ tenant: Tenant, _ reason: String, _ take: @Sendable () -> Bool
    ) async throws(WeirError) {
        // A place that comes free between the two looks finds nobody waiting.
        var refusal: Duration?
        let isIn = await withCheckedContinuation { continuation in
            let (now, settings) = (time.now(), settings.current)
            let entry = state.withLock { state -> Entry in
                if state.queue.count == 0, take() { return .taken }
                state.queue.limits = settings.limits
                let weight = settings.weights[tenant.tier] ?? 1
                guard let ticket = state.queue.join(tenant.id, weight: weight, at: now) else {
                    return .refused(state.queue.expectedWait(tenant.id, at: now))
                }
                state.waiting[ticket] = continuation
                return .waits
            }
            switch entry {
            case .taken: continuation.resume(returning: true)
            case .waits: watch()
            case .refused(let wait):
                refusal = wait
                continuation.resume(returning: false)
            }
        }
        guard !isIn else { return }
        let wait = refusal ?? state.withLock { $0.queue.expectedWait(tenant.id, at: time.now()) }
        throw WeirError(.overloaded, reason, retryAfter: wait.wholeSecondsUp)
    }

    /// A place may be free: `take` is asked as long as somebody waits and it says that there is
    /// one.
    func serve(_ take: @Sendable () -> Bool) {
        let now = time.now()
        let next = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            var next: [CheckedContinuation<Bool, Never>] = []
            while state.queue.count > 0, take() {
                guard let ticket = state.queue.next(at: now),
                    let continuation = state.waiting.removeValue(forKey: ticket)
                else { break }
                next.append(continuation)
            }
            return next
        }
        for continuation in next { continuation.resume(returning: true) }
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
        for continuation in late { continuation.resume(returning: false) }
    }
}

/// How calls wait where places are scarce.
package struct QueueSettings: Sendable, Equatable {
    package var limits = FairQueue.Limits()
    /// A tenant's share against others', by tier; from 1 to 1,000.
    package var weights: [Tenant.Tier: Int] = [.starter: 1, .growth: 2, .enterprise: 4]

    package init() {}
}
