import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A TCP server that does what it is told, right or wrong: it reads requests as far as it must to
/// count them and plays out steps.
final class ScriptedServer: Sendable {
    enum Step: Sendable {
        case send(String)
        case sendBytes([UInt8])
        /// An orderly end, of both sides.
        case close
        /// RST instead of FIN.
        case reset
        /// Only our side ends.
        case endOutput
        case wait(Gate)
        case read(Bool)
    }

    struct Script: Sendable {
        /// Played as soon as a connection is open.
        var onConnect: [Step] = []
        /// Played at a request's first bytes, instead of its reply.
        var onFirstByte: [Step]?
        /// By the request's body, the number of the connection and of the request on it, both
        /// from 0.
        var echo: @Sendable (_ body: String, _ connection: Int, _ request: Int) -> [Step]

        init(
            onConnect: [Step] = [], onFirstByte: [Step]? = nil,
            reply: @escaping @Sendable (_ connection: Int, _ request: Int) -> [Step] = { _, _ in
                [.send(Script.ok)]
            }
        ) {
            self.onConnect = onConnect
            self.onFirstByte = onFirstByte
            echo = { _, connection, request in reply(connection, request) }
        }

        init(echo: @escaping @Sendable (String, Int, Int) -> [Step]) { self.echo = echo }

        static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

        static func always(_ steps: Step...) -> Script { Script(reply: { _, _ in steps }) }
    }

    struct Record: Sendable {
        var connections = 0
        var open = 0
        var requests: [String] = []
    }

    private let channel: any Channel
    private let record: Ledger
    let port: Int

    init(
        _ script: Script, tls: NIOSSLContext? = nil, host: String = "127.0.0.1", port: Int = 0
    ) async throws {
        let record = Ledger()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1_024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    let operations = child.pipeline.syncOperations
                    if let tls { try operations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try operations.addHandler(ScriptPlayer(script, record))
                }
            }
            .bind(host: host, port: port).get()
        self.record = record
        self.port = channel.localAddress?.port ?? 0
    }

    var seen: Record { record.value.withLock { $0 } }

    func stop() async throws { try await channel.close() }

    final class Ledger: Sendable {
        let value = Mutex(Record())
    }
}

/// Holds a step back until the test opens it.
final class Gate: Sendable {
    private let promise = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)

    var future: EventLoopFuture<Void> { promise.futureResult }

    func open() { promise.succeed() }
}
