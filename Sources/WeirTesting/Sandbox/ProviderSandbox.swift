package import NIOCore
import NIOHTTP1
import NIOPosix

/// A server that speaks the protocols of Anthropic, OpenAI, DeepSeek and Gemini over HTTP/1.1,
/// for tests, demos and benchmarks: it answers with an echo, with a recording, or as badly as it
/// is told to, and keeps the truth about what it would have billed.
///
/// One port, one path prefix a provider: `/openai/v1`, `/anthropic/v1`, `/deepseek`,
/// `/gemini/v1beta`, `/compatible/v1` (`SandboxRoute`). It shares no code with what it tests.
///
/// - Counting: `SandboxTokenizer`. Billing: one line a request in the truth log
///   (`SandboxTruth`), written just before the answer's first byte (of a dripping stream: its
///   last one, or when the client has left); a refused request is there with `billed: false`.
/// - Misbehaviour: `SandboxBehaviour.Key` lists the keys. They are given in the prompt
///   (`@sandbox{status=503,latency_ms=50}`, in the last user text), in the header `x-sandbox`
///   (which wins over the prompt), or for many requests by `PUT /_sandbox/behaviour`
///   `{"provider":"openai","endpoint":null,"model":null,"count":3,"behaviour":{"status":503}}`
///   (both win over it). `GET` lists and `DELETE` clears these rules. Model lists obey only
///   rules with `"endpoint":"models"`.
/// - Recordings: a request that equals a recorded one, or has its model and last user text, gets
///   the recorded answer; the header `x-sandbox-recording` names one by its id.
/// - `GET /_sandbox/truth` (totals), `/_sandbox/requests?last=N`, `/_sandbox/health`.
package final class ProviderSandbox: Sendable {
    private let channel: any Channel
    private let engine: SandboxEngine
    private let connections: SandboxConnections

    /// The port that is listened on.
    package let port: Int

    private init(
        channel: any Channel, engine: SandboxEngine, connections: SandboxConnections, port: Int
    ) {
        self.channel = channel
        self.engine = engine
        self.connections = connections
        self.port = port
    }

    /// Reads the recordings, opens the truth log, and listens.
    ///
    /// - Throws: an unreadable recording or truth log, or an address that can't be bound.
    package static func start(
        _ configuration: SandboxConfiguration, group: any EventLoopGroup
    ) async throws -> ProviderSandbox {
        let engine = try SandboxEngine(configuration)
        let connections = SandboxConnections()
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)
                    let operations = child.pipeline.syncOperations
                    try operations.addHandler(ByteToMessageHandler(decoder))
                    try operations.addHandler(SandboxHandler(engine: engine))
                    connections.add(child)
                }
            }
            .bind(host: configuration.host, port: configuration.port).get()
        let port = channel.localAddress?.port ?? configuration.port
        return ProviderSandbox(
            channel: channel, engine: engine, connections: connections, port: port)
    }

    /// Stops listening and closes every connection, answered or not.
    package func stop() async throws {
        try await channel.close()
        connections.closeAll()
        engine.close()
    }
}
