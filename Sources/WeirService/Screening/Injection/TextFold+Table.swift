import Foundation

extension TextFold {
    /// Scripts with upper case, marks or compatibility forms. Ideographs, Hangul and private use
    /// map to themselves; Hangul's letters are compared as they are written.
    private static let ranges: [ClosedRange<UInt32>] = [
        0x80...0x33FF, 0xA640...0xABFF, 0xF900...0xFFFF, 0x10000...0x107FF, 0x1BC00...0x1BCFF,
        0x1D000...0x1F7FF, 0x1F800...0x1FBFF, 0x2F800...0x2FA1F,
    ]

    /// What differs from itself, by scalar.
    static func normalised() -> [UInt32: [UInt32]] {
        let scalars = ranges.joined().compactMap { Unicode.Scalar($0) }
        var text = String.UnicodeScalarView()
        for scalar in scalars {
            text.append(scalar)
            text.append("\n")
        }
        // One call for all: a line feed is a starter, so that no mark moves over it.
        let lines = String(text).decomposedStringWithCompatibilityMapping.unicodeScalars.split(
            separator: "\n", omittingEmptySubsequences: false)
        var foldings: [UInt32: [UInt32]] = [:]
        for (scalar, line) in zip(scalars, lines) {
            let folded =
                Lookalikes.latin[scalar].map { [foldedScalar($0)] } ?? line.flatMap(folding)
            // Long ligatures stand for no word that is looked for; this bounds the growth.
            let isLong = folded.count > 4
            if isLong || folded != [scalar.value] {
                foldings[scalar.value] = isLong ? [blank] : folded
            }
        }
        return foldings
    }

    /// One scalar of a decomposition.
    private static func folding(_ scalar: Unicode.Scalar) -> [UInt32] {
        if let alike = Lookalikes.latin[scalar] { return [foldedScalar(alike)] }
        if scalar.isASCII { return [foldedScalar(scalar)] }
        let properties = scalar.properties
        let isMark = properties.canonicalCombiningClass != .notReordered
        if isMark || properties.isDefaultIgnorableCodePoint { return [] }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return []
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .spacingMark, .decimalNumber, .letterNumber, .otherNumber:
            return properties.lowercaseMapping.unicodeScalars.compactMap { lower in
                if let alike = Lookalikes.latin[lower] { return foldedScalar(alike) }
                return lower.properties.generalCategory == .nonspacingMark
                    ? nil : foldedScalar(lower)
            }
        default: return [blank]
        }
    }

    private static func foldedScalar(_ scalar: Unicode.Scalar) -> UInt32 {
        scalar.isASCII ? UInt32(foldedASCII[Int(scalar.value)]) : scalar.value
    }
}
