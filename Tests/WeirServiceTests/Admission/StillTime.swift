import Synchronization
import WeirCore
import WeirService

/// A clock whose waits end when the test says so.
final class StillTime: TimeSource {
    private struct State {
        var now = Timestamp(milliseconds: 0)
        var waiting: [(CheckedContinuation<Void, Never>, Duration)] = []
    }
    private let state = Mutex(State())

    func now() -> Timestamp { state.withLock { $0.now } }

    func pause(_ time: Duration) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting.append((continuation, time)) }
        }
    }

    /// Ends the first wait that somebody begins.
    func pass() async {
        while true {
            let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard !state.waiting.isEmpty else { return nil }
                let (continuation, time) = state.waiting.removeFirst()
                state.now = state.now.advanced(by: time)
                return continuation
            }
            if let next { return next.resume() }
            await Task.yield()
        }
    }
}
