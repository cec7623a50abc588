import Synchronization
package import WeirCore
import WeirService

/// A clock that stands still until a test moves it.
package final class ManualTime: TimeSource {
    private let moment: Mutex<Timestamp>

    package init(_ start: Timestamp) { moment = Mutex(start) }

    /// 2026-04-15 12:00 UTC: in the middle of a month, and of a day.
    package convenience init() { self.init(Timestamp(milliseconds: 1_776_254_400_000)) }

    package func now() -> Timestamp { moment.withLock { $0 } }

    package func set(_ next: Timestamp) { moment.withLock { $0 = next } }

    /// Nobody waits in tests: the clock moves on at once.
    package func pause(_ time: Duration) async {
        moment.withLock { $0 = $0.advanced(by: time) }
        await Task.yield()
    }

    package func advance(seconds: Int64) {
        moment.withLock { $0 = $0.advanced(seconds: seconds) }
    }
}
