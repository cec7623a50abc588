import NIOCore
import NIOPosix
import Synchronization
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

/// Sending to webhooks, over real connections.
@Suite struct WebhookClientTests {
    private static func client(
        _ port: Int, allowsPrivate: Bool = true, timeout: Duration = .seconds(600),
        lookup: @escaping WebhookClient.Lookup = AddressLookup.addresses
    ) throws -> WebhookClient {
        var rules = WebhookRules()
        rules.hosts = ["localhost", "127.0.0.1", "hooks.example"]
        rules.allowsHTTP = true
        rules.allowsPrivate = allowsPrivate
        rules.ports = [port]
        return try WebhookClient(
            rules: rules, group: MultiThreadedEventLoopGroup.singleton, timeout: timeout,
            authoritiesFile: nil, time: SystemTime(), lookup: lookup)
    }

    private static func message(_ url: String) -> WebhookMessage {
        WebhookMessage(url: url, headers: [HeaderField("x-a", "b")], body: Array("{}".utf8))
    }

    @Test(
        arguments: [
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, nil),
            (
                "HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
                429, 7
            ),
            (
                "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n",
                302, nil
            ),
            // Nothing of the body is waited for.
            ("HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\nbegin", 200, nil),
        ] as [(String, Int, Int?)])
    func `an answer is its head`(reply: String, status: Int, retryAfter: Int?) async throws {
        let server = try await ScriptedServer(.always(.send(reply)))
        let client = try Self.client(server.port)
        let answer = await client.send(Self.message("http://127.0.0.1:\(server.port)/a/b?c=d"))
        #expect(answer == .answered(status: status, retryAfter: retryAfter))
        await client.shutdown()
        try await server.stop()
    }

    @Test func `the request is the host's own`() async throws {
        let server = try await ScriptedServer(.always(.send(ScriptedServer.Script.ok)))
        let client = try Self.client(server.port) { _, port in
            [try SocketAddress(ipAddress: "127.0.0.1", port: port)]
        }
        _ = await client.send(Self.message("http://hooks.example:\(server.port)/a?c=d"))
        let request = try #require(server.seen.requests.first)
        #expect(request.hasPrefix("POST /a?c=d HTTP/1.1\r\n"))
        #expect(request.contains("host: hooks.example:\(server.port)\r\n"))
        #expect(request.contains("x-a: b\r\n"))
        #expect(request.contains("content-length: 2\r\n"))
        await client.shutdown()
        try await server.stop()
    }

    @Test func `an address that isn't public is never dialled`() async throws {
        let server = try await ScriptedServer(.always(.send(ScriptedServer.Script.ok)))
        let client = try Self.client(server.port, allowsPrivate: false) { _, port in
            try [
                "127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "10.0.0.1",
                "169.254.169.254",
            ].map { try SocketAddress(ipAddress: $0, port: port) }
        }
        for host in ["localhost", "hooks.example", "127.0.0.1"] {
            let answer = await client.send(Self.message("http://\(host):\(server.port)/"))
            guard case .failed = answer else {
                Issue.record("\(host): \(answer)")
                continue
            }
        }
        #expect(server.seen.connections == 0)
        await client.shutdown()
        try await server.stop()
    }

    @Test func `each message is looked up anew, and dialled where it was looked`() async throws {
        let server = try await ScriptedServer(.always(.send(ScriptedServer.Script.ok)))
        let count = Mutex(0)
        let client = try Self.client(server.port) { _, port in
            let turn = count.withLock { count in
                count += 1
                return count
            }
            guard turn != 2 else { throw LookupFailure(description: "gone") }
            return [try SocketAddress(ipAddress: "127.0.0.1", port: port)]
        }
        let message = Self.message("http://hooks.example:\(server.port)/")
        #expect(await client.send(message) == .answered(status: 200, retryAfter: nil))
        #expect(
            await client.send(message) == .failed("the host has no address that is allowed"))
        #expect(await client.send(message) == .answered(status: 200, retryAfter: nil))
        #expect(count.withLock { $0 } == 3)
        await client.shutdown()
        try await server.stop()
    }

    @Test func `an address that isn't reached gives way to the next`() async throws {
        let server = try await ScriptedServer(.always(.send(ScriptedServer.Script.ok)))
        let client = try Self.client(server.port) { _, port in
            // Nobody listens at the first one.
            [
                try SocketAddress(ipAddress: "127.0.0.9", port: 1),
                try SocketAddress(ipAddress: "127.0.0.1", port: port),
            ]
        }
        let answer = await client.send(Self.message("http://hooks.example:\(server.port)/"))
        #expect(answer == .answered(status: 200, retryAfter: nil))
        await client.shutdown()
        try await server.stop()
    }

    @Test func `a server that says nothing is waited for only so long`() async throws {
        let gate = Gate()
        let server = try await ScriptedServer(.always(.wait(gate)))
        let client = try Self.client(server.port, timeout: .seconds(3))
        let answer = await client.send(Self.message("http://localhost:\(server.port)/"))
        #expect(answer == .failed("no reply in time"))
        gate.open()
        await client.shutdown()
        try await server.stop()
    }

    @Test func `a host that isn't allowed any more is told nothing`() async throws {
        let client = try Self.client(80)
        let answer = await client.send(Self.message("http://other.example/"))
        #expect(answer == .failed("the address has a host that isn't allowed"))
        await client.shutdown()
    }
}
