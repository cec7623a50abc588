import NIOCore
import WeirService

/// A stream in flight on a connection: whose it is, and what it waits for.
struct Streaming {
    let limits: StreamLimits
    var start = NIODeadline.now()
    /// Of the whole exchange.
    let deadline: NIODeadline
    /// Whether whatever comes counts as a token, the head too.
    let countsAll: Bool
    /// Where the body goes, once a 2xx head is there.
    var body: ReplyBody?
    /// Whether the reader has to take something first: the socket isn't read meanwhile.
    var isResting = false
    var owesRead = false
    /// Nobody reads it any more; until then its end may still come.
    var discardedUntil: NIODeadline?

    /// Nil where the reply is to be collected.
    init?(_ wish: Exchange.Wish, deadline: NIODeadline) {
        switch wish {
        case .whole: return nil
        case .stream(let limits): self.limits = limits
        case .relay(let silence, _), .tunnel(let silence):
            var limits = StreamLimits()
            limits.firstToken = silence
            limits.betweenTokens = silence
            self.limits = limits
        }
        countsAll = wish.isRelay
        self.deadline = deadline
    }

    /// When it has waited too long, as things stand now. What waits for its own reader is no fault
    /// of the provider's.
    var due: NIODeadline { due(lastToken: body?.tokenTime) }

    /// - Parameter last: when the last token came; nil before the first.
    func due(lastToken last: NIODeadline?) -> NIODeadline {
        if let discardedUntil { return min(deadline, discardedUntil) }
        if isResting { return deadline }
        guard let last else { return min(deadline, start + TimeAmount(limits.firstToken)) }
        return min(deadline, last + TimeAmount(limits.betweenTokens))
    }
}

extension UpstreamConnection {
    /// Hands on what has come of a streamed reply; the first time, the reply itself.
    func handOn() {
        guard collector.isStreamed, case .busy(let caller) = phase, let context,
            let head = collector.head
        else { return }
        if streaming?.body == nil {
            let body = ReplyBody(self, loop: context.eventLoop, head: head)
            streaming?.body = body
            if streaming?.countsAll == true { body.noteToken() }
            caller.open(body)
        }
        let bytes = collector.takeBody()
        guard !bytes.isEmpty, streaming?.discardedUntil == nil, let body = streaming?.body else {
            return
        }
        if streaming?.countsAll == true { body.noteToken() }
        if body.receive(bytes) { streaming?.isResting = true }
    }

    /// The socket is read only while somebody takes what comes.
    func read(context: ChannelHandlerContext) {
        if streaming?.isResting == true {
            streaming?.owesRead = true
        } else {
            context.read()
        }
    }

    /// The reader has taken what was there.
    func goOn() {
        guard streaming?.isResting == true else { return }
        streaming?.isResting = false
        // The time of rest doesn't count.
        streaming?.body?.noteToken()
        if let due = streaming?.due { setAlarm(due) }
        guard streaming?.owesRead == true else { return }
        streaming?.owesRead = false
        context?.read()
    }

    /// Sends more to the other end of a tunnel. The future is done when the connection has taken
    /// it.
    func send(_ bytes: [UInt8], by body: ReplyBody) -> EventLoopFuture<Void> {
        guard streaming?.body === body, collector.isTunnel, let context else {
            return pool.loop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: written)
        return written.futureResult
    }

    /// The reader has what it wanted: a moment is given for the end, so that the connection can be
    /// used again.
    func discard(_ body: ReplyBody) {
        guard streaming?.body === body else { return }
        streaming?.discardedUntil = .now() + .seconds(1)
        goOn()
        if let due = streaming?.due { setAlarm(due) }
    }

    /// The reader wants no more of it.
    func giveUp(_ body: ReplyBody) {
        guard streaming?.body === body else { return }
        collector.connectionEnded("given up")
        finish(reusable: false)
    }
}
