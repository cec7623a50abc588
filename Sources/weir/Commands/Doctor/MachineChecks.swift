import Foundation
import WeirCore
import WeirService

/// Clock, time zones and limits of the machine.
enum MachineChecks {
    static func all() -> [Finding] { [clock(), zones(), openFiles()] }

    private static func clock() -> Finding {
        let start = ContinuousClock.now
        let now = SystemTime().now()
        let text = now.rfc3339
        let remedy = "set the clock, best by NTP: months, keys and attempt ids follow it"
        guard let first = Timestamp(utcDay: "2025-01-01"), now >= first,
            let last = Timestamp(utcDay: "2094-01-01"), now < last
        else { return .fail("clock", "it is \(text)", remedy) }
        guard ContinuousClock.now >= start else {
            return .fail("clock", "the monotonic clock went back", remedy)
        }
        return .ok("clock", text)
    }

    private static func zones() -> Finding {
        guard BillingCalendar.isKnown("Africa/Kampala"), BillingCalendar.isKnown("Asia/Tokyo")
        else {
            return .fail(
                "time zones", "there is no time zone data",
                "install tzdata: tenants' months follow their time zones")
        }
        return .ok("time zones", "present")
    }

    private static func openFiles() -> Finding {
        guard let count = OpenFiles.limit else {
            return .warn("open files", "the limit can't be read", "")
        }
        let text = count > 1 << 40 ? "unlimited" : "limit \(count)"
        let remedy = "ulimit -n 4096, or LimitNOFILE= of the unit: a call in flight takes two"
        if count < 256 { return .fail("open files", text, remedy) }
        return count < 4_096
            ? .warn("open files", text, remedy) : .ok("open files", text)
    }
}
