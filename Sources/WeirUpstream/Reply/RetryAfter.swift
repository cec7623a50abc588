import NIOHTTP1
import WeirCore

/// How long a provider asks to be left alone.
enum RetryAfter {
    /// Seconds; what asks for more is taken for this.
    static let longest = 3_600

    /// `retry-after-ms` before `retry-after`, rounded up to seconds, from 0 to the longest; nil
    /// where there is none that can be read. A negative number and a date in the past are 0.
    static func seconds(in headers: HTTPHeaders, now: Timestamp) -> Int? {
        for (name, value) in headers where name.isSameIgnoringCase(as: "retry-after-ms") {
            if let milliseconds = number(value, largest: longest * 1_000) {
                return (milliseconds + 999) / 1_000
            }
        }
        for (name, value) in headers where name.isSameIgnoringCase(as: "retry-after") {
            if let seconds = number(value, largest: longest) { return seconds }
            guard let date = HTTPDate.parse(value) else { continue }
            let (wait, over) = date.milliseconds.subtractingReportingOverflow(now.milliseconds)
            guard !over, wait > 0 else { return 0 }
            return wait > Int64(longest) * 1_000 ? longest : Int((wait + 999) / 1_000)
        }
        return nil
    }

    /// Digits, with a sign before and a fraction behind where there is one; rounded up.
    private static func number(_ text: String, largest: Int) -> Int? {
        var bytes = Array(text.utf8)[...]
        let isNegative = bytes.first == .hyphen
        if isNegative { bytes = bytes.dropFirst() }
        let whole = bytes.prefix(while: \.isDigit)
        var fraction = bytes[whole.endIndex...]
        guard !whole.isEmpty else { return nil }
        if !fraction.isEmpty {
            guard fraction.first == .dot else { return nil }
            fraction = fraction.dropFirst()
            guard !fraction.isEmpty, fraction.allSatisfy(\.isDigit) else { return nil }
        }
        if isNegative { return 0 }
        var value = 0
        for byte in whole {
            // Ten times the largest, which is below 10⁸, is far from an overflow.
            value = min(value * 10 + Int(byte - .zero), largest)
        }
        return min(value + (fraction.contains { $0 != .zero } ? 1 : 0), largest)
    }
}
