/// Control and invisible characters in a text.
///
/// Joiners, directional marks, soft hyphens and variation selectors belong to ordinary writing:
/// emoji, Persian, Arabic, Indic and Thai text use them. They count as invisible where both
/// neighbours are ASCII, and where more than two stand in a row.
struct CharacterReview {
    private(set) var controls = 0
    private(set) var invisibles = 0
    /// ASCII that was spelled in tag characters (U+E0020 to U+E007E).
    private(set) var hidden: [UInt8] = []

    init(_ text: String) {
        var walk = CharacterWalk(text)
        while let step = walk.next() {
            switch step.verdict {
            case .keep: break
            case .control: controls += 1
            case .invisible:
                invisibles += 1
                if let byte = tagByte(step.scalar) { hidden.append(byte) }
            }
        }
    }

    /// The text without them. A form feed, vertical tab or NEL becomes a line feed: it parts words.
    static func clean(_ text: String, controls: Bool, invisibles: Bool) -> String {
        var walk = CharacterWalk(text)
        var result = String.UnicodeScalarView()
        while let step = walk.next() {
            switch step.verdict {
            case .keep: result.append(step.scalar)
            case .control where controls:
                if step.scalar.breaksLine { result.append("\n") }
            case .invisible where invisibles: break
            case .control, .invisible: result.append(step.scalar)
            }
        }
        return String(result)
    }
}

/// The byte that a tag character stands for.
private func tagByte(_ scalar: Unicode.Scalar) -> UInt8? {
    (0xE0020...0xE007E).contains(scalar.value) ? UInt8(scalar.value - 0xE0000) : nil
}

/// Goes over a text's scalars once and judges each by what would remain around it.
private struct CharacterWalk {
    enum Verdict { case keep, control, invisible }

    private let scalars: [Unicode.Scalar]
    private var position = 0
    /// What was last kept; nil at the start.
    private var previous: Unicode.Scalar?
    /// How many invisible characters were kept in a row.
    private var run = 0
    /// The next visible scalar's index, where it is known to lie at or after `position`.
    private var visible = 0
    /// Where a flag's tag characters end that are part of an emoji.
    private var flagEnd = 0

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    mutating func next() -> (scalar: Unicode.Scalar, verdict: Verdict)? {
        guard position < scalars.count else { return nil }
        let scalar = scalars[position]
        let verdict = judge(scalar)
        position += 1
        switch verdict {
        case .keep where scalar.isLayout: run += 1
        case .keep:
            previous = scalar
            run = 0
        case .control where scalar.breaksLine:
            previous = "\n"
            run = 0
        case .control, .invisible: break
        }
        return (scalar, verdict)
    }

    private mutating func judge(_ scalar: Unicode.Scalar) -> Verdict {
        if scalar.isControl { return .control }
        if scalar.value < 0xAD { return .keep }
        if scalar.value == 0x1F3F4 { flagEnd = flagTags() }
        if position < flagEnd { return .keep }
        if scalar.isNeverVisible { return .invisible }
        guard scalar.isLayout else { return .keep }
        guard run < 2 else { return .invisible }
        if let previous, !previous.isASCII { return .keep }
        if let next = nextVisible(), !next.isASCII { return .keep }
        return .invisible
    }

    private mutating func nextVisible() -> Unicode.Scalar? {
        visible = max(visible, position)
        while visible < scalars.count {
            let scalar = scalars[visible]
            if scalar.breaksLine { return "\n" }
            if !scalar.isLayout, !scalar.isNeverVisible, !scalar.isControl { return scalar }
            visible += 1
        }
        return nil
    }

    /// The end of the tags behind a black flag, if they spell England, Scotland or Wales.
    private func flagTags() -> Int {
        let end = position + 7
        guard end <= scalars.count, scalars[end - 1].value == 0xE007F else { return 0 }
        let name = scalars[(position + 1)..<(end - 1)].compactMap(tagByte)
        let flags = ["gbeng", "gbsct", "gbwls"]
        return flags.contains { Array($0.utf8) == name } ? end : 0
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool {
        switch value {
        case 0x09, 0x0A, 0x0D: false
        case 0x00..<0x20, 0x7F...0x9F: true
        default: false
        }
    }

    fileprivate var breaksLine: Bool { value == 0x0B || value == 0x0C || value == 0x85 }

    /// Invisible characters that writing systems need between visible ones.
    fileprivate var isLayout: Bool {
        switch value {
        case 0xAD, 0x034F, 0x061C, 0x180B...0x180F, 0x200B...0x200F, 0x2060...0x2064,
            0x2066...0x2069, 0xFE00...0xFE0F, 0xE0100...0xE01EF:
            true
        default: false
        }
    }

    /// Fillers, directional overrides, deprecated controls and tags: no text needs them.
    fileprivate var isNeverVisible: Bool {
        switch value {
        case 0x115F, 0x1160, 0x17B4, 0x17B5, 0x202A...0x202E, 0x2065, 0x206A...0x206F, 0x3164,
            0xFEFF, 0xFFA0, 0xFFF0...0xFFF8, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A,
            0xE0000...0xE00FF, 0xE01F0...0xE0FFF:
            true
        default: false
        }
    }
}
