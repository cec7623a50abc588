import NIOCore

/// Closes a connection whose client takes nothing of what waits for it: an answer that nobody
/// reads would hold its money and its places for ever.
///
/// It runs on the connection's event loop. As long as the client keeps up it costs no timer.
final class StallDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let limit: TimeAmount
    private var timer: Scheduled<Void>?

    init(_ limit: Duration) { self.limit = TimeAmount(limit) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        if !context.channel.isWritable { watch(context) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    private func watch(_ context: ChannelHandlerContext) {
        let before = waiting(context)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            // A slow client is none that stands still.
            if self.waiting(context) == before {
                context.close(promise: nil)
            } else {
                self.watch(context)
            }
        }
    }

    /// Bytes that wait to be taken. While they do, the writer adds none.
    private func waiting(_ context: ChannelHandlerContext) -> Int? {
        // A channel that can't tell is taken for one that stands still.
        try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
    }
}
