import NIOCore
import NIOHTTP1
import WeirCore
import WeirService

/// Collects one reply out of its parts and decides what became of it. A value: it knows no socket.
///
/// Begins without a verdict; gets one by the reply's end, by a defect or by the connection's end,
/// and never another, save that bytes behind a whole reply spoil it.
struct ReplyCollector {
    enum Verdict {
        case whole(HTTPReply)
        case lost(UpstreamOutcome.Loss)
    }

    private(set) var verdict: Verdict?
    /// Whether another request may follow on the connection, as far as the reply tells.
    private(set) var allowsReuse = false
    /// Seconds that the server says it keeps an idle connection.
    private(set) var keepAliveSeconds: Int?

    /// Whether the body is to be taken as it comes; once the head is there.
    private(set) var isStreamed = false
    private(set) var head: HTTPResponseHead?
    /// Whether the connection's bytes are the body, to its end: there was a 101 that was asked for.
    private(set) var isTunnel = false
    /// Behind a relayed body.
    private(set) var trailers: [HeaderField] = []

    private let wish: Exchange.Wish
    private var bodyLimit: Int
    private let streamBodyLimit: Int
    private let headLimit: Int
    private var body: [UInt8] = []
    private var received = 0
    /// The body is read to its end, and not kept.
    private var dropsBody = false
    private var interimReplies = 0
    private var bytesBeforeHead = 0

    init(_ limits: TransportLimits, _ wish: Exchange.Wish = .whole) {
        self.wish = wish
        bodyLimit = limits.replyBodyBytes
        streamBodyLimit = limits.streamBodyBytes
        headLimit = limits.replyHeadBytes
    }

    /// What has come of a streamed body since the last time.
    mutating func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    mutating func receive(_ part: HTTPClientResponsePart) {
        guard verdict == nil else { return }
        switch part {
        case .head(let head): receive(head)
        case .body(let bytes): receive(bytes)
        // Of a 101 only the head ends.
        case .end where isTunnel: break
        case .end(let trailers): end(trailers)
        }
    }

    /// Bytes off the wire, counted after their parts were received. A reason phrase or a run of
    /// interim replies can be endless without ever becoming a head.
    mutating func consumed(_ count: Int) {
        guard verdict == nil, head == nil else { return }
        bytesBeforeHead += count
        if bytesBeforeHead > headLimit { fail(.malformed("the head is over the limit")) }
    }

    /// The bytes are no HTTP, or none that answers one request.
    mutating func receiveDefect(_ reason: String) {
        if case .whole = verdict {
            allowsReuse = false
            verdict = .lost(.broken("bytes behind the reply's end"))
        } else {
            fail(.malformed(reason))
        }
    }

    /// The connection has ended. Only an orderly end can complete a body without a length; for
    /// that the decoder has been told of the end before.
    mutating func connectionEnded(_ reason: String) {
        allowsReuse = false
        guard head != nil else { return fail(.broken("\(reason) before the reply")) }
        fail(.broken("\(reason) after \(received) bytes of the reply's body"))
    }

    /// The connection has ended in an orderly way.
    mutating func inputEnded() {
        if isTunnel, verdict == nil { return end(nil) }
        connectionEnded("closed")
    }

    mutating func timedOut() {
        allowsReuse = false
        fail(.timeout)
    }

    private mutating func receive(_ head: HTTPResponseHead) {
        let framing = ReplyFraming(head, isForHead: wish.isHead, isForUpgrade: wish.isTunnel)
        if let defect = framing.defect { return fail(.malformed("the reply has \(defect)")) }
        isTunnel = head.status == .switchingProtocols
        guard head.status.code >= 200 || isTunnel else {
            interimReplies += 1
            if interimReplies > TransportLimits.interimReplies {
                fail(.malformed("too many interim replies"))
            }
            return
        }
        // What is passed on is read by whoever asked for it.
        if framing.isEncoded, !wish.isRelay {
            // An error's status says all that is charged by, whatever its body says.
            guard head.status.code >= 400 else {
                return fail(.malformed("the reply has a content-encoding that was not asked for"))
            }
            dropsBody = true
        }
        let streams = isStreamWanted(status: head.status.code)
        if streams { bodyLimit = streamBodyLimit }
        if let length = framing.contentLength {
            guard length <= bodyLimit else { return fail(.malformed("the body is over the limit")) }
            // What a server announces is no reason to allocate much.
            if !dropsBody { body.reserveCapacity(min(length, 64 << 10)) }
        }
        self.head = head
        isStreamed = streams
        allowsReuse = head.isKeepAlive && !framing.isCloseDelimited && !isTunnel
        keepAliveSeconds = framing.keepAliveSeconds
    }

    private func isStreamWanted(status: UInt) -> Bool {
        switch wish {
        case .whole: false
        case .stream: (200..<300).contains(status)
        case .relay, .tunnel: true
        }
    }

    private mutating func receive(_ bytes: ByteBuffer) {
        guard bytes.readableBytes <= bodyLimit - received else {
            return fail(.malformed("the body is over the limit"))
        }
        received += bytes.readableBytes
        guard !dropsBody else { return }
        body.append(contentsOf: bytes.readableBytesView)
    }

    private mutating func end(_ trailers: HTTPHeaders?) {
        guard let head else { return fail(.malformed("an end without a head")) }
        if wish.isRelay, let trailers { self.trailers = trailers.endToEnd }
        let reply = HTTPReply(status: Int(head.status.code), headers: head.headers, body: body)
        verdict = .whole(reply)
    }

    private mutating func fail(_ loss: UpstreamOutcome.Loss) {
        guard verdict == nil else { return }
        allowsReuse = false
        verdict = .lost(loss)
        // Of a stream even a part counts: it was paid for.
        if !isStreamed { body = [] }
    }
}

/// A reply with its headers as they came.
struct HTTPReply: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]
}
