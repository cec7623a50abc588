import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

/// Connections to instances that speak another protocol behind a 101.
@Suite struct TunnelTests {
    private typealias Script = ScriptedServer.Script

    private static let switched =
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        + "sec-websocket-accept: x\r\n\r\n"

    private func call(_ instance: InstanceName) -> InstanceCall {
        InstanceCall(
            instance: instance, method: "GET", target: "/ws",
            headers: [HeaderField("sec-websocket-key", "k"), HeaderField("upgrade", "h2c")],
            body: [], limits: patientLimits, isUpgrade: true)
    }

    @Test func `whatever comes behind a 101 is passed on, both ways and to its end`() async throws {
        let script = Script(reply: { _, request in
            request == 0
                ? [.send(Self.switched + "HTTP/1.1 200")] : [.send("second"), .close]
        })
        try await withInstance(script) { server, client, instance in
            let opened = try reply(await client.forward(call(instance)))
            #expect(opened.status == 101)
            #expect(opened.headers.map(\.name) == ["sec-websocket-accept"])
            #expect(await opened.body.next() == .bytes(Array("HTTP/1.1 200".utf8)))
            #expect(await opened.body.send(Array("hello\r\n\r\n".utf8)))
            #expect(await rest(of: opened.body) == "second end")
            #expect(await !opened.body.send([1]))
            let request =
                "GET /ws HTTP/1.1\r\nhost: 127.0.0.1:\(server.port)\r\nsec-websocket-key: k\r\n"
                + "connection: upgrade\r\nupgrade: websocket\r\n\r\n"
            #expect(server.seen.requests == [request, "hello\r\n\r\n"])
        }
    }

    @Test func `a cut is no end`() async throws {
        try await withInstance(.always(.send(Self.switched), .send("a"), .reset)) {
            _, client, instance in
            let opening = await client.forward(call(instance))
            #expect(await ["broken", "101 broken", "101 a broken"].contains(wholeText(opening)))
        }
    }

    @Test func `an answer that is no upgrade is one like any other`() async throws {
        try await withInstance(.init()) { server, client, instance in
            for _ in 0..<2 {
                let opened = try reply(await client.forward(call(instance)))
                #expect(await rest(of: opened.body) == "ok end")
                #expect(await !opened.body.send([1]))
            }
            #expect(server.seen.connections == 1)
        }
    }

    @Test func `whoever gives it up ends the connection`() async throws {
        try await withInstance(.always(.send(Self.switched))) { server, client, instance in
            let opened = try reply(await client.forward(call(instance)))
            opened.body.cancel()
            #expect(await rest(of: opened.body) == "broken")
            #expect(await eventually { server.seen.open == 0 })
        }
    }
}
