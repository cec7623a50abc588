import NIOCore

/// The bytes of an answer's head, and how its body is framed: by length, in chunks (streams), or
/// by the connection's end (HTTP/1.0).
struct SandboxFraming {
    let head: ByteBuffer
    let closes: Bool

    private let isChunked: Bool
    private let endsChunks: Bool

    init(_ reply: SandboxReply, _ behaviour: SandboxBehaviour, _ request: SandboxRequest) {
        let isOld = request.isVersion10 || behaviour.has(.http10)
        let offset = behaviour.number(.contentLength)
        let isLengthKnown = !reply.isStream || offset != nil
        let size = reply.pieces.reduce(0) { $0 + $1.readableBytes }
        isChunked = !isLengthKnown && !isOld
        endsChunks = !behaviour.has(.breakAfter)
        // A length that is too long can only end with the connection.
        closes =
            !request.isKeepAlive || isOld || behaviour.has(.close) || (offset ?? 0) > 0
            || !isLengthKnown && !isChunked

        var bytes = ByteBuffer()
        bytes.reserveCapacity(size + 768 + reply.pieces.count * 8)
        bytes.writeString(isOld ? "HTTP/1.0 " : "HTTP/1.1 ")
        bytes.writeString("\(reply.status) \(SandboxFraming.reason(reply.status))\r\n")
        bytes.writeString("content-type: \(reply.contentType)\r\n")
        for header in reply.headers {
            bytes.writeString(header.name)
            bytes.writeString(": ")
            bytes.writeString(header.value)
            bytes.writeString("\r\n")
        }
        if let count = behaviour.number(.headerBomb) {
            for index in 0..<count {
                bytes.writeString("x-bomb-\(index): \(SandboxFraming.filler)\r\n")
            }
        }
        if isChunked {
            bytes.writeString("transfer-encoding: chunked\r\n")
        } else if isLengthKnown {
            bytes.writeString("content-length: \(max(0, size + (offset ?? 0)))\r\n")
        }
        if closes { bytes.writeString("connection: close\r\n") }
        bytes.writeString("\r\n")
        head = bytes
    }

    /// Head and body in one buffer.
    func whole(_ reply: SandboxReply) -> ByteBuffer {
        var bytes = head
        for var piece in body(reply) { bytes.writeBuffer(&piece) }
        return bytes
    }

    /// The body in its framing, piece by piece.
    func body(_ reply: SandboxReply) -> [ByteBuffer] {
        guard isChunked else { return reply.pieces }
        var chunks: [ByteBuffer] = []
        chunks.reserveCapacity(reply.pieces.count + 1)
        for var piece in reply.pieces where piece.readableBytes > 0 {
            var chunk = ByteBuffer()
            chunk.reserveCapacity(piece.readableBytes + 12)
            chunk.writeString("\(String(piece.readableBytes, radix: 16))\r\n")
            chunk.writeBuffer(&piece)
            chunk.writeString("\r\n")
            chunks.append(chunk)
        }
        if endsChunks { chunks.append(ByteBuffer(string: "0\r\n\r\n")) }
        return chunks
    }

    private static let filler = String(repeating: "x", count: 80)

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 404: "Not Found"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}
