import NIOPosix
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

@Suite struct SendingTests {
    @Test func theRequestIsExact() async throws {
        try await withServer(.init()) { server, transport in
            let headers = [HeaderField("content-type", "application/json")]
            let outcome = await transport.send(call("/chat?alt=sse", headers: headers, body: "{ü}"))
            #expect(text(outcome) == "200 ok")
            let expected = """
                POST /v1/chat?alt=sse HTTP/1.1\r
                host: 127.0.0.1:\(server.port)\r
                user-agent: weir\r
                accept-encoding: identity\r
                authorization: Bearer key\r
                content-type: application/json\r
                content-length: 4\r
                \r
                {ü}
                """
            #expect(server.seen.requests == [expected])
        }
    }

    @Test(arguments: [
        HeaderField("x", "a\r\nb: c"), HeaderField("x", "a\nb"), HeaderField("x", "a\0b"),
        HeaderField("x y", "a"), HeaderField("", "a"), HeaderField("x:", "a"),
        HeaderField("Content-Length", "1"), HeaderField("Transfer-Encoding", "chunked"),
        HeaderField("host", "elsewhere"), HeaderField("Connection", "upgrade"),
        HeaderField("accept-encoding", "gzip"),
    ])
    func aHeaderThatWouldBreakTheFramingIsNotSent(_ field: HeaderField) async throws {
        try await withServer(.init()) { server, transport in
            #expect(text(await transport.send(call(headers: [field]))) == "not sent")
            #expect(server.seen.connections == 0)
        }
    }

    @Test(arguments: ["", "chat", "/a b", "/a\r\nx: y", "/é", "/a#b", "/%zz", "/%4"])
    func aPathThatWouldBreakTheFramingIsNotSent(_ path: String) async throws {
        try await withServer(.init()) { server, transport in
            #expect(text(await transport.send(call(path))) == "not sent")
            #expect(server.seen.connections == 0)
        }
    }

    @Test func anUnknownProviderIsNotSent() async throws {
        let transport = try transport("http://127.0.0.1:9")
        let other = UpstreamCall(
            provider: name("other"), path: "/", headers: [], body: [],
            timeout: .seconds(1))
        #expect(text(await transport.send(other)) == "not sent")
    }

    @Test func aRefusedConnectionIsNotSent() async throws {
        let server = try await ScriptedServer(.init())
        try await server.stop()
        let transport = try transport("http://127.0.0.1:\(server.port)")
        #expect(text(await transport.send(call())) == "not sent")
        #expect(await transport.connectionCount(provider) == 0)
    }

    @Test func aNameThatDoesNotResolveIsNotSent() async throws {
        let transport = try transport("http://nowhere.invalid")
        #expect(text(await transport.send(call())) == "not sent")
    }

    @Test func aServerThatSpeaksFirstNeverGetsARequest() async throws {
        let gate = Gate()
        let script = ScriptedServer.Script(
            onConnect: [.send("220 mail ready\r\n")], reply: { _, _ in [.wait(gate)] })
        try await withServer(script) { _, transport in
            // Whether the greeting or the request is first is a race; never is it an answer.
            let outcome = text(await transport.send(call(timeout: .seconds(5))))
            #expect(["not sent", "malformed"].contains(outcome))
            gate.open()
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nha"])
    func aTimeoutAfterTheWriteIsLostAndClosesTheConnection(_ part: String) async throws {
        let gate = Gate()
        let ok = ScriptedServer.Step.send(ScriptedServer.Script.ok)
        let script = ScriptedServer.Script(reply: { _, request in
            request == 1 ? [.send(part), .wait(gate), ok] : [ok]
        })
        try await withServer(script) { server, transport in
            #expect(text(await transport.send(call())) == "200 ok")
            #expect(text(await transport.send(call(timeout: .seconds(2)))) == "timeout")
            #expect(await eventually { server.seen.open == 0 })
            gate.open()
            #expect(text(await transport.send(call())) == "200 ok")
            #expect(server.seen.connections == 2)
        }
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func withoutTimeNothingIsSent(_ timeout: Duration) async throws {
        try await withServer(.init()) { server, transport in
            #expect(text(await transport.send(call(timeout: timeout))) == "not sent")
            #expect(server.seen.connections == 0)
        }
    }

    @Test func anEndlessTimeoutIsNoTrap() async throws {
        try await withServer(.init()) { _, transport in
            let longest = Duration.seconds(Int64.max)
            #expect(text(await transport.send(call(timeout: longest))) == "200 ok")
        }
    }

    @Test func cancellingTheCallerDoesNotCancelTheExchange() async throws {
        let gate = Gate()
        try await withServer(.always(.wait(gate), .send(ScriptedServer.Script.ok))) {
            server, transport in
            let caller = Task { await transport.send(call()) }
            #expect(await eventually { server.seen.requests.count == 1 })
            caller.cancel()
            gate.open()
            #expect(text(await caller.value) == "200 ok")
        }
    }

    @Test func aReplyBeforeTheEndOfTheRequestIsAReplyButEndsTheConnection() async throws {
        let reply = "HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"
        let gate = Gate()
        let script = ScriptedServer.Script(
            onFirstByte: [.read(false), .send(reply), .wait(gate), .read(true)])
        try await withServer(script) { server, transport in
            let body = String(repeating: "x", count: 16 << 20)
            #expect(text(await transport.send(call(body: body))) == "413 no")
            #expect(await transport.connectionCount(provider) == 0)
            gate.open()
        }
    }

    @Test(arguments: [
        ("200 OK", true), ("404 Not Found", true), ("401 No", true), ("500 Oops", false),
        ("503 Busy", false),
    ])
    func aProbeIsAboutTheStatus(_ status: String, _ isAlive: Bool) async throws {
        let reply = "HTTP/1.1 \(status)\r\ncontent-length: 0\r\n\r\n"
        try await withServer(.always(.send(reply))) { server, transport in
            let headers = [HeaderField("x-probe", "1")]
            #expect(await transport.probe(provider, path: "/models", headers: headers) == isAlive)
            #expect(server.seen.requests.first?.hasPrefix("GET /v1/models HTTP/1.1\r\n") == true)
            #expect(server.seen.requests.first?.contains("content-length") == false)
        }
    }
}
