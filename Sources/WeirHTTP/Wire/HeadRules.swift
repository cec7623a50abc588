import NIOHTTP1

/// What RFC 9112 forbids in a request's head and the decoder lets pass. A proxy before Weir may
/// have read such a head in another way: the connection can't be trusted any further.
enum HeadRules {
    /// Why the head is refused; nil where nothing is wrong with it.
    static func fault(_ head: HTTPRequestHead) -> String? {
        let hosts = head.headers["host"]
        // Section 3.2; before HTTP/1.1 there was no Host.
        guard hosts.count == 1 || (hosts.isEmpty && !isCurrent(head.version)) else {
            return "The request must have exactly one Host"
        }
        guard hosts.allSatisfy({ $0.utf8.allSatisfy(isHostByte) }) else {
            return "The Host can't be one"
        }
        // Section 6.1: a coding that isn't undone would leave another body than was sent.
        let codings = head.headers["transfer-encoding"]
        guard codings.isEmpty || (codings.count == 1 && isChunked(codings[0])) else {
            return "A Transfer-Encoding other than chunked is not supported"
        }
        guard codings.isEmpty || isCurrent(head.version) else {
            return "HTTP/1.0 has no Transfer-Encoding"
        }
        return nil
    }

    /// Whether the connection ends with this request's answer: the client says so, or speaks
    /// HTTP/1.0, in which a connection that stays open is a convention that isn't offered.
    static func endsConnection(_ head: HTTPRequestHead) -> Bool {
        guard isCurrent(head.version) else { return true }
        return head.headers[canonicalForm: "connection"].contains { equals($0.utf8, "close") }
    }

    private static func isCurrent(_ version: HTTPVersion) -> Bool {
        version.major > 1 || (version.major == 1 && version.minor >= 1)
    }

    private static func isChunked(_ coding: String) -> Bool {
        let bytes = coding.utf8.drop { $0 == 0x20 || $0 == 0x09 }
        guard let last = bytes.lastIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return false }
        return equals(bytes[...last], "chunked")
    }

    /// Letters in any case; `word` is in lower case.
    private static func equals(
        _ bytes: some Collection<UInt8>, _ word: StaticString
    ) -> Bool {
        let word = word.description.utf8
        return bytes.count == word.count && zip(bytes, word).allSatisfy { $0 | 0x20 == $1 }
    }

    /// What a host and its port are written with (RFC 3986, section 3.2.2).
    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: hostMarks.contains(byte)
        }
    }

    private static let hostMarks = Array("-._~!$&'()*+,;=:[]%".utf8)
}
