/// Which features are meant: a slug in which `*` stands for any text, also for none.
package struct FeaturePattern: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// At most 64 bytes out of a slug's alphabet and `*`.
    package init?(_ text: String) {
        guard (1...FeaturePattern.mostBytes).contains(text.utf8.count) else { return nil }
        let letters = text.utf8.filter { $0 != FeaturePattern.star }
        guard letters.isEmpty || Slug(String(decoding: letters, as: UTF8.self)) != nil else {
            return nil
        }
        description = text
    }

    package static let mostBytes = 64

    /// Bytes that are given: the more, the narrower.
    var literalCount: Int { description.utf8.count { $0 != FeaturePattern.star } }
    var isExact: Bool { !description.utf8.contains(FeaturePattern.star) }

    /// Takes at most pattern × feature steps: only the last star is ever tried anew, because what
    /// an earlier one could take, the last can take as well.
    package func matches(_ feature: FeatureSlug) -> Bool {
        let pattern = Array(description.utf8)
        let text = Array(feature.description.utf8)
        var (place, position) = (0, 0)
        var lastStar: (place: Int, position: Int)?
        while position < text.count {
            if place < pattern.count, pattern[place] == FeaturePattern.star {
                lastStar = (place, position)
                place += 1
            } else if place < pattern.count, pattern[place] == text[position] {
                place += 1
                position += 1
            } else if let star = lastStar {
                lastStar = (star.place, star.position + 1)
                (place, position) = (star.place + 1, star.position + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == FeaturePattern.star }
    }

    private static let star = UInt8(ascii: "*")
}
