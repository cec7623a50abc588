import HTTPTypes
import NIOCore
import NIOHTTP1
import WeirCore

/// Stands between the HTTP decoder and the server. What the decoder or `HeadRules` refuses gets an
/// answer in the shape of every other error, as the connection's last one; nothing behind it is
/// read. The server itself writes a bare 400 there, which is told apart by its want of a request
/// id and rewritten. Runs on the connection's event loop.
final class ProtocolGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let refuse: @Sendable (WeirError) -> Answer
    private let draining: Draining
    /// Requests that were passed on and have no answer yet.
    private var unanswered = 0
    /// The head of a request has been passed on, its end hasn't.
    private var isInRequest = false
    /// The last request that was passed on is the connection's last.
    private var isLast = false
    /// The request that was passed on speaks HTTP/1.0, in which nothing comes in chunks; it is
    /// the connection's last then.
    private var isOld = false
    private var fault: Fault?
    private var isDropping = false

    private enum Fault {
        /// What comes instead of a request: it has an answer of its own.
        case head(WeirError)
        /// The rest of a request's body: the request's own answer says all.
        case body
    }

    /// - Parameter refuse: makes an error's answer, with a new request id.
    init(draining: Draining, refuse: @escaping @Sendable (WeirError) -> Answer) {
        self.draining = draining
        self.refuse = refuse
    }

    // MARK: in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard fault == nil, !isLast || isInRequest else { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            if let reason = HeadRules.fault(head) {
                fault = .head(WeirError(.invalidRequest, reason))
                context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
                return
            }
            unanswered += 1
            isInRequest = true
            if head.version == .http1_0 { isOld = true }
            if HeadRules.endsConnection(head) || draining.hasBegun {
                isLast = true
                head.headers.sayClose()
            }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body: context.fireChannelRead(data)
        case .end:
            isInRequest = false
            context.fireChannelRead(data)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError, fault == nil {
            fault = isInRequest ? .body : .head(ProtocolGuard.refusal(error))
            isLast = isLast || isInRequest
        }
        context.fireErrorCaught(error)
    }

    // MARK: out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): write(head, context, promise)
        case .body, .end:
            if isDropping { promise?.succeed(()) } else { context.write(data, promise: promise) }
        }
    }

    private func write(
        _ head: HTTPResponseHead, _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>?
    ) {
        var head = head
        guard head.status.code >= 200 else {
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        }
        guard let fault, !head.headers.contains(name: "x-request-id") else {
            unanswered -= 1
            if isLast, unanswered == 0 {
                head.headers.replaceOrAdd(name: "connection", value: "close")
                // A stream has no length: to this client its end is the connection's.
                if isOld, !head.headers.contains(name: "content-length") {
                    head.version = .http1_0
                }
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        }
        switch fault {
        case .head(let error): write(refuse(error), context, promise)
        case .body:
            isDropping = true
            promise?.succeed(())
        }
    }

    private func write(
        _ answer: Answer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        let head = HTTPResponseHead(last: answer)
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        let body = ByteBuffer(bytes: answer.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }

    private static func refusal(_ error: HTTPParserError) -> WeirError {
        let message =
            switch error {
            case .headerOverflow: "The request's head is too large"
            case .invalidMethod: "The request's method is unknown"
            case .invalidVersion: "The request's version of HTTP is not supported"
            case .invalidContentLength, .unexpectedContentLength:
                "The request's Content-Length can't be relied on"
            default: "The request breaks the rules of HTTP"
            }
        return WeirError(.invalidRequest, message)
    }
}

extension HTTPHeaders {
    /// Says that the connection ends, in the one spelling that the server knows. Fields that were
    /// named beside it are between the two neighbours (RFC 9110, section 7.6.1): they go with their
    /// names, or would be sent on later.
    fileprivate mutating func sayClose() {
        for name in self[canonicalForm: "connection"] where !HTTPHeaders.isFraming(name) {
            remove(name: String(name))
        }
        replaceOrAdd(name: "connection", value: "close")
    }

    private static func isFraming(_ name: Substring) -> Bool {
        ["host", "content-length", "transfer-encoding"].contains(name.lowercased())
    }
}

extension HTTPResponseHead {
    /// The head of a whole answer that is its connection's last.
    init(last answer: Answer) {
        var headers = HTTPHeaders()
        for field in answer.fields { headers.add(name: field.name.rawName, value: field.value) }
        headers.replaceOrAdd(name: "content-length", value: String(answer.body.count))
        headers.add(name: "connection", value: "close")
        self.init(
            version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
    }
}
