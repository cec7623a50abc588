import Foundation
import Synchronization
package import WeirCore

/// Says on which day and in which month a moment falls in a tenant's time zone (IANA names).
///
/// A zone's current day is computed once and then compared as two integers, since every call asks.
package final class BillingCalendar: Sendable {
    private struct Span {
        let start: Int64
        let end: Int64
        let date: BillingDate
    }
    private let spans = Mutex<[String: Span]>([:])

    package init() {}

    package static func isKnown(_ zone: String) -> Bool {
        zone.utf8.count <= 64 && Slug(zone) != nil && TimeZone(identifier: zone) != nil
    }

    /// The date of a moment; UTC where the zone is unknown (refused at configuration).
    package func date(of moment: Timestamp, in zone: String) -> BillingDate {
        let known = spans.withLock { $0[zone] }
        if let known, known.start <= moment.milliseconds, moment.milliseconds < known.end {
            return known.date
        }
        let span = BillingCalendar.span(of: moment, in: zone)
        spans.withLock { $0[zone] = span }
        return span.date
    }

    /// The first moment of a month: where the month before it ends.
    package func start(of period: Period, in zone: String) -> Timestamp {
        let calendar = BillingCalendar.calendar(zone)
        let date = calendar.date(
            from: DateComponents(year: period.year, month: period.month, day: 1))
        return Timestamp(milliseconds: Int64((date?.timeIntervalSince1970 ?? 0) * 1_000))
    }

    /// The first moment after a month.
    package func end(of period: Period, in zone: String) -> Timestamp {
        let month = period.month == 12 ? 1 : period.month + 1
        let year = period.month == 12 ? period.year + 1 : period.year
        guard let next = Period(year: year, month: month) else {
            return Timestamp(milliseconds: .max)
        }
        return start(of: next, in: zone)
    }

    private static func span(of moment: Timestamp, in zone: String) -> Span {
        let calendar = calendar(zone)
        let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1_000)
        let parts = calendar.dateComponents([.year, .month, .day], from: date)
        let start = calendar.startOfDay(for: date)
        let end = calendar.date(byAdding: .day, value: 1, to: start) ?? date
        let (year, month, day) = (parts.year ?? 1970, parts.month ?? 1, parts.day ?? 1)
        let period = Period(year: year, month: month) ?? .unix
        return Span(
            start: Int64(start.timeIntervalSince1970 * 1_000),
            end: Int64(calendar.startOfDay(for: end).timeIntervalSince1970 * 1_000),
            date: BillingDate(
                period: period,
                day: Day(number: Int32(clamping: year * 10_000 + month * 100 + day))))
    }

    private static func calendar(_ zone: String) -> Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
        return calendar
    }
}

extension Period {
    /// 1970-01.
    fileprivate static let unix: Period = {
        guard let period = Period(year: 1970, month: 1) else {
            preconditionFailure("1970-01 is a month")
        }
        return period
    }()
}
