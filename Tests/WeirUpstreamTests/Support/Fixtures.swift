import NIOCore
import NIOPosix
import NIOSSL
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

let provider = name("demo")

func name(_ text: String) -> ProviderName {
    guard let name = ProviderName(text) else { preconditionFailure("no provider's name: \(text)") }
    return name
}

struct FixedTime: TimeSource {
    func pause(_ time: Duration) async {}

    /// 1994-11-06 08:49:37 UTC
    func now() -> Timestamp { Timestamp(milliseconds: 784_111_777_000) }
}

func transport(
    _ url: String, limits: TransportLimits = TransportLimits(), authoritiesFile: String? = nil,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
) throws -> PooledTransport {
    let endpoint = UpstreamEndpoint(
        name: provider, baseURL: try BaseURL(url),
        credentials: [HeaderField("authorization", "Bearer key")],
        authoritiesFile: authoritiesFile)
    return try PooledTransport(
        endpoints: [endpoint], group: group, time: FixedTime(), limits: limits)
}

func call(
    _ path: String = "/chat", headers: [HeaderField] = [], body: String = "{}",
    timeout: Duration = .seconds(20)
) -> UpstreamCall {
    UpstreamCall(
        provider: provider, path: path, headers: headers, body: Array(body.utf8), timeout: timeout)
}

/// Runs a server and a transport that talks to it, and sees that neither leaves a connection.
func withServer(
    _ script: ScriptedServer.Script, limits: TransportLimits = TransportLimits(),
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    _ body: (ScriptedServer, PooledTransport) async throws -> Void
) async throws {
    let server = try await ScriptedServer(script)
    let transport = try transport(
        "http://127.0.0.1:\(server.port)/v1", limits: limits, group: group)
    try await body(server, transport)
    await transport.shutdown()
    #expect(await transport.connectionCount(provider) == 0)
    #expect(await eventually { server.seen.open == 0 })
    try await server.stop()
}

/// Whether something comes true within a minute; looks again and again.
func eventually(_ condition: () -> Bool) async -> Bool {
    for _ in 0..<60_000 {
        if condition() { return true }
        // A cancelled test needs no more waiting.
        try? await Task.sleep(for: .milliseconds(1))
    }
    return false
}

func text(_ outcome: UpstreamOutcome) -> String {
    switch outcome {
    case .reply(let reply): "\(reply.status) \(String(decoding: reply.body, as: UTF8.self))"
    case .notSent: "not sent"
    case .lost(.timeout): "timeout"
    case .lost(.broken): "broken"
    case .lost(.malformed): "malformed"
    }
}
