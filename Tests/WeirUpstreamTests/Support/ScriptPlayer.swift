import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// One connection of a `ScriptedServer`.
final class ScriptPlayer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: ScriptedServer.Script
    private let record: ScriptedServer.Ledger
    private var number = 0
    private var requests = 0
    private var hasBegun = false
    private var received: [UInt8] = []

    init(_ script: ScriptedServer.Script, _ record: ScriptedServer.Ledger) {
        self.script = script
        self.record = record
    }

    func channelActive(context: ChannelHandlerContext) {
        number = record.value.withLock { record in
            record.open += 1
            record.connections += 1
            return record.connections - 1
        }
        play(script.onConnect[...], context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        record.value.withLock { $0.open -= 1 }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let steps = script.onFirstByte {
            if !hasBegun { play(steps[...], context.channel) }
            hasBegun = true
            return
        }
        received += Array(unwrapInboundIn(data).readableBytesView)
        while let length = requestLength() {
            let text = String(decoding: received.prefix(length), as: UTF8.self)
            received.removeFirst(length)
            record.value.withLock { $0.requests.append(text) }
            // No body of these tests holds an empty line.
            let body = text.split(separator: "\r\n").last.map(String.init) ?? ""
            let steps = script.echo(body, number, requests)
            requests += 1
            play(steps[...], context.channel)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// The bytes of a whole request at the front.
    private func requestLength() -> Int? {
        let end = Array("\r\n\r\n".utf8)
        guard received.count >= 4,
            let head = (0...received.count - 4).first(where: {
                received[$0..<$0 + 4].elementsEqual(end)
            })
        else { return nil }
        var length = head + 4
        let text = String(decoding: received[..<head], as: UTF8.self)
        for line in text.split(separator: "\r\n") where line.hasPrefix("content-length: ") {
            length += Int(line.dropFirst("content-length: ".count)) ?? 0
        }
        return received.count >= length ? length : nil
    }

    private func play(_ steps: ArraySlice<ScriptedServer.Step>, _ channel: any Channel) {
        var rest = steps
        while let step = rest.popFirst() {
            switch step {
            case .send(let text): channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
            case .sendBytes(let bytes):
                channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            case .close: channel.close(promise: nil)
            case .reset: reset(channel)
            case .endOutput: channel.close(mode: .output, promise: nil)
            case .read(let isReading):
                channel.setOption(.autoRead, value: isReading).whenComplete { _ in }
            case .wait(let gate):
                let player = NIOLoopBound(self, eventLoop: channel.eventLoop)
                let later = rest
                gate.future.hop(to: channel.eventLoop).whenComplete { _ in
                    player.value.play(later, channel)
                }
                return
            }
        }
    }

    private func reset(_ channel: any Channel) {
        guard let socket = channel as? any SocketOptionProvider else { return }
        let player = NIOLoopBound(self, eventLoop: channel.eventLoop)
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
            player.value.cut(channel)
        }
    }

    /// Closes below TLS, which would say goodbye first.
    private func cut(_ channel: any Channel) {
        // Without TLS there is no such handler, and nothing to go around.
        let below = try? channel.pipeline.syncOperations.context(
            handlerType: NIOSSLServerHandler.self)
        if let below {
            below.close(promise: nil)
        } else {
            channel.close(promise: nil)
        }
    }
}
