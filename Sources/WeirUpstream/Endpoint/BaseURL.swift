import NIOCore

/// Where a provider listens: `https://api.example.com/v1`. Read strictly, byte by byte.
///
/// Refused: user info, queries, fragments, dot segments, control characters, anything that is not
/// ASCII, and numbers in disguise (`0x7f000001`), which resolvers take for addresses.
package struct BaseURL: Sendable, Hashable {
    package enum Scheme: String, Sendable {
        case http, https

        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    /// 1 to 65,535
    package let port: Int
    /// Goes before every path: empty, or `/v1` with no slash at its end.
    package let pathPrefix: String

    /// - Throws: what is wrong, in words for whoever wrote the configuration.
    package init(_ text: String) throws(BaseURLDefect) {
        var rest = Array(text.utf8)[...]
        guard rest.count <= 2_048 else { throw BaseURLDefect("is longer than 2,048 bytes") }
        guard rest.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw BaseURLDefect("holds a space, a control character or a byte outside of ASCII")
        }
        scheme = try BaseURL.takeScheme(&rest)
        let end = rest.firstIndex { $0 == .slash || $0 == .question || $0 == .hash }
        let authority = rest[..<(end ?? rest.endIndex)]
        (host, port) = try BaseURL.authority(authority, defaultPort: scheme.defaultPort)
        pathPrefix = try BaseURL.prefix(rest[authority.endIndex...])
    }

    /// As it stands in a `host` header: the port only where it isn't the scheme's own.
    var authority: String {
        let name = host.utf8.contains(.colon) ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    /// Whether the host is an address, so that it must not be sent as a TLS server name.
    var isAddress: Bool { BaseURL.isAddress(host) }
}

extension BaseURL: CustomStringConvertible {
    package var description: String { "\(scheme.rawValue)://\(authority)\(pathPrefix)" }
}

/// What is wrong with a base URL.
package struct BaseURLDefect: Error, Sendable, Equatable, CustomStringConvertible {
    /// Without the URL itself: it might hold a password.
    let problem: String

    init(_ problem: String) { self.problem = problem }

    package var description: String { "the base URL \(problem)" }
}
