import NIOCore
import WeirService

/// Does what a request has asked for when its client leaves. Runs on the connection's event loop.
///
/// A client that ends its side in the middle of an answer has left, as far as anyone can tell. One
/// that has done so before, right behind its request, may still be reading: it is missed when
/// nothing can be written to it any more.
final class ClientWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    fileprivate var action: (@Sendable () -> Void)?

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { leave() }
        context.fireUserInboundEventTriggered(event)
    }

    private func leave() {
        let action = action
        self.action = nil
        action?()
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
