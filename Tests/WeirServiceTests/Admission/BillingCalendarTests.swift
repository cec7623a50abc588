import Testing
import WeirCore
import WeirService

@Suite struct BillingCalendarTests {
    let calendar = BillingCalendar()

    /// Seconds since 1970 computed apart from Foundation's calendar.
    @Test(arguments: [
        // 2026-04-30 21:00:00 UTC is midnight in Kampala (UTC+3).
        ("Africa/Kampala", 1_777_582_799, "2026-04", "2026-04-30"),
        ("Africa/Kampala", 1_777_582_800, "2026-05", "2026-05-01"),
        ("UTC", 1_777_582_800, "2026-04", "2026-04-30"),
        ("UTC", 1_777_593_599, "2026-04", "2026-04-30"),
        ("UTC", 1_777_593_600, "2026-05", "2026-05-01"),
        // New York is at UTC-4 then; its month begins four hours later.
        ("America/New_York", 1_777_607_999, "2026-04", "2026-04-30"),
        ("America/New_York", 1_777_608_000, "2026-05", "2026-05-01"),
        // Half an hour more, and the date line.
        ("Asia/Kolkata", 1_777_573_800, "2026-05", "2026-05-01"),
        ("Pacific/Kiritimati", 1_777_543_200, "2026-05", "2026-05-01"),
    ])
    func `a moment falls into the zone's own month and day`(
        zone: String, seconds: Int64, period: String, day: String
    ) {
        let date = calendar.date(of: Timestamp(milliseconds: seconds * 1_000), in: zone)
        #expect(date.period.description == period && date.day.description == day)
    }

    @Test func `a day of 23 or 25 hours ends where the zone says`() throws {
        // New York springs forward on 2026-03-08 and falls back on 2026-11-01.
        for (start, hours) in [(1_772_946_000, 23), (1_793_505_600, 25)] as [(Int64, Int64)] {
            let first = calendar.date(
                of: Timestamp(milliseconds: start * 1_000), in: "America/New_York")
            let last = Timestamp(milliseconds: (start + hours * 3_600) * 1_000 - 1)
            #expect(calendar.date(of: last, in: "America/New_York") == first)
            let next = Timestamp(milliseconds: (start + hours * 3_600) * 1_000)
            #expect(calendar.date(of: next, in: "America/New_York").day != first.day)
        }
    }

    @Test func `a period ends where the next begins`() throws {
        let april = try #require(Period("2026-04"))
        let december = try #require(Period("2026-12"))
        #expect(calendar.end(of: april, in: "Africa/Kampala").milliseconds == 1_777_582_800_000)
        let newYear = calendar.end(of: december, in: "UTC")
        #expect(newYear == Timestamp(utcDay: "2027-01-01"))
    }

    @Test(arguments: ["", "Mars/Olympus", "UTC\u{0}", "../etc/passwd"])
    func `an unknown zone is refused`(zone: String) {
        #expect(!BillingCalendar.isKnown(zone))
    }
}
