package import WeirCore

/// Which addresses may be told of a job's end.
package protocol WebhookRule: Sendable {
    /// Throws `invalid_request` for one that may not, whatever the reason.
    func check(_ url: String) throws(WeirError)
}

/// Every address that is one: `http` or `https`, a host, and nothing that no URL has.
package struct PlainWebhookRule: WebhookRule {
    package static let limit = 2_048

    package init() {}

    package func check(_ url: String) throws(WeirError) {
        let bytes = Array(url.utf8)
        let scheme = ["https://", "http://"].first { bytes.starts(with: $0.utf8) }
        guard let scheme, bytes.count <= PlainWebhookRule.limit,
            bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
            let first = bytes.dropFirst(scheme.utf8.count).first,
            !"/?#:@".utf8.contains(first)
        else {
            throw WeirError(
                .invalidRequest, "webhook_url must be an absolute http or https URL",
                param: "webhook_url")
        }
    }
}
