import NIOCore
import NIOHTTP1
import WeirService

/// From bytes to a verdict, and what then becomes of the connection.
extension UpstreamConnection {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .busy: feed(unwrapInboundIn(data), context)
        // Nobody asked for anything: whatever it answers, it must not answer the next request.
        case .idle: pool.retire(self)
        case .connecting: failConnecting(ConnectFailure("the server spoke before the request"))
        case .closed: break
        }
    }

    /// A verdict of wholeness waits until here: bytes behind the reply in the same read spoil it.
    /// What comes after the next request was written can't be told from that one's reply, because
    /// replies of HTTP/1.1 don't say what they answer.
    func channelReadComplete(context: ChannelHandlerContext) {
        guard case .busy = phase, collector.verdict != nil else { return }
        finish(reusable: isFitForMore(context))
    }

    /// From the part receiver, while the decoder is at work: nothing may be closed or written.
    func receive(_ part: HTTPClientResponsePart) {
        collector.receive(part)
    }

    /// The peer has closed its side in an orderly way (plain HTTP only).
    func inputEnded(_ context: ChannelHandlerContext) {
        switch phase {
        case .busy: endReply(context)
        case .idle: pool.retire(self)
        case .closed: close()
        case .connecting: failConnecting(ConnectFailure("closed before the request"))
        }
    }

    /// The channel is gone.
    func channelEnded() {
        cancelTimer()
        switch phase {
        case .connecting:
            failConnecting(ConnectFailure("the connection was closed before it could be used"))
        case .busy:
            // TLS tells of an unclean end by an error before; a plain connection's orderly end
            // came as an event before. What ends here without a word was cut off.
            if pool.settings.tls != nil, let context { return endReply(context) }
            collector.connectionEnded("closed")
            finish(reusable: false)
        case .idle: phase = .closed
        case .closed: break
        }
        pool.closed(self)
    }

    /// Ends the exchange with the collector's verdict. Without one nothing happens.
    func finish(reusable: Bool) {
        guard case .busy(let caller) = phase, let verdict = collector.verdict else { return }
        handOn()
        let body = streaming?.body
        let owesRead = streaming?.owesRead == true
        streaming = nil
        ticket = nil
        phase = reusable ? .idle : .closed
        alarm.clear()
        leftover = nil
        if owesRead { context?.read() }
        if reusable {
            pool.released(self)
        } else {
            close()
        }
        if let body { return end(body, verdict, caller) }
        switch verdict {
        case .whole(let reply): caller.resolve(.reply(reply))
        case .lost(let loss): caller.resolve(.lost(loss))
        }
    }

    private func end(
        _ body: ReplyBody, _ verdict: ReplyCollector.Verdict, _ caller: Exchange.Caller
    ) {
        caller.load.decrease()
        switch verdict {
        case .whole: body.finish(.end, trailers: collector.trailers)
        case .lost(let loss): body.finish(.lost(loss))
        }
    }

    private func feed(_ incoming: ByteBuffer, _ context: ChannelHandlerContext) {
        var buffer = incoming
        if var rest = leftover {
            leftover = nil
            rest.writeBuffer(&buffer)
            buffer = rest
        }
        do {
            if !collector.isTunnel {
                _ = try decoder.decode(context: context, buffer: &buffer)
            }
        } catch {
            collector.receiveDefect("not HTTP: \(ConnectFailure.short(error))")
        }
        if collector.isTunnel {
            // The decoder has left what stands behind the head.
            collector.receive(.body(buffer))
        } else if buffer.readableBytes > 0 {
            leftover = buffer
        }
        collector.consumed(incoming.readableBytes)
        handOn()
        // There is nothing to wait for once it is lost.
        if case .lost = collector.verdict { finish(reusable: false) }
    }

    /// A body without a length is complete where the connection ends in an orderly way.
    private func endReply(_ context: ChannelHandlerContext) {
        var nothing = leftover ?? ByteBuffer()
        do {
            _ = try decoder.decodeLast(context: context, buffer: &nothing, seenEOF: true)
        } catch {
            collector.connectionEnded("closed")
        }
        collector.inputEnded()
        finish(reusable: false)
    }

    private func isFitForMore(_ context: ChannelHandlerContext) -> Bool {
        guard collector.allowsReuse, context.channel.isActive, !isRetired else { return false }
        if leftover != nil {
            collector.receiveDefect("bytes behind the reply")
            return false
        }
        // A reply that came before its request had been written: the rest of the request would be
        // taken for the beginning of the next one.
        let options = context.channel.syncOptions
        // A channel that can't tell is taken for one that isn't done.
        guard (try? options?.getOption(.bufferedWritableBytes)) == 0 else { return false }
        // An end of input between two replies is none to the decoder; inside of one it is an
        // error. So it tells whether something came behind the reply, without changing it.
        var nothing = ByteBuffer()
        do {
            _ = try decoder.decodeLast(context: context, buffer: &nothing, seenEOF: true)
            return true
        } catch {
            collector.receiveDefect("bytes behind the reply")
            return false
        }
    }
}

/// Receives what the decoder makes of the bytes, and hands it back to the connection.
final class ReplyPartReceiver: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let connection: UpstreamConnection

    init(_ connection: UpstreamConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.receive(unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The decoder throws the same error right after; the connection sees that.
    }
}
