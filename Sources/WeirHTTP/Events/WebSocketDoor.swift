import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOWebSocket
import WeirCore
import WeirService

/// Takes the one path that speaks WebSocket out of the server's hands. The request is asked about
/// like any other; where it may have its stream, the connection's HTTP handlers make room for those
/// of a `WebSocketSession`, or of a `TunnelSession` where an instance has the stream, else the
/// answer is the connection's last. Runs on the connection's event loop.
final class WebSocketDoor: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let stall: TimeAmount
    private let respond: @Sendable (CallHead) async -> Answer
    private let refuse: @Sendable (WeirError) -> Answer
    private var phase = Phase.passing
    /// Requests that the server has and hasn't answered.
    private var unanswered = 0

    private enum Phase {
        /// Everything is the server's.
        case passing
        /// The request's head is there, its end isn't.
        case asked(HTTPRequestHead)
        /// Nothing more is read as HTTP.
        case taken
    }

    /// - Parameters:
    ///   - stall: how long a client may take over what an instance sends.
    ///   - respond: answers a request.
    ///   - refuse: makes the answer to what is no request.
    init(
        stall: TimeAmount, respond: @escaping @Sendable (CallHead) async -> Answer,
        refuse: @escaping @Sendable (WeirError) -> Answer
    ) {
        self.stall = stall
        self.respond = respond
        self.refuse = refuse
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (phase, unwrapInboundIn(data)) {
        case (.passing, .head(let head)) where WebSocketHandshake.isMeant(head):
            // What stands before it has to be answered before it.
            guard unanswered == 0 else { return context.close(promise: nil) }
            phase = .asked(head)
        case (.passing, let part):
            if case .head = part { unanswered += 1 }
            context.fireChannelRead(data)
        case (.asked(let head), .end):
            phase = .taken
            ask(head, context)
        case (.asked, _), (.taken, _): break
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    private func ask(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let handshake: WebSocketHandshake
        do {
            handshake = try WebSocketHandshake(head)
        } catch {
            return conclude(refuse(error), context)
        }
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        let accepted = upgrader.buildUpgradeResponse(
            channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:])
        let place = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        // Unstructured: a handler can't wait. Where the client has left meanwhile, what comes of
        // it is let go.
        Task { [respond, refuse, loop = context.eventLoop] in
            var own = await respond(handshake.head)
            // The handshake was looked at; there is nothing left that could fail.
            let headers = (try? await accepted.get()) ?? [:]
            if var stream = own.stream {
                // An instance's long answer, which has no upgrade in it.
                await stream.abandon()
                own = refuse(WebSocketDoor.noUpgrade)
            }
            if case .relayed(let reply) = own.upgrade, !reply.accepts(headers) {
                own = refuse(WebSocketDoor.noUpgrade)
            }
            let answer = own
            loop.execute {
                let (door, context) = place.value
                door.conclude(answer, context, headers, handshake.subprotocol)
            }
        }
    }

    private func conclude(
        _ answer: Answer, _ context: ChannelHandlerContext, _ headers: HTTPHeaders = [:],
        _ subprotocol: String? = nil
    ) {
        guard context.channel.isActive else { return }
        var headers = headers
        for field in answer.headers { headers.add(name: field.name.rawName, value: field.value) }
        guard let upgrade = answer.upgrade else { return write(answer, context) }
        if let subprotocol { headers.add(name: "sec-websocket-protocol", value: subprotocol) }
        let head = HTTPResponseHead(
            version: .http1_1, status: .switchingProtocols, headers: headers)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        do {
            try change(context, to: upgrade)
        } catch {
            context.close(promise: nil)
        }
    }

    private func write(_ answer: Answer, _ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(last: answer)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let body = ByteBuffer(bytes: answer.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let channel = context.channel
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in channel.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    /// The handlers of HTTP go, but for the server's last ones, which hear nothing any more until
    /// the connection ends.
    private func change(_ context: ChannelHandlerContext, to upgrade: Answer.Upgrade) throws {
        let pipeline = context.pipeline.syncOperations
        let begin: () -> Void
        switch upgrade {
        case .events(let socket):
            let session = WebSocketSession(socket)
            let decoder = WebSocketFrameDecoder(maxFrameSize: WebSocketSession.frameLimit)
            try pipeline.addHandlers(
                [ByteToMessageHandler(decoder), WebSocketFrameEncoder(), session],
                position: .after(self))
            begin = session.begin
        case .relayed(let reply):
            let session = TunnelSession(reply, stall: stall)
            try pipeline.addHandler(session, position: .after(self))
            begin = session.begin
        }
        func remove(_ type: (some RemovableChannelHandler).Type) throws {
            _ = pipeline.removeHandler(try pipeline.handler(type: type))
        }
        try remove(RequestDeadlines.self)
        try remove(ByteToMessageHandler<HTTPRequestDecoder>.self)
        try remove(HTTPResponseEncoder.self)
        try remove(ProtocolGuard.self)
        try remove(RequestPartWatcher.self)
        try remove(HTTPConnectionStateHandler.self)
        _ = pipeline.removeHandler(self)
        begin()
    }

    private static let noUpgrade = WeirError(
        .providerError, "The service has answered with no upgrade")
}

extension ForwardedReply {
    /// Whether the instance has answered the very handshake that is answered here.
    fileprivate func accepts(_ handshake: HTTPHeaders) -> Bool {
        let said = headers.filter { $0.hasName("sec-websocket-accept") }.map(\.value)
        return said == handshake["sec-websocket-accept"]
    }
}
