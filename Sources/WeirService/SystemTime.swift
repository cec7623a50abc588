import Foundation
package import WeirCore

/// The machine's own clock.
package struct SystemTime: TimeSource {
    package init() {}

    package func now() -> Timestamp {
        var moment = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &moment)
        return Timestamp(
            milliseconds: Int64(moment.tv_sec) * 1_000 + Int64(moment.tv_nsec) / 1_000_000)
    }

    package func pause(_ time: Duration) async {
        // A wait that is cut short does no harm: who waits comes back sooner.
        try? await Task.sleep(for: time)
    }
}
