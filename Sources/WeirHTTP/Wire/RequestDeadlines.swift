import NIOCore
import NIOHTTP1

/// Closes a connection whose request doesn't arrive in time: a head that trickles in, a body that
/// stalls; and one whose client takes nothing of an answer. A request that is there within one read
/// costs no timer.
///
/// All parts of one connection run on its event loop.
final class RequestDeadlines: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    fileprivate enum Phase { case idle, head, body }

    /// Moved on by the bytes here, and by `RequestPartWatcher` behind the decoder.
    fileprivate var phase: Phase = .idle
    private var timer: (phase: Phase, task: Scheduled<Void>)?
    private let headTimeout: TimeAmount
    private let bodyTimeout: TimeAmount
    private let stallTimeout: TimeAmount
    private var stall: Scheduled<Void>?

    init(head: TimeAmount, body: TimeAmount, stall: TimeAmount) {
        headTimeout = head
        bodyTimeout = body
        stallTimeout = stall
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if phase == .idle { phase = .head }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        arm(context)
        context.fireChannelReadComplete()
    }

    /// What is written waits here while the client takes nothing.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable { watch(context) }
        context.fireChannelWritabilityChanged()
    }

    /// Closes where nothing was taken when the time is over; as long as something is, it is a slow
    /// client and no absent one.
    private func watch(_ context: ChannelHandlerContext) {
        let waiting = bytesWaiting(context)
        stall = context.eventLoop.assumeIsolated().scheduleTask(in: stallTimeout) {
            let now = self.bytesWaiting(context)
            if now == nil || now == waiting {
                context.close(promise: nil)
            } else {
                self.watch(context)
            }
        }
    }

    /// Nil where the channel can't tell.
    private func bytesWaiting(_ context: ChannelHandlerContext) -> Int? {
        try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    private func arm(_ context: ChannelHandlerContext) {
        guard timer?.phase != phase else { return }
        disarm()
        guard phase != .idle else { return }
        let timeout = phase == .head ? headTimeout : bodyTimeout
        let task = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            context.close(promise: nil)
        }
        timer = (phase, task)
    }

    private func end() {
        disarm()
        stall?.cancel()
        stall = nil
    }

    private func disarm() {
        timer?.task.cancel()
        timer = nil
    }
}

/// Tells the deadlines where a request's head and its body end.
final class RequestPartWatcher: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let deadlines: RequestDeadlines

    init(_ deadlines: RequestDeadlines) { self.deadlines = deadlines }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: deadlines.phase = .body
        case .body: break
        case .end: deadlines.phase = .idle
        }
        context.fireChannelRead(data)
    }
}
