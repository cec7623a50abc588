/// A provider's error text as a caller may see it: keys, account names, addresses, hosts and
/// absolute paths are replaced by `[redacted]`. What can't be told from a secret goes too.
///
/// Works on bytes, of which it reads the first 1,024 at most, and replaces whole characters, so
/// that the text stays valid.
package func redact(_ message: String) -> String {
    var redaction = Redaction(Array(message.utf8.prefix(Redaction.longestMessage)))
    redaction.run()
    return String(decoding: redaction.output, as: UTF8.self)
}

/// One pass over a text: at each place where a word may begin the rules are tried in turn.
struct Redaction {
    static let longestMessage = 1024

    private(set) var output: [UInt8] = []
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func run() {
        while position < bytes.count {
            let isWordStart = position == 0 || !isAlphanumeric(bytes[position - 1])
            if isWordStart, let (secret, end) = secret() {
                output.append(contentsOf: bytes[position..<secret])
                output.append(contentsOf: Array("[redacted]".utf8))
                position = end
            } else {
                output.append(bytes[position])
                position += 1
            }
        }
    }

    /// Where a secret begins behind `position`, and where it ends.
    private func secret() -> (start: Int, end: Int)? {
        address() ?? credential() ?? namedValue() ?? prefixed() ?? path() ?? word()
    }

    /// `scheme://…`, up to a blank or a quote.
    private func address() -> (Int, Int)? {
        let mark = end(from: position, while: isLetter)
        guard mark > position, bytes[mark...].starts(with: "://".utf8) else { return nil }
        return (position, trimmed(end(from: mark, while: isVisible)))
    }

    /// `Bearer …`, `Basic …` with a value that isn't a plain word.
    private func credential() -> (Int, Int)? {
        let scheme = end(from: position, while: isLetter)
        let name = lowercased(position, scheme)
        guard name == "bearer" || name == "basic" else { return nil }
        let value = end(from: scheme, while: isBlank)
        let last = end(from: value, while: isVisible)
        guard value > scheme, last > value else { return nil }
        let isPlain = name == "basic" && bytes[value..<last].allSatisfy(isLetter)
        let isDone = bytes[value...].starts(with: "[redacted]".utf8)
        return isPlain || isDone ? nil : (value, trimmed(last))
    }

    /// `key=…`, `"api_key": "…"`: the value of whatever is called a key, a token or a secret.
    private func namedValue() -> (Int, Int)? {
        let last = end(from: position, while: isNameByte)
        let name = lowercased(position, last)
        var mark = last
        if mark < bytes.count, isQuote(bytes[mark]) { mark += 1 }
        mark = end(from: mark, while: isBlank)
        guard mark < bytes.count else { return nil }
        switch bytes[mark] {
        case UInt8(ascii: "="):
            guard Redaction.secretNames.contains(where: name.hasSuffix) else { return nil }
        case UInt8(ascii: ":"):
            // Behind a colon prose goes on: only names that stand in no sentence count.
            guard Redaction.headerNames.contains(where: name.hasSuffix) else { return nil }
        default: return nil
        }
        let value = end(from: mark + 1) { isBlank($0) || isQuote($0) }
        var valueEnd = end(from: value, while: isValueByte)
        guard valueEnd > value else { return nil }
        if ["bearer", "basic"].contains(lowercased(value, valueEnd)) {
            let rest = end(from: valueEnd, while: isBlank)
            valueEnd = end(from: rest, while: isValueByte)
        }
        return (value, valueEnd)
    }

    /// A key or an account by the way it begins.
    private func prefixed() -> (Int, Int)? {
        for prefix in Redaction.prefixes where bytes[position...].starts(with: prefix.utf8) {
            let body = position + prefix.utf8.count
            let last = trimmed(end(from: body, while: isKeyByte))
            if last > body { return (position, last) }
        }
        return nil
    }

    /// An absolute path of two segments or more.
    private func path() -> (Int, Int)? {
        guard bytes[position] == UInt8(ascii: "/"), position + 1 < bytes.count else { return nil }
        let last = trimmed(end(from: position, while: isVisible))
        guard last > position + 1, isNameByte(bytes[position + 1]) else { return nil }
        return bytes[(position + 1)..<last].contains(UInt8(ascii: "/")) ? (position, last) : nil
    }

    /// A host, an address of a mailbox or of a machine, or a run that only a machine can have made.
    private func word() -> (Int, Int)? {
        if let last = ipv6End() { return (position, last) }
        var last = end(from: position, while: isWordByte)
        while last > position, !isAlphanumeric(bytes[last - 1]) { last -= 1 }
        let word = bytes[position..<last]
        guard !word.isEmpty else { return nil }
        let port = portEnd(last)
        if Redaction.isHost(
            word.split(separator: UInt8(ascii: "@")).last ?? word, hasPort: port != nil)
        {
            let tail = port ?? last
            let hasPath = tail < bytes.count && bytes[tail] == UInt8(ascii: "/")
            return (position, hasPath ? trimmed(end(from: tail, while: isVisible)) : tail)
        }
        return Redaction.isOpaque(word) ? (position, last) : nil
    }

    private func ipv6End() -> Int? {
        let first = bytes[position] == UInt8(ascii: "[") ? position + 1 : position
        let last = end(from: first) { isHexDigit($0) || $0 == UInt8(ascii: ":") }
        let colons = bytes[first..<last].count { $0 == UInt8(ascii: ":") }
        let isShortened = Array(bytes[first..<last]).contains(Array("::".utf8))
        guard colons == 7 || (colons >= 2 && isShortened && last - first > 2) else { return nil }
        return end(from: last) { isWordByte($0) || $0 == UInt8(ascii: "]") || $0 == 0x3A }
    }

    private func portEnd(_ host: Int) -> Int? {
        guard host < bytes.count, bytes[host] == UInt8(ascii: ":") else { return nil }
        let last = end(from: host + 1, while: isDigit)
        return last > host + 1 ? last : nil
    }

    private func end(from start: Int, while belongs: (UInt8) -> Bool) -> Int {
        var end = start
        while end < bytes.count, belongs(bytes[end]) { end += 1 }
        return end
    }

    /// `end` without the punctuation of the sentence around it.
    private func trimmed(_ end: Int) -> Int {
        var end = end
        while end > position, ".,;:!?)]}".utf8.contains(bytes[end - 1]) { end -= 1 }
        return end
    }

    private func lowercased(_ start: Int, _ end: Int) -> String {
        String(decoding: bytes[start..<end], as: UTF8.self).lowercased()
    }
}
