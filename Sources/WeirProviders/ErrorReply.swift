import WeirCore

/// What an error reply says, whichever of the usual shapes it has: `{"error":{…}}`,
/// `{"error":"…"}`, `{"message":"…"}`, `{"detail":"…"}`, or the first of them in a list.
struct ErrorReply {
    /// The machine's words: type, code, status, and the reasons among the details.
    let words: Set<String>
    let details: [JSON]
    private let text: String?

    init(_ body: [UInt8]) {
        var json: JSON?
        do throws(JSONError) {
            json = try JSONParser.parse(body, .reply)
        } catch {
            // A proxy's HTML page or nothing at all: the status has to do.
            json = nil
        }
        if let first = json?.array?.first { json = first }
        let error = json?["error"]
        let inner = error?.object == nil ? json : error
        text =
            inner?["message"]?.string ?? error?.string ?? json?["message"]?.string
            ?? json?["detail"]?.string
        details = inner?["details"]?.array ?? (inner?["details"].map { [$0] } ?? [])
        let wordy = [inner].compactMap { $0 } + details
        let names = ["type", "code", "status", "reason", "error_code"]
        words = Set(wordy.flatMap { part in names.compactMap { part[$0]?.string } })
    }

    /// Whether one of the machine's words is among `known`.
    func says(_ known: Set<String>) -> Bool { !words.isDisjoint(with: known) }

    /// The provider's own text without control characters, keys and hosts, at most 500 bytes.
    func message(status: Int) -> String {
        let message = printable(redact(text ?? ""), limit: ErrorReply.messageLimit)
        return message.isEmpty ? "provider answered \(status)" : message
    }

    /// Whether the provider's text starts like `beginning`, for the errors that have no code.
    func begins(with beginning: String) -> Bool {
        (text ?? "").utf8.starts(with: beginning.utf8)
    }

    private static let messageLimit = 500
}

/// The longest wait that a provider's hint can ask for, in seconds.
let longestRetryAfter = 3600

/// Whole characters of `text`, those that control or reorder what a terminal shows left out.
private func printable(_ text: String, limit: Int) -> String {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars where !isControl(scalar) {
        let encoded = UTF8.encode(scalar).map(Array.init) ?? []
        if bytes.count + encoded.count > limit { break }
        bytes.append(contentsOf: encoded)
    }
    return String(decoding: bytes, as: UTF8.self)
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00..<0x20, 0x7F..<0xA0: true
    // Line and paragraph separators, and the marks that turn the direction of text.
    case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
}
