/// A point in wall time: milliseconds since 1970-01-01 00:00 UTC.
package struct Timestamp: Sendable, Hashable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    package func advanced(seconds: Int64) -> Timestamp {
        let (delta, over) = seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, more) = milliseconds.addingReportingOverflow(delta)
        return over || more ? Timestamp(milliseconds: .max) : Timestamp(milliseconds: sum)
    }
}

/// A billing month in the tenant's time zone, `2026-04`. Part of every budget's key, so that no
/// job ever has to reset a counter.
package struct Period: Sendable, Hashable, Comparable {
    /// year × 12 + month − 1
    package let months: Int32

    package init?(year: Int, month: Int) {
        guard (1970...9999).contains(year), (1...12).contains(month) else { return nil }
        months = Int32(year * 12 + month - 1)
    }

    /// Reads exactly `YYYY-MM`.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 7, bytes[4] == UInt8(ascii: "-") else { return nil }
        guard let year = digits(bytes[0..<4]), let month = digits(bytes[5..<7]) else { return nil }
        self.init(year: year, month: month)
    }

    package var year: Int { Int(months) / 12 }
    package var month: Int { Int(months) % 12 + 1 }

    package static func < (left: Period, right: Period) -> Bool { left.months < right.months }
}

extension Period: CustomStringConvertible {
    package var description: String { "\(year)-\(month < 10 ? "0" : "")\(month)" }
}

/// A calendar day in the tenant's time zone: year × 10,000 + month × 100 + day, as in 20260423.
package struct Day: Sendable, Hashable, CustomStringConvertible {
    package let number: Int32

    package init(number: Int32) { self.number = number }

    /// `2026-04-23`
    package var description: String {
        let month = number / 100 % 100
        let day = number % 100
        return "\(number / 10_000)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }
}

/// Where a moment falls in a tenant's own calendar.
package struct BillingDate: Sendable, Hashable {
    package let period: Period
    package let day: Day

    package init(period: Period, day: Day) {
        self.period = period
        self.day = day
    }
}

private func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for byte in bytes {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value
}

extension Timestamp {
    /// Midnight UTC of exactly `YYYY-MM-DD`; nil for a day that no calendar has.
    package init?(utcDay text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = digits(bytes[0..<4]), let month = digits(bytes[5..<7]),
            let day = digits(bytes[8..<10]), year >= 1970, (1...12).contains(month)
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[month - 1]).contains(day) else { return nil }
        let before = year - 1
        let leapDays = before / 4 - before / 100 + before / 400
        let days = before * 365 + leapDays + lengths[..<(month - 1)].reduce(0, +) + day - 1
        self.init(milliseconds: Int64(days - 719_162) * 86_400_000)
    }
}
