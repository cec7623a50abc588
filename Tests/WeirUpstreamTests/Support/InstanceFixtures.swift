import NIOCore
import NIOPosix
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

let pool = slug("ai")

func slug(_ text: String) -> Slug {
    guard let slug = Slug(text) else { preconditionFailure("no slug: \(text)") }
    return slug
}

/// An instance of the pool `ai`, called `host` and reached at an address of loopback.
func endpoint(
    _ port: Int, host: String? = nil, at address: String = "127.0.0.1", age: Duration? = nil
) throws -> InstanceEndpoint {
    try #require(
        InstanceEndpoint(
            pool: pool, address: try SocketAddress(ipAddress: address, port: port),
            base: try BaseURL("http://\(host ?? address):\(port)"), connectionAge: age))
}

func instanceCall(
    _ instance: InstanceName, _ method: String = "POST", target: String = "/ai/complete",
    headers: [HeaderField] = [], body: String = "{}", limits: InstanceLimits = patientLimits
) -> InstanceCall {
    InstanceCall(
        instance: instance, method: method, target: target, headers: headers,
        body: Array(body.utf8), limits: limits)
}

/// A machine that runs all tests at once may keep a task waiting for long.
let patientLimits = {
    var limits = InstanceLimits()
    limits.connect = .seconds(60)
    limits.read = .seconds(600)
    return limits
}()

/// Runs a server and a client that knows it as an instance, and sees that neither leaves a
/// connection.
func withInstance(
    _ script: ScriptedServer.Script,
    limits: TransportLimits = InstanceClient.standardLimits,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    grace: Duration = .zero,
    _ body: (ScriptedServer, InstanceClient, InstanceName) async throws -> Void
) async throws {
    let server = try await ScriptedServer(script)
    let client = try InstanceClient(group: group, limits: limits, grace: grace)
    let instance = try endpoint(server.port)
    client.set([instance], of: pool)
    try await body(server, client, instance.name)
    await client.shutdown()
    #expect(await eventually { server.seen.open == 0 })
    #expect(await client.connectionCount() == 0)
    try await server.stop()
}

/// A reply read to its end: status and body, its trailers, how it ended.
func wholeText(_ opening: InstanceOpening) async -> String {
    switch opening {
    case .reply(let status, _, let body):
        let rest = await rest(of: body)
        let trailers = body.trailers.map { " \($0.name)=\($0.value)" }.joined()
        return "\(status) \(rest)\(trailers)"
    case .notSent: return "not sent"
    case .lost(let loss): return text(.lost(loss))
    }
}

/// The body's bytes and a word for how it ended.
func rest(of body: any UpstreamBody) async -> String {
    var bytes: [UInt8] = []
    while true {
        switch await body.next() {
        case .bytes(let more): bytes += more
        case .end: return words(bytes, "end")
        case .lost(let loss): return words(bytes, text(.lost(loss)))
        }
    }
}

private func words(_ bytes: [UInt8], _ end: String) -> String {
    bytes.isEmpty ? end : "\(String(decoding: bytes, as: UTF8.self)) \(end)"
}

struct UnexpectedOpening: Error { let description: String }

/// The reply that there has to be.
func reply(
    _ opening: InstanceOpening
) throws -> (status: Int, headers: [HeaderField], body: any InstanceBody) {
    guard case .reply(let status, let headers, let body) = opening else {
        throw UnexpectedOpening(description: "\(opening)")
    }
    return (status, headers, body)
}
