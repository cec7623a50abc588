import NIOCore
import NIOHTTP1
import WeirCore

/// Puts a connection's handlers in their places around the server's own decoder, which isn't ours
/// to build.
final class ConnectionInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let head: TimeAmount
    private let body: TimeAmount
    private let stall: TimeAmount
    private let draining: Draining
    private let addresses: AddressCounter?
    private let respond: @Sendable (CallHead) async -> Answer
    private let refuse: @Sendable (WeirError) -> Answer

    /// - Parameters:
    ///   - addresses: of all connections; nil: an address may have any number.
    ///   - respond: answers a request without a body.
    ///   - refuse: makes the answer to what is no request.
    init(
        head: Duration, body: Duration, stall: Duration, draining: Draining,
        addresses: AddressCounter?, respond: @escaping @Sendable (CallHead) async -> Answer,
        refuse: @escaping @Sendable (WeirError) -> Answer
    ) {
        self.head = TimeAmount(head)
        self.body = TimeAmount(body)
        self.stall = TimeAmount(stall)
        self.draining = draining
        self.addresses = addresses
        self.respond = respond
        self.refuse = refuse
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        let deadlines = RequestDeadlines(head: head, body: body, stall: stall)
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(deadlines, position: .first)
            try pipeline.addHandler(ClientWatch(), position: .first)
            if let addresses {
                try pipeline.addHandler(AddressGuard(addresses), position: .first)
            }
            // Behind the guard the phases are those of requests that are served.
            try pipeline.addHandler(
                WebSocketDoor(stall: stall, respond: respond, refuse: refuse),
                position: .after(decoder))
            try pipeline.addHandler(RequestPartWatcher(deadlines), position: .after(decoder))
            try pipeline.addHandler(
                ProtocolGuard(draining: draining, refuse: refuse), position: .after(decoder))
        } catch {
            // Without its deadlines a connection could be held for ever: it is not served.
            context.close(promise: nil)
        }
    }
}
