package import WeirCore

extension Timestamp {
    /// `2026-04-23T12:34:56.789Z`; the fraction only where there is one.
    package var rfc3339: String {
        let (days, inDay) = milliseconds.flooredDivision(by: 86_400_000)
        let date = civilDate(daysSince1970: days)
        let (seconds, fraction) = (inDay / 1_000, inDay % 1_000)
        let clock =
            "\(padded(seconds / 3_600)):\(padded(seconds / 60 % 60)):\(padded(seconds % 60))"
        let day = "\(padded(date.year, 4))-\(padded(date.month))-\(padded(date.day))"
        return "\(day)T\(clock)\(fraction == 0 ? "" : ".\(padded(fraction, 3))")Z"
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, UTC only. Nil for anything else, also for a leap
    /// second. A fraction is cut to milliseconds.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard (20...40).contains(bytes.count), bytes[bytes.count - 1] == UInt8(ascii: "Z"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"),
            let day = Timestamp(utcDay: String(decoding: bytes[0..<10], as: UTF8.self)),
            let hour = digits(bytes[11..<13]), let minute = digits(bytes[14..<16]),
            let second = digits(bytes[17..<19]), hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            let part = bytes[20..<(bytes.count - 1)]
            guard bytes[19] == UInt8(ascii: "."), !part.isEmpty, digits(part) != nil else {
                return nil
            }
            fraction = digits((Array(part) + [0x30, 0x30])[0..<3]) ?? 0
        }
        let clock = (hour * 60 + minute) * 60 + second
        self.init(milliseconds: day.milliseconds + clock * 1_000 + fraction)
    }
}

/// The proleptic Gregorian date of a day's number, by eras of 400 years that begin on 1 March.
private func civilDate(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
    let yearOfEra =
        (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

private func padded(_ number: Int64, _ width: Int = 2) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}

/// The value of ASCII digits; nil where a byte is none. A fraction may be long, so it saturates.
private func digits(_ bytes: ArraySlice<UInt8>) -> Int64? {
    var value: Int64 = 0
    for byte in bytes {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        if value < 1_000_000_000 { value = value * 10 + Int64(byte - UInt8(ascii: "0")) }
    }
    return value
}
