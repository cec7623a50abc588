import NIOCore
import NIOHTTP1

/// One request as it was received.
struct SandboxRequest: Sendable {
    let method: HTTPMethod
    let path: String
    var query: String
    let headers: HTTPHeaders
    var body: ByteBuffer
    let isTooLarge: Bool
    let isKeepAlive: Bool
    /// HTTP/1.0 knows no chunks.
    let isVersion10: Bool

    init(head: HTTPRequestHead, body: ByteBuffer, isTooLarge: Bool) {
        let target = head.uri.utf8
        let mark = target.firstIndex(of: UInt8(ascii: "?"))
        self.path = String(head.uri[..<(mark ?? target.endIndex)])
        self.query = mark.map { String(head.uri[target.index(after: $0)...]) } ?? ""
        self.method = head.method
        self.headers = head.headers
        self.body = body
        self.isTooLarge = isTooLarge
        self.isKeepAlive = head.isKeepAlive
        self.isVersion10 = head.version.major == 1 && head.version.minor == 0
    }

    /// The value of one query parameter, as written.
    func parameter(_ name: String) -> String? {
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1)
            if let key = sides.first, key.elementsEqual(name.utf8) {
                return sides.count == 2 ? String(sides[1]) : ""
            }
        }
        return nil
    }

    /// The request as it is kept: a small part of a large body, and no credential in the query.
    var shortened: SandboxRequest {
        var kept = self
        if parameter("key") != nil { kept.query = "key=…" }
        if body.readableBytes > SandboxLimits.keptBodyBytes {
            // A slice would keep the whole body in memory.
            let beginning = body.readableBytesView.prefix(SandboxLimits.keptBodyBytes)
            kept.body = ByteBuffer(bytes: Array(beginning))
        }
        return kept
    }
}
