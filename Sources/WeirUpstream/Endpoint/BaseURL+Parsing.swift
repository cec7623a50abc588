import NIOCore

extension BaseURL {
    static func takeScheme(_ rest: inout ArraySlice<UInt8>) throws(BaseURLDefect) -> Scheme {
        for scheme in [Scheme.https, .http] {
            let mark = Array("\(scheme.rawValue)://".utf8)
            guard rest.count >= mark.count else { continue }
            guard rest.prefix(mark.count).map(\.lowercased) == mark else { continue }
            rest = rest.dropFirst(mark.count)
            return scheme
        }
        throw BaseURLDefect("must begin with https:// or http://")
    }

    static func authority(
        _ bytes: ArraySlice<UInt8>, defaultPort: Int
    ) throws(BaseURLDefect) -> (host: String, port: Int) {
        guard !bytes.contains(.at) else {
            throw BaseURLDefect("holds user information; credentials have a place of their own")
        }
        if bytes.first == .openBracket {
            guard let close = bytes.firstIndex(of: .closeBracket) else {
                throw BaseURLDefect("has no ] behind its IPv6 address")
            }
            let host = text(bytes[bytes.index(after: bytes.startIndex)..<close])
            guard host.utf8.contains(.colon), isAddress(host) else {
                throw BaseURLDefect("has something else than an IPv6 address in brackets")
            }
            return (host, try port(bytes[bytes.index(after: close)...], defaultPort: defaultPort))
        }
        let colon = bytes.firstIndex(of: .colon) ?? bytes.endIndex
        let host = text(bytes[..<colon])
        guard isHostName(host) else { throw BaseURLDefect("has no valid host") }
        return (host, try port(bytes[colon...], defaultPort: defaultPort))
    }

    static func prefix(_ bytes: ArraySlice<UInt8>) throws(BaseURLDefect) -> String {
        guard !bytes.contains(.question) else { throw BaseURLDefect("has a query") }
        guard !bytes.contains(.hash) else { throw BaseURLDefect("has a fragment") }
        guard RequestTarget.isPath(bytes) || bytes.isEmpty else {
            throw BaseURLDefect("has a path with a byte that must be percent-encoded")
        }
        let segments = bytes.split(separator: .slash)
        guard !segments.contains(where: { $0.allSatisfy { $0 == .dot } }) else {
            throw BaseURLDefect("has a dot segment in its path")
        }
        var path = bytes
        while path.last == .slash { path = path.dropLast() }
        return String(decoding: path, as: UTF8.self)
    }

    static func isAddress(_ host: String) -> Bool {
        // Only whether it is one matters, not why it isn't.
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    private static func port(
        _ bytes: ArraySlice<UInt8>, defaultPort: Int
    ) throws(BaseURLDefect) -> Int {
        guard let first = bytes.first else { return defaultPort }
        let digits = bytes.dropFirst()
        guard first == .colon, (1...5).contains(digits.count), digits.allSatisfy(\.isDigit) else {
            throw BaseURLDefect("has no valid port")
        }
        let port = digits.reduce(0) { $0 * 10 + Int($1 - .zero) }
        guard (1...65_535).contains(port) else { throw BaseURLDefect("has no valid port") }
        return port
    }

    /// Labels of letters, digits, hyphens and underscores. Where the last one begins with a digit
    /// the whole must be a dotted quad: getaddrinfo reads `127.1` and `0x7f.0.0.1` as addresses.
    private static func isHostName(_ host: String) -> Bool {
        let labels = host.utf8.split(separator: .dot, omittingEmptySubsequences: false)
        guard host.utf8.count <= 253, let last = labels.last else { return false }
        for label in labels {
            guard (1...63).contains(label.count) else { return false }
            guard label.first != .hyphen, label.last != .hyphen else { return false }
            guard label.allSatisfy({ $0.isLetterOrDigit || $0 == .hyphen || $0 == .underscore })
            else { return false }
        }
        return last.first?.isDigit == true ? isAddress(host) : true
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map(\.lowercased), as: UTF8.self)
    }
}
