/// The address of a webhook, read as strictly as a provider's, and with a query where it has one.
struct WebhookURL: Sendable, Equatable {
    /// Without a path.
    let origin: BaseURL
    /// Path and query, as they were written.
    let target: String

    /// - Throws: what is wrong, in words for whoever wrote it.
    init(_ text: String) throws(BaseURLDefect) {
        let bytes = Array(text.utf8)
        let mark = bytes.firstIndex(of: .question) ?? bytes.endIndex
        let base = try BaseURL(String(decoding: bytes[..<mark], as: UTF8.self))
        origin = try BaseURL("\(base.scheme.rawValue)://\(base.authority)")
        let slashes = bytes[..<mark].indices.filter { bytes[$0] == .slash }
        let path = slashes.count > 2 ? bytes[slashes[2]..<mark] : [.slash]
        target = String(decoding: path + bytes[mark...], as: UTF8.self)
        guard bytes.count <= 2_048 else { throw BaseURLDefect("is longer than 2,048 bytes") }
        guard RequestTarget.isPathAndQuery(target.utf8) else {
            throw BaseURLDefect("holds a byte that must be percent-encoded")
        }
    }
}
