/// Finds cards, addresses, phone numbers and national ids, over bytes, in linear time.
struct PersonalDataScanner: Sendable {
    struct Match: Equatable {
        /// Of bytes.
        let range: Range<Int>
        /// `card`, `email`, `phone` or a pattern's name.
        let name: String
    }

    private let kinds: Set<PersonalDataKind>
    private let patterns: [CompiledIDPattern]
    /// Bytes at which a match may begin, e-mail aside.
    private let starts: [Bool]

    static let largestPatternCount = 32

    init(_ policy: PersonalDataPolicy) throws(PatternError) {
        kinds = policy.kinds
        guard policy.nationalIDPatterns.count <= PersonalDataScanner.largestPatternCount else {
            throw PatternError(
                name: policy.nationalIDPatterns[PersonalDataScanner.largestPatternCount].name,
                reason: "more than \(PersonalDataScanner.largestPatternCount) patterns")
        }
        var patterns: [CompiledIDPattern] = []
        for pattern in policy.nationalIDPatterns { patterns.append(try CompiledIDPattern(pattern)) }
        self.patterns = kinds.contains(.nationalID) ? patterns : []
        let compiled = self.patterns
        let hasNumbers = kinds.contains(.card) || kinds.contains(.phone)
        starts = (0...255).map { byte in
            let byte = UInt8(byte)
            let isNumeric = byte.isDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "(")
            return hasNumbers && isNumeric || compiled.contains { $0.mayBegin(with: byte) }
        }
    }

    /// In the text's order, without overlaps.
    func matches(in text: [UInt8]) -> [Match] {
        let addresses = kinds.contains(.email) ? EmailAddress.ranges(in: text) : []
        var matches: [Match] = []
        var start = 0
        for address in addresses {
            searchNumbers(in: text, start..<address.lowerBound, &matches)
            matches.append(Match(range: address, name: PersonalDataKind.email.rawValue))
            start = address.upperBound
        }
        searchNumbers(in: text, start..<text.count, &matches)
        return matches
    }

    /// The text with `[name]` in the place of each match, nil without one, and all that was found.
    /// A number can come to light when its neighbour goes: it is searched again, a few times.
    func scrub(_ text: [UInt8]) -> (text: [UInt8]?, matches: [Match]) {
        var result: [UInt8]?
        var all: [Match] = []
        for _ in 0..<PersonalDataScanner.largestRoundCount {
            let found = matches(in: result ?? text)
            guard !found.isEmpty else { break }
            result = PersonalDataScanner.replace(found, in: result ?? text)
            all += found
        }
        return (result, all)
    }

    private static let largestRoundCount = 8

    private static func replace(_ matches: [Match], in text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = 0
        for match in matches {
            result.append(contentsOf: text[position..<match.range.lowerBound])
            result.append(contentsOf: "[\(match.name)]".utf8)
            position = match.range.upperBound
        }
        result.append(contentsOf: text[position...])
        return result
    }

    static func count(_ matches: [Match], in tally: inout FindingTally) {
        var counts: [String: Int] = [:]
        for match in matches { counts[match.name, default: 0] += 1 }
        for (name, count) in counts { tally.add("pii." + name, count) }
    }

    private func searchNumbers(in text: [UInt8], _ range: Range<Int>, _ matches: inout [Match]) {
        guard starts.contains(true) else { return }
        var position = range.lowerBound
        while position < range.upperBound {
            guard starts[Int(text[position])] else {
                position += 1
                continue
            }
            if let match = match(in: text, at: position, end: range.upperBound) {
                matches.append(match)
                position = match.range.upperBound
            } else {
                position += 1
            }
        }
    }

    private func match(in text: [UInt8], at position: Int, end: Int) -> Match? {
        let before = position > 0 ? text[position - 1] : 0x20
        if !before.isLetterOrDigit {
            for pattern in patterns {
                if let upper = pattern.end(in: text, at: position, end: end) {
                    return Match(range: position..<upper, name: pattern.name)
                }
            }
        }
        guard !before.isDigit else { return nil }
        if kinds.contains(.card), let upper = CardNumber.end(in: text, at: position, end: end) {
            return Match(range: position..<upper, name: PersonalDataKind.card.rawValue)
        }
        if kinds.contains(.phone), let upper = PhoneNumber.end(in: text, at: position, end: end) {
            return Match(range: position..<upper, name: PersonalDataKind.phone.rawValue)
        }
        return nil
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isLetterOrDigit: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
