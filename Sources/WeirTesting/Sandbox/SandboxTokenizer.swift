/// How the sandbox counts. Simple enough to be worked out by hand in a test:
///
/// - `tokens(text)` = UTF-8 bytes / 4, rounded up, for each text on its own;
/// - input = tokens of every text in messages and system prompt (also tool calls' arguments and
///   tool results) + 3 a message + 256 an image or file + tokens of the tool definitions' JSON,
///   written without white space (a system prompt outside the messages is no message);
/// - output = tokens of the answer's text (or tool arguments), of every choice asked for,
///   + the reasoning tokens that a behaviour adds;
/// - embeddings: tokens of every text, 1 a token id.
enum SandboxTokenizer {
    static let perMessage = 3
    static let perMedia = 256

    static func tokens(_ text: String) -> Int { tokens(bytes: text.utf8.count) }

    static func tokens(bytes: Int) -> Int { (bytes + 3) / 4 }

    static func tokens(definitions: SandboxJSON?) -> Int {
        guard let definitions, definitions != .null else { return 0 }
        return tokens(bytes: definitions.text().utf8.count)
    }

    /// The longest beginning of a text that has at most so many tokens, whole characters only.
    static func cut(_ text: String, toTokens cap: Int) -> String {
        let (bytes, overflow) = cap.multipliedReportingOverflow(by: 4)
        if overflow || text.utf8.count <= bytes { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: max(0, bytes))
        while end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 {
            end = text.utf8.index(before: end)
        }
        return String(text[..<end])
    }
}
