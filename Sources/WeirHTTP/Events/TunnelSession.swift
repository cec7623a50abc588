import NIOCore
import WeirService

/// One connection whose bytes go on to an instance as they come, and the instance's back: what they
/// say is between the two ends. Neither end is read while the other one takes nothing, and where
/// one ends so does the other. Runs on the connection's event loop.
final class TunnelSession: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let reply: ForwardedReply
    private let stall: TimeAmount
    private var context: ChannelHandlerContext?
    /// From the client; what one read brings.
    private var waiting: [UInt8] = []
    /// The instance hasn't taken the last piece yet, and the client isn't read meanwhile.
    private var isSending = false
    private var owesRead = false
    private var hasLeft = false

    /// - Parameters:
    ///   - reply: behind a 101.
    ///   - stall: how long the client may take over one piece before it is cut.
    init(_ reply: ForwardedReply, stall: TimeAmount) {
        self.reply = reply
        self.stall = stall
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        leave()
    }

    /// The connection is the instance's from here on.
    func begin() {
        guard let loop = context?.eventLoop else { return }
        let place = NIOLoopBound(self, eventLoop: loop)
        // Unstructured: a handler can't wait. It ends with the reply, which ends with the
        // connection.
        Task { [reply] in
            while case .bytes(let bytes) = await reply.next() {
                let written = loop.flatSubmit { place.value.write(bytes, on: loop) }
                // Where the client is gone, the reply has been given up.
                guard (try? await written.get()) != nil else { break }
            }
            loop.execute { place.value.context?.close(promise: nil) }
        }
    }

    // MARK: to the client

    private func write(_ bytes: [UInt8], on loop: any EventLoop) -> EventLoopFuture<Void> {
        guard let context else { return loop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        let written = loop.makePromise(of: Void.self)
        let cut = loop.assumeIsolated().scheduleTask(in: stall) { context.close(promise: nil) }
        written.futureResult.whenComplete { _ in cut.cancel() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: written)
        return written.futureResult
    }

    // MARK: from the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        waiting += unwrapInboundIn(data).readableBytesView
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        send()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if isSending {
            owesRead = true
        } else {
            context.read()
        }
    }

    private func send() {
        guard !isSending, !waiting.isEmpty, let loop = context?.eventLoop else { return }
        isSending = true
        let bytes = waiting
        waiting = []
        let place = NIOLoopBound(self, eventLoop: loop)
        // Unstructured, as above; an instance that takes nothing for long is lost.
        Task { [reply] in
            let isTaken = await reply.send(bytes)
            loop.execute { place.value.sent(isTaken) }
        }
    }

    private func sent(_ isTaken: Bool) {
        isSending = false
        if hasLeft { return reply.cancel() }
        // Else the connection to the instance has ended, and this one does too.
        guard isTaken else { return }
        send()
        guard !isSending, owesRead else { return }
        owesRead = false
        context?.read()
    }

    // MARK: the end

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The client has ended its side, or the process ends: frames aren't told apart here, so
        // that nothing can be said between them.
        let hasEnded = event as? ChannelEvent == .inputClosed
        if hasEnded || event is ChannelShouldQuiesceEvent {
            leave()
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        leave()
        context.close(promise: nil)
    }

    /// What the client has said last still goes on.
    private func leave() {
        hasLeft = true
        if !isSending { reply.cancel() }
    }
}
