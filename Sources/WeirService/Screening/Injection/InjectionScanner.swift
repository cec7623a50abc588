/// Looks for phrases in folded text, word by word, in linear time.
///
/// For each step of each phrase it remembers the last word at which the phrase had got so far: a
/// later start is never worse than an earlier one. Texts read one after another count as one text.
struct InjectionScanner {
    /// Matches by `InjectionKind`'s order.
    private(set) var counts = Array(repeating: 0, count: InjectionKind.allCases.count)
    private(set) var total = 0
    private var reached: [Int]
    private var word = 0
    private var negation = -10

    init() {
        reached = Array(repeating: -1_000_000, count: InjectionLexicon.shared.slotCount)
    }

    /// - Parameter text: folded by `TextFold`, or plain ASCII as it came.
    mutating func read(_ text: [UInt8]) {
        let lexicon = InjectionLexicon.shared
        var hash = InjectionLexicon.hashSeed
        var isInWord = false
        var position = 0
        while position < text.count {
            let byte = text[position]
            let kind = lexicon.byteKinds[Int(byte)]
            if kind == .word {
                hash = (hash ^ UInt64(lexicon.folded[Int(byte)])) &* InjectionLexicon.hashPrime
                isInWord = true
                position += 1
                continue
            }
            if isInWord {
                take(hash, lexicon)
                hash = InjectionLexicon.hashSeed
                isInWord = false
            }
            position =
                kind == .separator ? position + 1 : takeLiteral(text, at: position, kind, lexicon)
        }
        if isInWord { take(hash, lexicon) }
    }

    private mutating func take(_ hash: UInt64, _ lexicon: InjectionLexicon) {
        word += 1
        if let steps = lexicon.steps(of: hash) {
            take(steps, lexicon)
        } else if lexicon.negations.contains(hash) {
            negation = word
        }
    }

    private mutating func take(_ steps: [InjectionLexicon.Step], _ lexicon: InjectionLexicon) {
        for step in steps {
            if step.isFirst {
                if lexicon.unlessNegated[step.phrase], word - negation <= 2 { continue }
            } else {
                let since = word - reached[step.slot - 1]
                guard since > 0, since <= step.gap + 1 else { continue }
            }
            if step.isLast {
                counts[lexicon.kinds[step.phrase].index] += 1
                total += 1
                if !step.isFirst { reached[step.slot - 1] = -1_000_000 }
            } else {
                reached[step.slot] = word
            }
        }
    }

    /// The position behind the literal that begins here, or behind the character.
    private mutating func takeLiteral(
        _ text: [UInt8], at position: Int, _ kind: InjectionLexicon.ByteKind,
        _ lexicon: InjectionLexicon
    ) -> Int {
        if kind == .ideograph { word += 1 }
        for literal in lexicon.literals[Int(text[position])] {
            guard let end = end(of: literal.bytes, in: text, at: position, lexicon) else {
                continue
            }
            if kind == .marker { word += 1 }
            take(literal.steps, lexicon)
            return end
        }
        return min(text.count, position + (kind == .ideograph ? 3 : 1))
    }

    /// Blanks in the text between a literal's bytes are skipped, up to eight in a row.
    private func end(
        of literal: [UInt8], in text: [UInt8], at start: Int, _ lexicon: InjectionLexicon
    ) -> Int? {
        var position = start
        for (index, byte) in literal.enumerated() {
            if index > 0 {
                var blanks = 0
                while position < text.count, text[position] == 0x20 || text[position] == 0x09,
                    blanks < 8
                {
                    position += 1
                    blanks += 1
                }
            }
            guard position < text.count, lexicon.folded[Int(text[position])] == byte else {
                return nil
            }
            position += 1
        }
        return position
    }
}

extension InjectionKind {
    fileprivate var index: Int {
        switch self {
        case .ignoreInstructions: 0
        case .revealPrompt: 1
        case .roleOverride: 2
        case .jailbreak: 3
        case .roleMarker: 4
        }
    }
}
