import NIOCore
import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One connection: collects requests, has them answered, and plays the answers out in order.
final class SandboxHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let engine: SandboxEngine
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var isTooLarge = false
    private var waiting: [SandboxRequest] = []
    private var isAnswering = false
    private var isBilled = false
    /// A stream that is being written bit by bit, and how many events of it are out.
    private var streamed: (answer: SandboxAnswer, events: Int)?
    private var timer: Scheduled<Void>?

    init(engine: SandboxEngine) {
        self.engine = engine
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
            isTooLarge = false
            if head.headers.contains(name: "expect") {
                let interim = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
                context.writeAndFlush(wrapOutboundOut(interim), promise: nil)
            }
        case .body(var part):
            if body.readableBytes + part.readableBytes > SandboxLimits.bodyBytes {
                isTooLarge = true
            } else if body.readableBytes == 0 {
                body = part
            } else {
                body.writeBuffer(&part)
            }
        case .end:
            guard let head else { return }
            accept(SandboxRequest(head: head, body: body, isTooLarge: isTooLarge), context)
            self.head = nil
            body = ByteBuffer()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // No HTTP: what has been asked before is still being answered, or nothing is.
        if error is HTTPParserError, !isAnswering {
            let refusal =
                "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: refusal)), promise: nil)
        }
        context.close(promise: nil)
    }

    /// What is billed and can't be sent any more needs no timer. A provider stops generating where
    /// nobody listens any more.
    func channelInactive(context: ChannelHandlerContext) {
        if let streamed, !isBilled {
            engine.bill(streamed.answer, events: streamed.events)
            isBilled = true
        }
        if isBilled { timer?.cancel() }
        context.fireChannelInactive()
    }

    private func accept(_ request: SandboxRequest, _ context: ChannelHandlerContext) {
        guard !isAnswering else {
            guard waiting.count < SandboxLimits.pipelinedRequests else {
                return context.close(promise: nil)
            }
            return waiting.append(request)
        }
        begin(request, context.channel)
    }

    private func begin(_ request: SandboxRequest, _ channel: any Channel) {
        isAnswering = true
        isBilled = false
        streamed = nil
        let answer = engine.answer(request)
        play(answer, SandboxDelivery.steps(of: answer, for: request)[...], channel)
    }

    /// Carries out the steps up to the next wait. Billing happens also when the client has gone
    /// before the first byte: a provider finishes what it has begun.
    private func play(
        _ answer: SandboxAnswer, _ steps: ArraySlice<SandboxDelivery.Step>, _ channel: any Channel
    ) {
        var rest = steps
        while let step = rest.popFirst() {
            switch step {
            case .wait(let milliseconds):
                timer = channel.eventLoop.assumeIsolated().scheduleTask(
                    in: .milliseconds(Int64(milliseconds))
                ) {
                    self.play(answer, rest, channel)
                }
                return
            case .bill(let events):
                engine.bill(answer, events: events)
                isBilled = true
                if !channel.isActive { return }
            case .write(let buffer, let events):
                guard channel.isActive else { return leave(answer) }
                channel.writeAndFlush(buffer, promise: nil)
                if let events { streamed = (answer, events) }
            case .reset:
                return reset(channel)
            case .close:
                return channel.close(promise: nil)
            case .next:
                next(channel)
            }
        }
    }

    private func leave(_ answer: SandboxAnswer) {
        if !isBilled { engine.bill(answer, events: streamed?.events ?? 0) }
        isBilled = true
    }

    private func next(_ channel: any Channel) {
        isAnswering = false
        guard !waiting.isEmpty else { return }
        begin(waiting.removeFirst(), channel)
    }

    /// RST instead of FIN: the kernel drops what is unsent when lingering is off.
    private func reset(_ channel: any Channel) {
        guard let socket = channel as? any SocketOptionProvider else {
            return channel.close(promise: nil)
        }
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
