/// Phone numbers, by rules that would rather miss one than take an amount, a date or an order
/// number for one: `+` and a country; a leading 0; North America's 3-3-4; an area in brackets.
enum PhoneNumber {
    /// The end of a phone number that begins at `start`, which no digit precedes.
    static func end(in text: [UInt8], at start: Int, end limit: Int) -> Int? {
        let before = start > 0 ? text[start - 1] : 0x20
        guard !before.isLetterOrDigit, !isJoined(before), mayBegin(text, start, limit) else {
            return nil
        }
        let number = GroupedDigits(text, at: start, end: limit)
        if number.hasPlus { return number.end(digits: 8...15) }
        guard !number.isDate, number.groups.count > 0 else { return nil }
        if number.opensBracket { return bracketed(number) }
        if let end = northAmerican(number) { return end }
        guard number.first(0) == 0, let second = number.first(1) else { return nil }
        return second == 0 ? international(number, text, start) : national(number, text, start)
    }

    /// `00256 772 123 456`.
    private static func international(
        _ number: GroupedDigits, _ text: [UInt8], _ start: Int
    ) -> Int? {
        guard let third = number.first(2), third != 0 else { return nil }
        if let end = number.firstEnd(digits: 12...15) { return end }
        guard number.groups.count > 1, !isBehindDigit(text, start) else { return nil }
        return number.end(digits: 11...15)
    }

    /// `0772 123 456`.
    private static func national(
        _ number: GroupedDigits, _ text: [UInt8], _ start: Int
    ) -> Int? {
        guard number.groups[0].count >= 2 else { return nil }
        if let end = number.firstEnd(digits: 10...11) { return end }
        // Behind a digit and a blank, groups are the rest of an amount, an IBAN or a list.
        guard number.groups.count > 1, !isBehindDigit(text, start) else { return nil }
        // Pairs alone are a French number or a list.
        if number.groups.allSatisfy({ $0.count <= 2 }) {
            return number.groups.count == 5 ? number.end(digits: 10...10) : nil
        }
        return number.end(digits: 9...12)
    }

    /// Behind these, digits are the rest of an amount, an id or a path.
    private static func isJoined(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "/"),
            UInt8(ascii: "_"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "+"):
            true
        default: false
        }
    }

    private static func isBehindDigit(_ text: [UInt8], _ start: Int) -> Bool {
        start >= 2 && text[start - 1] == UInt8(ascii: " ") && text[start - 2].isDigit
    }

    /// A cheap look at the first bytes, which most numbers don't pass.
    private static func mayBegin(_ text: [UInt8], _ start: Int, _ limit: Int) -> Bool {
        guard start + 7 <= limit else { return false }
        switch text[start] {
        case UInt8(ascii: "+"), UInt8(ascii: "("):
            return text[start + 1].isDigit || text[start + 1] == UInt8(ascii: "(")
        case UInt8(ascii: "0"): return text[start + 1].isDigit
        case UInt8(ascii: "1"): return !text[start + 1].isDigit && text[start + 2].isDigit
        default:
            return text[start + 1].isDigit && text[start + 2].isDigit && !text[start + 3].isDigit
        }
    }

    /// `(020) 7946 0958`, `(11) 91234-5678`, `(415) 555-0132`.
    private static func bracketed(_ number: GroupedDigits) -> Int? {
        guard (2...5).contains(number.groups[0].count), number.groups.count >= 2,
            number.closesBracket
        else { return nil }
        let isTrunk = number.first(0) == 0
        guard isTrunk || number.hasHyphen else { return nil }
        return number.end(digits: 9...12)
    }

    /// `415-555-0132`, `1-800-555-0199`: area and exchange begin with 2 to 9.
    private static func northAmerican(_ number: GroupedDigits) -> Int? {
        var groups = number.groups[...]
        if groups.first?.count == 1, number.first(0) == 1 { groups = groups.dropFirst() }
        guard groups.count >= 3 else { return nil }
        let three = Array(groups.prefix(3))
        guard three.map(\.count) == [3, 3, 4], number.isUniform,
            number.byte(three[0].lowerBound) >= UInt8(ascii: "2"),
            number.byte(three[1].lowerBound) >= UInt8(ascii: "2")
        else { return nil }
        return three[2].upperBound
    }
}
