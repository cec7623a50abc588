import WeirCore

/// Where a picture or a document is for the provider to fetch: an address on the web that is no
/// door to the provider's own stores, which all tenants share, and no video.
struct MediaAddress {
    let text: String

    /// Throws `invalid_request` with the reason. Weir never fetches anything itself.
    init(_ text: String, param: String) throws(WeirError) {
        func refusal(_ reason: String) -> WeirError {
            WeirError(.invalidRequest, "\(param) \(reason)", param: param)
        }
        guard let host = MediaAddress.host(text) else {
            throw refusal("must be an http or https address")
        }
        let parts = host.split(separator: UInt8(ascii: ".")).map {
            String(decoding: $0, as: UTF8.self)
        }
        let domain = parts.suffix(2).joined(separator: ".")
        // Uploaded files are served from below googleapis.com; Cloud Storage by its signed
        // addresses is the customer's own.
        let isStorage = Array(parts.suffix(3)) == ["storage", "googleapis", "com"]
        guard domain != "googleapis.com" || isStorage else {
            throw refusal("is not supported here: files at the provider belong to all callers")
        }
        guard !videoDomains.contains(domain) else {
            throw refusal("is not supported here: videos have no price")
        }
        self.text = text
    }

    /// The media type that the path's ending stands for.
    var mediaType: String? {
        let path = text.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        guard let dot = path.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let ending = String(decoding: path[path.index(after: dot)...], as: UTF8.self)
        return mediaTypes[ending.lowercased()]
    }

    /// The host in lower case. Only the plain form counts: no name or password, no escapes, no
    /// address of a machine in brackets; what is fetched must be what was checked.
    private static func host(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)[...]
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            return nil
        }
        let schemes = ["https://", "http://"].map { Array($0.utf8) }
        let scheme = schemes.first { bytes.prefix($0.count).map(lowered).elementsEqual($0) }
        guard let scheme else { return nil }
        bytes = bytes.dropFirst(scheme.count)
        let authority = bytes.prefix { !"/?#".utf8.contains($0) }
        let colon = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        let host = authority[..<colon].map(lowered)
        let port = authority[colon...].dropFirst()
        guard !host.isEmpty, port.count <= 5, port.allSatisfy(isDigit),
            host.allSatisfy({ isAlphanumeric($0) || "-._".utf8.contains($0) })
        else { return nil }
        return host
    }
}

private func lowered(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 0x20 : byte
}

private let videoDomains: Set<String> = [
    "youtube.com", "youtu.be", "youtube-nocookie.com", "googlevideo.com",
]

private let mediaTypes = [
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp",
    "gif": "image/gif", "heic": "image/heic", "heif": "image/heif", "bmp": "image/bmp",
    "pdf": "application/pdf", "txt": "text/plain", "csv": "text/csv", "html": "text/html",
]
