import Synchronization
import WeirCore

/// Why a stream of events ends.
package enum EventStreamEnd: Sendable, Equatable {
    /// The process ends; another one goes on.
    case draining
    /// The key that opened it has been revoked, or has run out.
    case revoked
    /// The subscriber didn't take what it was given.
    case slow
    /// The outbox can't be read.
    case failed
    /// The subscriber has left.
    case left
}

/// One stream, as the feed sees it: who waits there, and since when.
final class EventSubscription: Sendable {
    let number: Int64
    let audience: EventAudience
    let caller: Caller
    /// Whether the caller's key is one of this process's own.
    let hasKey: Bool
    private let state: Mutex<State>

    private struct State {
        /// Something may be there that wasn't read.
        var isRung = true
        /// When something was handed over last.
        var handedAt: Timestamp
        /// Whether the subscriber still has that in its hands.
        var isBusy = false
        var end: EventStreamEnd?
        var waiter: CheckedContinuation<Void, Never>?
        var onCut: (@Sendable () -> Void)?

        func isSilent(at now: Timestamp, _ settings: EventSettings) -> Bool {
            handedAt.advanced(by: settings.keepAlive) <= now
        }
    }

    init(
        number: Int64, audience: EventAudience, caller: Caller, hasKey: Bool, at now: Timestamp
    ) {
        self.number = number
        self.audience = audience
        self.caller = caller
        self.hasKey = hasKey
        state = Mutex(State(handedAt: now))
    }

    var ending: EventStreamEnd? { state.withLock { $0.end } }

    /// Something may be there, or something has to be said.
    func ring() { wake { $0.isRung = true } }

    /// The first reason stays. Whoever has left needn't be cut any more.
    func end(_ reason: EventStreamEnd) {
        wake { state in
            state.end = state.end ?? reason
            if reason == .left { state.onCut = nil }
        }
    }

    /// - Parameter cut: is called at most once, where the subscriber is too slow.
    func onCut(_ cut: @escaping @Sendable () -> Void) {
        state.withLock { $0.onCut = cut }
    }

    func tick(_ now: Timestamp, _ settings: EventSettings) {
        let cut = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.isBusy, state.handedAt.advanced(by: settings.stall) <= now else {
                return nil
            }
            state.end = state.end ?? .slow
            defer { state.onCut = nil }
            return state.onCut
        }
        cut?()
        wake { state in
            if !state.isBusy, state.isSilent(at: now, settings) { state.isRung = true }
        }
    }

    /// Whether nothing has been said for so long that something has to be.
    func isSilent(at now: Timestamp, _ settings: EventSettings) -> Bool {
        state.withLock { $0.isSilent(at: now, settings) }
    }

    /// The subscriber has taken what it was given.
    func take() { state.withLock { $0.isBusy = false } }

    /// Waits until there is a reason to look into the outbox, or to end.
    func wait() async {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.isRung || state.end != nil { return true }
                state.waiter = continuation
                return false
            }
            if goesOn { continuation.resume() }
        }
        state.withLock { $0.isRung = false }
    }

    /// From now on the subscriber has something in its hands.
    func hand(at now: Timestamp) {
        state.withLock { state in
            state.handedAt = now
            state.isBusy = true
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state)
            guard state.isRung || state.end != nil else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
