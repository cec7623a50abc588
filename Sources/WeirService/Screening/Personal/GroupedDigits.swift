/// Digits in groups, as people write phone numbers: between two groups stand at most two of blank,
/// hyphen, point, slash and brackets.
struct GroupedDigits {
    private(set) var hasPlus = false
    private(set) var opensBracket = false
    private(set) var closesBracket = false
    private(set) var hasHyphen = false
    /// Whether all separators are one and the same character.
    private(set) var isUniform = true
    private(set) var groups: [Range<Int>] = []
    private let text: [UInt8]

    static let largestGroupCount = 8

    init(_ text: [UInt8], at start: Int, end limit: Int) {
        self.text = text
        var position = start
        if position < limit, text[position] == UInt8(ascii: "+") {
            hasPlus = true
            position += 1
        }
        if position < limit, text[position] == UInt8(ascii: "(") {
            opensBracket = true
            position += 1
        }
        while position < limit, groups.count < GroupedDigits.largestGroupCount {
            let groupStart = position
            while position < limit, text[position].isDigit { position += 1 }
            guard position > groupStart else { break }
            groups.append(groupStart..<position)
            let separatorStart = position
            while position < limit, position - separatorStart < 3, isSeparator(text[position]) {
                position += 1
            }
            guard position > separatorStart, position < limit, text[position].isDigit else { break }
            note(separatorStart..<position)
        }
    }

    private mutating func note(_ separators: Range<Int>) {
        let first = text[groups[0].upperBound]
        if groups.count == 1 { closesBracket = first == UInt8(ascii: ")") }
        if separators.count > 1 { isUniform = false }
        for position in separators {
            if text[position] == UInt8(ascii: "-") { hasHyphen = true }
            if text[position] != first { isUniform = false }
        }
    }

    /// The first digits' values, counted over all groups.
    func first(_ index: Int) -> Int? {
        var left = index
        for group in groups {
            if left < group.count { return Int(text[group.lowerBound + left]) - 0x30 }
            left -= group.count
        }
        return nil
    }

    func byte(_ position: Int) -> UInt8 { text[position] }

    /// The end of the first group, if it is a number by itself.
    func firstEnd(digits range: ClosedRange<Int>) -> Int? {
        guard let group = groups.first, range.contains(group.count), isEnd(group.upperBound) else {
            return nil
        }
        return group.upperBound
    }

    /// Where the longest run of whole groups ends that has so many digits. What follows must not
    /// be a letter, nor an amount's or a time's next part.
    func end(digits range: ClosedRange<Int>) -> Int? {
        var count = 0
        var end: Int?
        for group in groups {
            count += group.count
            if range.contains(count), isEnd(group.upperBound) { end = group.upperBound }
        }
        return end
    }

    /// `23.04.2026`, `04/23/26 10.30`: two parts that are a day and a month, then a year.
    var isDate: Bool {
        guard groups.count >= 3, groups[0].count == 2, groups[1].count == 2 else { return false }
        let one = value(groups[0])
        let two = value(groups[1])
        guard (1...31).contains(one), (1...31).contains(two), one <= 12 || two <= 12 else {
            return false
        }
        let year = value(groups[2])
        switch groups[2].count {
        case 4: return (1900...2099).contains(year)
        case 2: return !isUniform
        default: return false
        }
    }

    private func isEnd(_ position: Int) -> Bool {
        guard position < text.count else { return true }
        let next = text[position]
        if next.isLetterOrDigit || next == UInt8(ascii: "_") || next == UInt8(ascii: "@") {
            return false
        }
        guard position + 1 < text.count, text[position + 1].isDigit else { return true }
        return next != UInt8(ascii: ",") && next != UInt8(ascii: ":")
    }

    private func value(_ group: Range<Int>) -> Int {
        text[group].prefix(6).reduce(0) { $0 * 10 + Int($1) - 0x30 }
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"),
            UInt8(ascii: "("), UInt8(ascii: ")"):
            true
        default: false
        }
    }
}
