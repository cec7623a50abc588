import NIOCore
import NIOWebSocket
import WeirCore
import WeirService

/// A stream of events that goes out by WebSocket.
struct EventSocket: Sendable {
    var stream: EventStream
    /// Whether it was said where the stream begins; else the client may still say it.
    let isPlaced: Bool
}

/// One connection that speaks WebSocket: sends events as they come, and looks at what its client
/// says, which is little. Runs on the connection's event loop.
final class WebSocketSession: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// Bytes of a client's message.
    static let frameLimit = 1_024
    /// How long a client may take to say where it was.
    private static let placing = TimeAmount.seconds(2)
    /// How long a client may take to close after it was told to.
    private static let closing = TimeAmount.seconds(1)

    private let socket: EventSocket
    private var context: ChannelHandlerContext?
    private var phase = Phase.added
    private var timer: Scheduled<Void>?
    /// A ping is out that wasn't answered.
    private var isAwaitingPong = false

    private enum Phase { case added, placing, running, closing }

    init(_ socket: EventSocket) { self.socket = socket }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    /// The connection speaks WebSocket from here on.
    func begin() {
        guard let context else { return }
        let place = NIOLoopBound(self, eventLoop: context.eventLoop)
        socket.stream.onCut { [loop = context.eventLoop] in
            loop.execute { place.value.cut() }
        }
        guard !socket.isPlaced else { return run(after: nil) }
        phase = .placing
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: WebSocketSession.placing) {
            self.run(after: nil)
        }
    }

    // MARK: in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        // Section 5.1, and 5.2: no extension was agreed on.
        guard frame.maskKey != nil, frame.reservedBits.isEmpty else {
            return close(.protocolError)
        }
        switch frame.opcode {
        case .text where frame.fin: hear(frame)
        case .text, .continuation: close(.policyViolation)
        case .binary: close(.unacceptableData)
        case .ping:
            // Whoever doesn't take the answers has no need of more.
            guard context.channel.isWritable else { return }
            send(.pong, frame.unmaskedData)
        case .pong: isAwaitingPong = false
        case .connectionClose:
            if phase != .closing { send(.connectionClose, frame.unmaskedData) }
            leave()
            context.close(promise: nil)
        default: close(.protocolError)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            leave()
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case NIOWebSocketError.invalidFrameLength? = error as? NIOWebSocketError {
            return close(.messageTooLarge)
        }
        if error is NIOWebSocketError { return close(.protocolError) }
        leave()
        context.close(promise: nil)
    }

    /// The one message that a client may send: `{"last_event_id":7}`.
    private func hear(_ frame: WebSocketFrame) {
        let bytes = Array(frame.unmaskedData.readableBytesView)
        // What is wrong with it doesn't matter; there is one thing that it can be.
        guard phase == .placing, let message = try? JSONParser.parse(bytes, .request),
            message.object?.members.count == 1, let last = message["last_event_id"]?.integer,
            last >= 0
        else { return close(.policyViolation) }
        run(after: last)
    }

    // MARK: out

    private func run(after last: Int64?) {
        guard phase == .added || phase == .placing, let context else { return }
        timer?.cancel()
        phase = .running
        let place = NIOLoopBound(self, eventLoop: context.eventLoop)
        // Unstructured: a handler can't wait. It ends with the stream, which ends with the
        // connection.
        Task { [loop = context.eventLoop, stream = socket.stream] in
            await SocketFeed(stream: stream).run(after: last) { messages in
                try await loop.flatSubmit { place.value.send(messages, on: loop) }.get()
            }
        }
    }

    /// The future is fulfilled when the connection has taken all of it.
    private func send(
        _ messages: [SocketFeed.Message], on loop: any EventLoop
    ) -> EventLoopFuture<Void> {
        guard let context, phase == .running else {
            return loop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        for (index, message) in messages.enumerated() {
            let promise = index == messages.count - 1 ? written : nil
            switch message {
            case .text(let bytes): send(.text, ByteBuffer(bytes: bytes), promise)
            case .ping:
                guard !isAwaitingPong else {
                    context.close(promise: nil)
                    promise?.fail(ChannelError.ioOnClosedChannel)
                    break
                }
                isAwaitingPong = true
                send(.ping, ByteBuffer(), promise)
            case .close(let code):
                promise?.succeed()
                close(code)
            }
        }
        return written.futureResult
    }

    private func send(
        _ opcode: WebSocketOpcode, _ data: ByteBuffer, _ promise: EventLoopPromise<Void>? = nil
    ) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: data)
        context?.writeAndFlush(wrapOutboundOut(frame), promise: promise)
    }

    private func close(_ code: WebSocketErrorCode) {
        guard phase != .closing, let context else { return }
        phase = .closing
        leave()
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        send(.connectionClose, data)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: WebSocketSession.closing) {
            context.close(promise: nil)
        }
    }

    /// The client takes nothing: neither will it the reason, most likely.
    private func cut() {
        close(SocketFeed.tryAgainLater)
        context?.close(promise: nil)
    }

    private func leave() {
        timer?.cancel()
        timer = nil
        socket.stream.leave()
    }
}
