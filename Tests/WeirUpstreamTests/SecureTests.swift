import NIOPosix
import Testing
import WeirService

@testable import WeirUpstream

@Suite struct SecureTests {
    @Test func anUntrustedCertificateIsNotSent() async throws {
        try await withSecureServer { server, _ in
            let transport = try transport("https://localhost:\(server.port)")
            let outcome = await transport.send(call())
            #expect(text(outcome) == "not sent")
            #expect(server.seen.requests.isEmpty)
            await transport.shutdown()
        }
    }

    @Test func aCertificateOfAnotherNameIsNotSent() async throws {
        try await withSecureServer { server, authorities in
            let transport = try transport(
                "https://127.0.0.1:\(server.port)", authoritiesFile: authorities)
            #expect(text(await transport.send(call())) == "not sent")
            #expect(server.seen.requests.isEmpty)
            await transport.shutdown()
        }
    }

    @Test func aTrustedCertificateIsUsedAndTheConnectionKept() async throws {
        try await withSecureServer { server, authorities in
            let transport = try transport(
                "https://localhost:\(server.port)", authoritiesFile: authorities)
            for _ in 0..<5 {
                #expect(text(await transport.send(call())) == "200 ok")
            }
            #expect(server.seen.connections == 1)
            await transport.shutdown()
            #expect(await transport.connectionCount(provider) == 0)
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\nall", ScriptedServer.Step.close, "200 all"),
        ("HTTP/1.1 200 OK\r\n\r\nall", .reset, "broken"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", .close, "broken"),
        ("", .close, "broken"),
    ])
    func theEndOfAConnectionDecides(
        _ reply: String, _ end: ScriptedServer.Step, _ expected: String
    ) async throws {
        try await withSecureServer(.always(.send(reply), end)) { server, authorities in
            let transport = try transport(
                "https://localhost:\(server.port)", authoritiesFile: authorities)
            #expect(text(await transport.send(call())) == expected)
            await transport.shutdown()
        }
    }

    @Test func aServerWithoutTLSIsNotSent() async throws {
        let server = try await ScriptedServer(.init(onConnect: [.send("HTTP/1.1 400 No\r\n\r\n")]))
        let transport = try transport("https://localhost:\(server.port)")
        #expect(text(await transport.send(call())) == "not sent")
        await transport.shutdown()
        try await server.stop()
    }

    @Test(arguments: [(200, 20_000), (5_000, 200)])
    func aHandshakeThatNeverEndsIsNotSent(_ connect: Int, _ timeout: Int) async throws {
        let server = try await ScriptedServer(.init(onFirstByte: []))
        var limits = TransportLimits()
        limits.connectTimeout = .milliseconds(connect)
        let transport = try transport("https://localhost:\(server.port)", limits: limits)
        let outcome = await transport.send(call(timeout: .milliseconds(timeout)))
        #expect(text(outcome) == "not sent")
        await transport.shutdown()
        #expect(await eventually { server.seen.open == 0 })
        try await server.stop()
    }

    @Test func authoritiesThatCannotBeReadAreAConfigurationError() {
        #expect(throws: UpstreamConfigurationError.self) {
            _ = try transport("https://localhost", authoritiesFile: "/nowhere/ca.pem")
        }
        #expect(throws: UpstreamConfigurationError.self) {
            _ = try transport("http://localhost", authoritiesFile: "/nowhere/ca.pem")
        }
    }
}
