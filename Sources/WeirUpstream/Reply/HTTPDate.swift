import WeirCore

/// RFC 9110's IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`: always 29 bytes.
enum HTTPDate {
    static func parse(_ text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, isWeekday(bytes[0..<3]) else { return nil }
        guard bytes[3] == .comma, bytes[19] == .colon, bytes[22] == .colon else { return nil }
        guard [4, 7, 11, 16, 25].allSatisfy({ bytes[$0] == .space }) else { return nil }
        guard Array(bytes[26..<29]) == Array("GMT".utf8) else { return nil }
        guard let day = number(bytes[5..<7]), let month = month(bytes[8..<11]),
            let year = number(bytes[12..<16]), let hour = number(bytes[17..<19]),
            let minute = number(bytes[20..<22]), let second = number(bytes[23..<25])
        else { return nil }
        guard year >= 1970, (1...length(of: month, in: year)).contains(day) else { return nil }
        // A leap second is a valid 60.
        guard hour < 24, minute < 60, second <= 60 else { return nil }
        let seconds = days(year: year, month: month, day: day) * 86_400
        return Timestamp(
            milliseconds: Int64(seconds + hour * 3_600 + minute * 60 + second) * 1_000)
    }

    /// Days since 1970-01-01 in the Gregorian calendar; the year has at most four digits.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        // Years that begin in March put the leap day at their end.
        let shifted = month > 2 ? year : year - 1
        let monthsSinceMarch = (month + 9) % 12
        let yearDays = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400
        return yearDays + (monthsSinceMarch * 153 + 2) / 5 + day - 1 - 719_468
    }

    private static func length(of month: Int, in year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.allSatisfy(\.isDigit) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - .zero) }
    }

    private static func month(_ bytes: ArraySlice<UInt8>) -> Int? {
        let names = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        return names.firstIndex { bytes.elementsEqual($0.utf8) }.map { $0 + 1 }
    }

    private static func isWeekday(_ bytes: ArraySlice<UInt8>) -> Bool {
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains {
            bytes.elementsEqual($0.utf8)
        }
    }
}
