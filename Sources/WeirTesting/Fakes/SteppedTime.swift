import Synchronization
package import WeirCore
import WeirService

/// A clock that a test moves on: who waits goes on when the test has come that far.
package final class SteppedTime: TimeSource {
    private struct State {
        var now: Timestamp
        var last: UInt64 = 0
        var sleepers: [UInt64: (until: Timestamp, continuation: CheckedContinuation<Void, Never>)] =
            [:]
        /// Cancelled before they slept.
        var cancelled: Set<UInt64> = []
    }
    private let state: Mutex<State>

    package init(_ start: Timestamp = ManualTime().now()) { state = Mutex(State(now: start)) }

    package func now() -> Timestamp { state.withLock { $0.now } }

    package func pause(_ time: Duration) async {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard state.cancelled.remove(number) == nil, time > .zero else { return true }
                    state.sleepers[number] = (state.now.advanced(by: time), continuation)
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume()
        }
        state.withLock { _ = $0.cancelled.remove(number) }
    }

    /// Moves on, and lets those go on whose time has come, in its order.
    package func advance(by time: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: time)
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.sorted { ($0.value.until, $0.key) < ($1.value.until, $1.key) }
        }
        for sleeper in due { sleeper.value.continuation.resume() }
    }
}
