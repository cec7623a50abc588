/// A national id's pattern, ready to match.
///
/// `9` is a digit, `A` a letter, `X` either; `\` takes the next character as it is, every other
/// character stands for itself, letters in either case. `{n}`, `{n,m}` and `?` repeat what is
/// before them. No alternatives, no nesting: a match looks at 63 bytes at most.
struct CompiledIDPattern: Sendable {
    let name: String
    /// Bit `n` is the pattern's place `n`: which places a byte fits, which may be left out.
    private let masks: [UInt64]
    private let optional: UInt64
    private let length: Int

    private enum Class: Sendable {
        case digit, letter, either
        /// Lower case.
        case literal(UInt8)

        func contains(_ byte: UInt8) -> Bool {
            switch self {
            case .digit: byte.isDigit
            case .letter: byte.isLetterOrDigit && !byte.isDigit
            case .either: byte.isLetterOrDigit
            case .literal(let literal): literal == lower(byte)
            }
        }
    }

    /// One bit less than a word has: the last one says that all is matched.
    static let largestLength = 63
    /// Fewer certain digits would take words for ids.
    static let fewestDigits = 4

    init(_ source: NationalIDPattern) throws(PatternError) {
        func refuse(_ reason: String) -> PatternError {
            PatternError(name: source.name, reason: reason)
        }
        guard (1...32).contains(source.name.utf8.count),
            source.name.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || isLowerLetter($0) })
        else { throw refuse("a name has 1 to 32 characters, a to z and _") }
        var reader = PatternReader(Array(source.pattern.utf8))
        var masks: [UInt64] = Array(repeating: 0, count: 256)
        var optional: UInt64 = 0
        var length = 0
        var digits = 0
        while let (character, isEscaped) = try reader.character(refuse) {
            let accepts: Class =
                switch character {
                case UInt8(ascii: "9") where !isEscaped: .digit
                case UInt8(ascii: "A") where !isEscaped: .letter
                case UInt8(ascii: "X") where !isEscaped: .either
                default: .literal(lower(character))
                }
            let count = try reader.count(refuse)
            if case .digit = accepts { digits += count.lowerBound }
            guard length + count.upperBound <= CompiledIDPattern.largestLength else {
                throw refuse("longer than \(CompiledIDPattern.largestLength) characters")
            }
            for number in 0..<count.upperBound {
                for byte in 0..<128 where accepts.contains(UInt8(byte)) {
                    masks[byte] |= 1 << UInt64(length)
                }
                if number >= count.lowerBound { optional |= 1 << UInt64(length) }
                length += 1
            }
        }
        guard digits >= CompiledIDPattern.fewestDigits else {
            throw refuse("fewer than \(CompiledIDPattern.fewestDigits) digits (9) are certain")
        }
        name = source.name
        self.masks = masks
        self.optional = optional
        self.length = length
    }

    func mayBegin(with byte: UInt8) -> Bool { skippingOptional(1) & masks[Int(byte)] != 0 }

    /// The end of the longest match that begins at `start` and that no letter or digit follows.
    /// Follows all ways at once: bit `n` says that the places before `n` are matched.
    func end(in text: [UInt8], at start: Int, end limit: Int) -> Int? {
        var reached = skippingOptional(1)
        var best: Int?
        var position = start
        while position < limit, position - start < length {
            reached = skippingOptional((reached & masks[Int(text[position])]) << 1)
            guard reached != 0 else { break }
            position += 1
            let isEnd = position == text.count || !text[position].isLetterOrDigit
            if reached >> UInt64(length) & 1 == 1, isEnd { best = position }
        }
        return best
    }

    private func skippingOptional(_ reached: UInt64) -> UInt64 {
        var all = reached
        while true {
            let more = all | (all & optional) << 1
            guard more != all else { return all }
            all = more
        }
    }
}

private func lower(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 0x20 : byte
}

private func isLowerLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
}
