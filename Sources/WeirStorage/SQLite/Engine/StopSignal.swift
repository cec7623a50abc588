import Synchronization

/// Tells waiting tasks that a number of threads have ended.
final class StopSignal: Sendable {
    private let state: Mutex<State>

    private struct State {
        var running: Int
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(threads: Int) { state = Mutex(State(running: threads)) }

    func send() {
        let waiters = state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.running > 0 { state.waiters.append(continuation) }
                return state.running <= 0
            }
            if isOver { continuation.resume() }
        }
    }
}
