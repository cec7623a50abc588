/// Payment card numbers: a known issuer's digits and length, a right check digit (Luhn, ISO/IEC
/// 7812), in one run or in the groups that cards are printed in.
enum CardNumber {
    /// The end of a card number that begins at `start`, which no digit precedes.
    static func end(in text: [UInt8], at start: Int, end limit: Int) -> Int? {
        guard text[start].isDigit, !isFraction(text, start) else { return nil }
        var digits = Digits()
        var position = digits.read(text, from: start, end: limit)
        switch digits.count {
        case 4: break
        case 13...19: return isCard(digits) ? position : nil
        default: return nil
        }
        var groups = [4]
        var best: Int?
        while groups.count < 5, position + 1 < limit, text[position + 1].isDigit,
            text[position] == UInt8(ascii: " ") || text[position] == UInt8(ascii: "-"),
            text[position] == text[start + 4]
        {
            let before = digits.count
            position = digits.read(text, from: position + 1, end: limit)
            groups.append(digits.count - before)
            guard groups.count > 2 || groups[1] == 4 || groups[1] == 6 else { break }
            if hasCardShape(groups), isCard(digits) { best = position }
        }
        return best
    }

    /// At most 19 digits fit a word; a twentieth only counts.
    private struct Digits {
        var value: UInt64 = 0
        var count = 0

        /// The end of the digits that begin at `start`, or of the twentieth.
        mutating func read(_ text: [UInt8], from start: Int, end limit: Int) -> Int {
            var position = start
            while position < limit, text[position].isDigit, count < 20 {
                if count < 19 { value = value * 10 + UInt64(text[position] - UInt8(ascii: "0")) }
                count += 1
                position += 1
            }
            return position
        }
    }

    /// `0.4111…`: digits behind a decimal point.
    private static func isFraction(_ text: [UInt8], _ start: Int) -> Bool {
        start >= 2 && text[start - 2].isDigit
            && (text[start - 1] == UInt8(ascii: ".") || text[start - 1] == UInt8(ascii: ","))
    }

    private static func hasCardShape(_ groups: [Int]) -> Bool {
        switch groups.count {
        case 1: true
        case 3: groups[0] == 4 && groups[1] == 6 && (4...5).contains(groups[2])
        case 4: groups == [4, 4, 4, 4]
        case 5: groups[0..<4] == [4, 4, 4, 4] && groups[4] <= 3
        default: false
        }
    }

    private static func isCard(_ digits: Digits) -> Bool {
        guard (13...19).contains(digits.count) else { return false }
        return isIssued(digits) && passesLuhn(digits.value)
    }

    /// Whether an issuer's range has cards of this length.
    private static func isIssued(_ digits: Digits) -> Bool {
        var four = digits.value
        while four > 9999 { four /= 10 }
        let count = digits.count
        // A leading zero makes the value shorter than the number: no issuer has one.
        guard digits.value >= powers[count - 1] else { return false }
        switch four {
        case 4000...4999: return count == 13 || count == 16 || count == 19
        case 5100...5599, 2221...2720: return count == 16
        case 3400...3499, 3700...3799: return count == 15
        case 3000...3099, 3600...3699, 3800...3999: return count == 14 || count >= 16
        case 3500...3599, 2200...2204, 8100...8299, 9792: return count >= 16
        case 5000...5099, 5600...6999: return count >= 13
        default: return false
        }
    }

    /// Every second digit from the right doubled, digits summed: a multiple of ten.
    static func passesLuhn(_ number: UInt64) -> Bool {
        var rest = number
        var sum: UInt64 = 0
        var isDoubled = false
        while rest > 0 {
            let digit = rest % 10
            let doubled = digit * 2
            sum += !isDoubled ? digit : doubled > 9 ? doubled - 9 : doubled
            isDoubled.toggle()
            rest /= 10
        }
        return sum % 10 == 0
    }

    private static let powers: [UInt64] = (0..<19).reduce(into: [1]) { powers, _ in
        powers.append(powers[powers.count - 1] * 10)
    }
}
