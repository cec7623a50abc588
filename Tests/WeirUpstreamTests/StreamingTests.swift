import NIOCore
import NIOPosix
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

/// Replies that are given as they come.
@Suite struct StreamingTests {
    private static let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    private static func chunk(_ text: String) -> String {
        "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    @Test func `each piece is there before the next one is sent`() async throws {
        let gate = Gate()
        let script = ScriptedServer.Script.always(
            .send(Self.head + Self.chunk("one")), .wait(gate), .send(Self.chunk("two")),
            .send("0\r\n\r\n"))
        try await withServer(script) { server, transport in
            let body = try await open(transport)
            #expect(await body.next() == .bytes(Array("one".utf8)))
            gate.open()
            #expect(await rest(of: body) == "two end")
            #expect(await body.next() == .end, "the end stays the end")
            _ = await transport.send(call())
            #expect(server.seen.connections == 1, "the connection is used again")
        }
    }

    @Test func `an error reply is collected whole`() async throws {
        let reply = "HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno"
        try await withServer(.always(.send(reply))) { _, transport in
            let opening = await transport.open(call(), within: StreamLimits())
            guard case .reply(let reply) = opening else {
                Issue.record("\(opening)")
                return
            }
            #expect(reply == UpstreamReply(status: 429, retryAfter: 7, body: Array("no".utf8)))
        }
    }

    @Test(arguments: [
        (ScriptedServer.Step.reset, "broken"), (.close, "broken"),
        (.send("zz\r\n"), "malformed"),
    ])
    func `what breaks off is lost, after what had come`(
        step: ScriptedServer.Step, loss: String
    ) async throws {
        let script = ScriptedServer.Script.always(.send(Self.head + Self.chunk("one")), step)
        try await withServer(script) { _, transport in
            let body = try await open(transport)
            let text = await rest(of: body)
            // A reset may take with it what the socket hasn't given yet.
            #expect(text == "one \(loss)" || text == loss)
        }
    }

    @Test(arguments: [false, true])
    func `silence before the first token is a timeout, and so is silence after one`(
        hasToken: Bool
    ) async throws {
        let never = Gate()
        defer { never.open() }
        var limits = StreamLimits()
        limits.firstToken = .milliseconds(100)
        limits.betweenTokens = .milliseconds(100)
        let script = ScriptedServer.Script.always(.send(Self.head + Self.chunk("x")), .wait(never))
        try await withServer(script) { _, transport in
            switch await transport.open(call(), within: limits) {
            // A machine that is busy may be late with everything.
            case .lost(let loss): #expect(loss == .timeout)
            case .stream(let body):
                if hasToken { body.noteToken() }
                #expect(await rest(of: body).hasSuffix("timeout"))
            case let other: Issue.record("\(other)")
            }
        }
    }

    @Test func `tokens put the timeout off, up to the total`() throws {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var streaming = try #require(
            Streaming(.stream(StreamLimits()), deadline: start + .seconds(600)))
        streaming.start = start
        #expect(streaming.due(lastToken: nil) == start + .seconds(30))
        #expect(streaming.due(lastToken: start + .seconds(20)) == start + .seconds(50))
        #expect(streaming.due(lastToken: start + .seconds(590)) == start + .seconds(600))
        streaming.isResting = true
        #expect(streaming.due(lastToken: start) == start + .seconds(600), "its reader is slow")
        streaming.discardedUntil = start + .seconds(1)
        #expect(streaming.due(lastToken: start) == start + .seconds(1))
    }

    @Test func `a reader that takes nothing holds the provider back`() async throws {
        let piece = Self.chunk(String(repeating: "x", count: 60_000))
        let steps =
            [ScriptedServer.Step.send(Self.head)]
            + Array(repeating: .send(piece), count: 400) + [.send("0\r\n\r\n")]
        try await withServer(.init(reply: { _, _ in steps })) { _, transport in
            let body = try await open(transport)
            let replyBody = try #require(body as? ReplyBody)
            // Long enough for all of it to come, if nothing held it back.
            try await Task.sleep(for: .milliseconds(200))
            #expect(replyBody.waitingBytes < 1 << 20, "24 MB were sent")
            var count = 0
            while case .bytes(let bytes) = await body.next() {
                count += bytes.count
                body.noteToken()
            }
            #expect(count == 400 * 60_000)
            #expect(await body.next() == .end)
        }
    }

    @Test func `a cancelled stream is lost and its connection closed`() async throws {
        let never = Gate()
        defer { never.open() }
        let script = ScriptedServer.Script.always(.send(Self.head + Self.chunk("x")), .wait(never))
        try await withServer(script) { server, transport in
            let body = try await open(transport)
            _ = await body.next()
            body.cancel()
            #expect(await rest(of: body) == "broken")
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    @Test func `a discarded rest keeps the connection where its end comes soon`() async throws {
        let script = ScriptedServer.Script.always(
            .send(Self.head + Self.chunk("x") + Self.chunk("y") + "0\r\n\r\n"))
        var limits = TransportLimits()
        // Whoever comes next waits until it can be used again, or is closed.
        limits.connections = 1
        try await withServer(script, limits: limits) { server, transport in
            for _ in 0..<3 {
                let body = try await open(transport)
                _ = await body.next()
                body.discard()
            }
            #expect(server.seen.connections == 1)
        }
    }

    /// A machine that runs all tests at once may keep a task waiting for long.
    private static let patient = {
        var limits = StreamLimits()
        limits.firstToken = .seconds(600)
        limits.betweenTokens = .seconds(600)
        return limits
    }()

    private func open(
        _ transport: PooledTransport, _ limits: StreamLimits = patient
    ) async throws -> any UpstreamBody {
        let opening = await transport.open(call(), within: limits)
        guard case .stream(let body) = opening else {
            throw Unexpected(opening: "\(opening)")
        }
        return body
    }

    private func rest(of body: any UpstreamBody) async -> String {
        var text = ""
        while true {
            switch await body.next() {
            case .bytes(let bytes): text += String(decoding: bytes, as: UTF8.self)
            case .end: return text + (text.isEmpty ? "end" : " end")
            case .lost(let loss):
                let word = WeirUpstreamTests.text(.lost(loss))
                return text + (text.isEmpty ? word : " \(word)")
            }
        }
    }
}

private struct Unexpected: Error { let opening: String }
