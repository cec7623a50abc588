import WeirCore

/// Finds the feature that a body names, without reading the body as a document: `feature_slug` in
/// the outermost object, written without escapes. It only picks a pool: whether the body is sound
/// is for the instance to say.
enum FeatureFinder {
    /// Nil where there is none, or none that could be one. Looks at each byte once at most.
    static func feature(in body: [UInt8]) -> FeatureSlug? {
        var scan = Scan(body: body)
        return scan.feature()
    }

    private struct Scan {
        let body: [UInt8]
        private var index = 0
        private var depth = 0

        init(body: [UInt8]) { self.body = body }

        mutating func feature() -> FeatureSlug? {
            while index < body.count {
                switch body[index] {
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case UInt8(ascii: "\""):
                    guard let text = string() else { return nil }
                    if depth == 1, text.elementsEqual(Scan.name), skip(UInt8(ascii: ":")) {
                        return value()
                    }
                    continue
                default: break
                }
                index += 1
            }
            return nil
        }

        /// The string that begins here, as it is written; then stands behind it. Nil where it
        /// doesn't end.
        private mutating func string() -> ArraySlice<UInt8>? {
            let start = index + 1
            index = start
            while index < body.count {
                switch body[index] {
                case UInt8(ascii: "\\"): index += 2
                case UInt8(ascii: "\""):
                    index += 1
                    return body[start..<(index - 1)]
                default: index += 1
                }
            }
            return nil
        }

        private mutating func value() -> FeatureSlug? {
            skipBlanks()
            guard index < body.count, body[index] == UInt8(ascii: "\""), let text = string() else {
                return nil
            }
            return FeatureSlug(String(decoding: text, as: UTF8.self), limit: 64)
        }

        private mutating func skip(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard index < body.count, body[index] == byte else { return false }
            index += 1
            return true
        }

        private mutating func skipBlanks() {
            while index < body.count, [0x20, 0x09, 0x0A, 0x0D].contains(body[index]) { index += 1 }
        }

        private static let name = Array("feature_slug".utf8)
    }
}
