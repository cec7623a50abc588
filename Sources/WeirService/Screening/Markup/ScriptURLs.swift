/// Addresses that run code when a page makes a link of them. Counted, not mended: there are more
/// ways to spell them than a filter knows. Whoever renders links keeps a list of allowed schemes.
enum ScriptURLs {
    static func count(in text: [UInt8]) -> Int {
        text.indices.count { position in
            guard text[position] == UInt8(ascii: ":") else { return false }
            return schemes.contains { ends(text[..<position], with: $0) }
                || begins(text[position...], after: "data", with: ":text/html", in: text)
        }
    }

    private static let schemes = ["javascript", "vbscript", "livescript"].map { Array($0.utf8) }

    private static func ends(_ text: ArraySlice<UInt8>, with word: [UInt8]) -> Bool {
        text.count >= word.count
            && zip(text.suffix(word.count), word).allSatisfy { $0 | 0x20 == $1 }
    }

    private static func begins(
        _ rest: ArraySlice<UInt8>, after word: String, with start: String, in text: [UInt8]
    ) -> Bool {
        let start = Array(start.utf8)
        return rest.count >= start.count && ends(text[..<rest.startIndex], with: Array(word.utf8))
            && zip(rest, start).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }
}
