/// The phrases as tables: which word, by its hash, is which step of which phrase.
struct InjectionLexicon: Sendable {
    static let shared = InjectionLexicon(InjectionPhrases.all)

    /// One step of one phrase.
    struct Step: Sendable {
        let phrase: Int
        /// Into the scanner's list of all phrases' steps.
        let slot: Int
        let isFirst: Bool
        let isLast: Bool
        let gap: Int
    }

    /// What can't be told by its hash: ideographs aren't parted by blanks, markers aren't words.
    struct Literal: Sendable {
        let bytes: [UInt8]
        let steps: [Step]
    }

    enum ByteKind: UInt8 { case word, separator, marker, ideograph }

    let kinds: [InjectionKind]
    let unlessNegated: [Bool]
    let slotCount: Int
    /// By byte: what it is, and its folded form.
    let byteKinds: [ByteKind]
    let folded: [UInt8]
    /// By first byte, longest first.
    let literals: [[Literal]]
    let negations: Set<UInt64>

    /// Open addressing: a dictionary's hashing would cost more than all the rest.
    private let hashes: [UInt64]
    private let values: [Int32]
    private let steps: [[Step]]

    static let hashSeed: UInt64 = 0xCBF2_9CE4_8422_2325
    static let hashPrime: UInt64 = 0x0000_0100_0000_01B3

    /// The steps that a word is, given its hash.
    func steps(of hash: UInt64) -> [Step]? {
        var index = Int(truncatingIfNeeded: hash ^ hash >> 32) & (hashes.count - 1)
        while hashes[index] != 0 {
            if hashes[index] == hash { return steps[Int(values[index])] }
            index = (index + 1) & (hashes.count - 1)
        }
        return nil
    }

    static func hash(_ word: [UInt8]) -> UInt64 {
        word.reduce(hashSeed) { ($0 ^ UInt64($1)) &* hashPrime }
    }

    private init(_ phrases: [InjectionPhrase]) {
        var byWord: [[UInt8]: [Step]] = [:]
        var slot = 0
        for (index, phrase) in phrases.enumerated() {
            for (place, step) in phrase.steps.enumerated() {
                let entry = Step(
                    phrase: index, slot: slot, isFirst: place == 0,
                    isLast: place == phrase.steps.count - 1, gap: step.gap)
                // A later step of the same phrase goes first: one word must not be two steps.
                for word in Set(step.words.map { TextFold.shared.fold(String($0)) }) {
                    byWord[word, default: []].insert(entry, at: 0)
                }
                slot += 1
            }
        }
        kinds = phrases.map(\.kind)
        unlessNegated = phrases.map(\.unlessNegated)
        slotCount = slot
        folded = (0...255).map { $0 < 128 ? TextFold.foldedASCII[$0] : UInt8($0) }
        negations = Set(
            ["not", "dont", "don", "never"].map { InjectionLexicon.hash(TextFold.shared.fold($0)) })
        let isLiteral = { (word: [UInt8]) in byteKind(word[0], folds: []) != .word }
        var literals: [[Literal]] = Array(repeating: [], count: 256)
        for (word, steps) in byWord where isLiteral(word) {
            literals[Int(word[0])].append(Literal(bytes: word, steps: steps))
        }
        self.literals = literals.map { $0.sorted { $0.bytes.count > $1.bytes.count } }
        let firsts = literals.indices.filter { !literals[$0].isEmpty }
        byteKinds = (0...255).map { byteKind(UInt8($0), folds: firsts) }
        let words = byWord.filter { !isLiteral($0.key) }
        steps = words.map(\.value)
        var hashes: [UInt64] = Array(repeating: 0, count: 4096)
        var values: [Int32] = Array(repeating: 0, count: 4096)
        for (number, word) in words.keys.enumerated() {
            let hash = InjectionLexicon.hash(word)
            var index = Int(truncatingIfNeeded: hash ^ hash >> 32) & (hashes.count - 1)
            while hashes[index] != 0 { index = (index + 1) & (hashes.count - 1) }
            hashes[index] = hash
            values[index] = Int32(number)
        }
        self.hashes = hashes
        self.values = values
    }
}

/// `folds`: the bytes that literals begin with.
private func byteKind(_ byte: UInt8, folds: [Int]) -> InjectionLexicon.ByteKind {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        .word
    // U+3000 to U+DFFF, three bytes each: kana, ideographs, Hangul.
    case 0xE3...0xED: .ideograph
    case 0x80...: .word
    default: folds.contains(Int(byte)) ? .marker : .separator
    }
}
