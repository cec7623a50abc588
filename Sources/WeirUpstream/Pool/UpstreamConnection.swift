import NIOCore
import NIOHTTP1
import NIOTLS

/// One connection to a provider: writes a request, collects its reply, is idle, and so on until
/// one side closes it. Lives on one event loop and never leaves it.
///
/// It drives the decoder by hand, without the usual adapter: only so it sees every byte that comes
/// outside of an exchange, and its own writes go straight to the socket.
final class UpstreamConnection: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How each is left is said behind it.
    enum Phase {
        /// Channel active and TLS done, or closed.
        case connecting
        /// A request, a closed channel, a byte out of turn or the idle timeout.
        case idle
        /// A verdict of the collector: idle, or closed.
        case busy(Exchange.Caller)
        /// Never.
        case closed
    }

    let pool: EndpointPool
    let idleTimeout: TimeAmount
    /// From then on it takes no request; nil: no end.
    let retirement: NIODeadline?
    let decoder: HTTPResponseDecoder
    var phase = Phase.connecting
    var collector: ReplyCollector
    /// Where the exchange in flight is for a stream.
    var streaming: Streaming?
    /// Of the exchange in flight, where it can be abandoned.
    var ticket: ExchangeTicket?
    /// The beginning of a header field whose end hasn't come.
    var leftover: ByteBuffer?
    var alarm = LazyAlarm()
    var timer: NIOScheduledCallback?
    private(set) var context: ChannelHandlerContext?
    /// Succeeds when requests can be written; fails with a `ConnectFailure` or an error of TLS.
    private(set) var readiness: EventLoopPromise<Void>?

    init(pool: EndpointPool) {
        self.pool = pool
        let limits = pool.settings.limits
        let idle = TimeAmount(limits.idleTimeout).nanoseconds
        // Connections that were opened together must not all close together.
        idleTimeout = .nanoseconds(Int64.random(in: (idle - idle / 4)...idle))
        retirement = limits.connectionAge.map {
            let age = TimeAmount($0).nanoseconds
            return .now() + .nanoseconds(Int64.random(in: (age - age / 4)...age))
        }
        var bounds = NIOHTTPDecoderLimitConfiguration()
        bounds.maxHeaderFieldSize = limits.replyHeadBytes
        bounds.maxHeaderListSize = limits.replyHeadBytes
        decoder = HTTPResponseDecoder(
            informationalResponseStrategy: .forward, limitConfiguration: bounds)
        collector = ReplyCollector(limits)
    }

    // MARK: - What the pool does with it

    /// Whether a request can be written now.
    var isUsable: Bool {
        guard case .idle = phase, let context else { return false }
        return context.channel.isActive
    }

    /// Whether a request can be written now and has a good chance to arrive.
    func isUsable(for exchange: Exchange) -> Bool {
        guard isUsable, isFresh || !isRetired else { return false }
        return !exchange.wish.isRelay || !isLeftByPeer
    }

    /// Whether it has carried nothing yet.
    var isFresh: Bool { collector.verdict == nil }

    var isRetired: Bool { retirement.map { $0 <= .now() } ?? false }

    /// Writes a request. From here on nothing proves that it wasn't sent.
    func perform(_ exchange: Exchange) {
        guard isUsable, let context else {
            return exchange.resolve(.notSent("the connection was closed"))
        }
        phase = .busy(exchange.caller)
        ticket = exchange.ticket
        collector = ReplyCollector(pool.settings.limits, exchange.wish)
        streaming = Streaming(exchange.wish, deadline: exchange.deadline)
        // The decoder has to know that a reply may come; of the head it looks at the method only.
        decoder.write(
            data: .head(
                exchange.wish.isHead
                    ? UpstreamConnection.headRequest : UpstreamConnection.anyRequest))
        setAlarm(streaming?.due ?? exchange.deadline)
        context.writeAndFlush(wrapOutboundOut(exchange.request), promise: nil)
    }

    /// It was put among the idle ones.
    func rest() {
        var wait = idleTimeout
        if let seconds = collector.keepAliveSeconds {
            // A second before the server does it: a request on its way then would be lost.
            wait = min(wait, .seconds(Int64(max(0, seconds - 1))))
        }
        setAlarm(.now() + wait)
    }

    /// Closes without a word to the pool; `channelInactive` says that.
    func close() {
        context?.close(promise: nil)
    }

    /// Closes, and gives up what is in flight.
    func cutOff(_ reason: String) {
        collector.connectionEnded(reason)
        finish(reusable: false)
        close()
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        readiness = context.eventLoop.makePromise()
        decoder.decoderAdded(context: context)
        if context.channel.isActive { becomeActive(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        channelEnded()
        decoder.decoderRemoved(context: context)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        becomeActive(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        channelEnded()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiated):
            guard negotiated == nil || negotiated == "http/1.1" else {
                return failConnecting(ConnectFailure("TLS settled on no HTTP/1.1"))
            }
            becomeReady()
        case ChannelEvent.inputClosed:
            inputEnded(context)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch phase {
        case .connecting: failConnecting(error)
        case .idle: pool.retire(self)
        case .busy:
            collector.connectionEnded("the connection failed (\(ConnectFailure.short(error)))")
            finish(reusable: false)
        case .closed: break
        }
    }

    // MARK: - Connecting

    func failConnecting(_ error: any Error) {
        guard case .connecting = phase else { return }
        phase = .closed
        readiness?.fail(error)
        close()
    }

    private func becomeActive(_ context: ChannelHandlerContext) {
        guard case .connecting = phase else { return }
        if pool.settings.tls == nil { return becomeReady() }
        setAlarm(.now() + TimeAmount(pool.settings.limits.connectTimeout))
    }

    private func becomeReady() {
        guard case .connecting = phase else { return }
        alarm.clear()
        phase = .idle
        readiness?.succeed()
    }

    private static let anyRequest = HTTPRequestHead(
        version: .http1_1, method: .POST, uri: "/", headers: HTTPHeaders())
    private static let headRequest = HTTPRequestHead(
        version: .http1_1, method: .HEAD, uri: "/", headers: HTTPHeaders())
}

extension UpstreamConnection: Equatable {
    static func == (left: UpstreamConnection, right: UpstreamConnection) -> Bool { left === right }
}
