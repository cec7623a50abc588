import NIOCore

/// Does what a request has asked for when its client leaves. Runs on the connection's event loop.
final class ClientWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    fileprivate var action: (@Sendable () -> Void)?

    func channelInactive(context: ChannelHandlerContext) {
        let action = action
        self.action = nil
        action?()
        context.fireChannelInactive()
    }
}

/// A client by its connection.
struct WatchedClient: ClientConnection {
    let channel: any Channel

    func onLeaving(_ action: (@Sendable () -> Void)?) {
        channel.eventLoop.execute { [channel] in
            do {
                guard channel.isActive else {
                    action?()
                    return
                }
                let watch = try channel.pipeline.syncOperations.handler(type: ClientWatch.self)
                watch.action = action
            } catch {
                // The connection's handlers are gone, and so is its client.
                action?()
            }
        }
    }
}
