package import WeirCore
import WeirService

/// Which servers may be told, and at which addresses.
package struct WebhookRules: WebhookRule, Sendable, Equatable {
    /// `hooks.example.com`, or `*.example.com` for every name below it; in lower case. None:
    /// nobody is told.
    package var hosts: [String] = []
    package var allowsHTTP = false
    /// Whether addresses that aren't public are reached.
    package var allowsPrivate = false
    /// Beside the scheme's own.
    package var ports: Set<Int> = []

    package init() {}

    package func check(_ url: String) throws(WeirError) {
        do {
            _ = try read(url)
        } catch {
            throw WeirError(.invalidRequest, "webhook_url \(error.problem)", param: "webhook_url")
        }
    }

    func read(_ text: String) throws(BaseURLDefect) -> WebhookURL {
        guard !hosts.isEmpty else { throw BaseURLDefect("can't be told: no host is allowed") }
        let url = try WebhookURL(text)
        let origin = url.origin
        guard origin.scheme == .https || allowsHTTP else {
            throw BaseURLDefect("must begin with https://")
        }
        guard origin.port == origin.scheme.defaultPort || ports.contains(origin.port) else {
            throw BaseURLDefect("has a port that isn't allowed")
        }
        guard hosts.contains(where: { WebhookRules.covers($0, origin.host) }) else {
            throw BaseURLDefect("has a host that isn't allowed")
        }
        if origin.isAddress {
            guard let address = NetworkAddress(text: origin.host), allows(address) else {
                throw BaseURLDefect("has an address that isn't public")
            }
        }
        return url
    }

    /// Asked of each address that a connection is about to be made to.
    func allows(_ address: NetworkAddress) -> Bool { allowsPrivate || address.isPublic }

    private static func covers(_ pattern: String, _ host: String) -> Bool {
        guard pattern.utf8.starts(with: "*.".utf8) else {
            return pattern.utf8.elementsEqual(host.utf8)
        }
        let suffix = Array(pattern.utf8.dropFirst())
        let host = Array(host.utf8)
        return host.count > suffix.count && host.suffix(suffix.count).elementsEqual(suffix)
    }

    /// Whether a text can be one of `hosts`.
    package static func isPattern(_ text: String) -> Bool {
        let isWide = text.utf8.starts(with: "*.".utf8)
        let name = isWide ? String(text.dropFirst(2)) : text
        let written = name.utf8.contains(.colon) ? "[\(name)]" : name
        // Whether it is one is the question, not why it isn't.
        guard let base = try? BaseURL("https://\(written)") else { return false }
        return base.host.utf8.elementsEqual(name.utf8) && base.port == 443
            && base.pathPrefix.isEmpty && !(isWide && base.isAddress)
    }
}
