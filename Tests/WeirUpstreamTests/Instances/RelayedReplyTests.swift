import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

/// Replies of instances: of any status, as they come, and never two for one.
@Suite struct RelayedReplyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let method: String
        let steps: [ScriptedServer.Step]
        let outcome: String
        let reuses: Bool

        init(
            _ name: String, _ outcome: String, to method: String = "POST", reuses: Bool = true,
            _ steps: ScriptedServer.Step...
        ) {
            self.name = name
            self.method = method
            self.outcome = outcome
            self.reuses = reuses
            self.steps = steps
        }

        var testDescription: String { name }
    }

    @Test(arguments: whole + broken)
    func `a reply is relayed and its connection kept or not`(test: Case) async throws {
        var limits = InstanceClient.standardLimits
        limits.replyHeadBytes = 4_000
        limits.streamBodyBytes = 1_000
        // The second call waits until the connection is free, or closed.
        limits.connections = 1
        limits.idleTimeout = .seconds(3_600)
        let script = ScriptedServer.Script(reply: { _, _ in test.steps })
        try await withInstance(script, limits: limits) { server, client, instance in
            for _ in 0..<2 {
                let call = instanceCall(instance, test.method)
                #expect(await wholeText(client.forward(call)) == test.outcome)
            }
            #expect(server.seen.requests.count == 2)
            #expect(server.seen.connections == (test.reuses ? 1 : 2))
        }
    }

    private static let chunkedHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

    private static let whole = [
        Case("with a length", "200 ok end", .send(ScriptedServer.Script.ok)),
        Case("chunked", "200 hello end", .send("\(chunkedHead)2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")),
        Case(
            "with trailers", "200 he end x-weir-tokens=17",
            .send("\(chunkedHead)2\r\nhe\r\n0\r\nx-weir-tokens: 17\r\nconnection: x\r\n\r\n")),
        Case(
            "close-delimited", "200 all of it end", reuses: false,
            .send("HTTP/1.1 200 OK\r\n\r\nall of "), .send("it"), .close),
        Case(
            "an error", "500 no end", .send("HTTP/1.1 500 O\r\ncontent-length: 2\r\n\r\nno")),
        Case(
            "an error in chunks", "429 no end",
            .send("HTTP/1.1 429 T\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n")),
        Case(
            "a redirection", "307 end",
            .send("HTTP/1.1 307 T\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n")),
        Case("without a body", "204 end", .send("HTTP/1.1 204 N\r\n\r\n")),
        Case(
            "not modified", "304 end", to: "GET",
            .send("HTTP/1.1 304 N\r\ncontent-length: 5000\r\netag: x\r\n\r\n")),
        Case(
            "to a HEAD, with a length", "200 end", to: "HEAD",
            .send("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n")),
        Case(
            "to a HEAD, in chunks", "200 end", to: "HEAD",
            .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")),
        Case(
            "to a HEAD, without a length", "200 end", to: "HEAD", reuses: false,
            .send("HTTP/1.1 200 OK\r\n\r\n")),
        Case(
            "compressed", "200 xx end",
            .send("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx")),
        Case(
            "after interim replies", "200 ok end",
            .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"),
            .send(ScriptedServer.Script.ok)),
        Case(
            "connection: close", "200 ok end", reuses: false,
            .send("HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 2\r\n\r\nok")),
        Case(
            "HTTP/1.0", "200 ok end", reuses: false,
            .send("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok")),
    ]

    private static let broken = [
        Case("closed without a byte", "broken", reuses: false, .close),
        Case("reset without a byte", "broken", reuses: false, .reset),
        Case(
            "closed in the head", "broken", reuses: false, .send("HTTP/1.1 200 OK\r\ncon"), .close),
        Case(
            "closed before the length", "200 short broken", reuses: false,
            .send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"), .close),
        Case(
            "closed before the last chunk", "200 he broken", reuses: false,
            .send("\(chunkedHead)2\r\nhe\r\n"), .close),
        Case(
            "two replies", "200 ok broken", reuses: false,
            .send(ScriptedServer.Script.ok + ScriptedServer.Script.ok)),
        Case(
            "longer than it said", "200 ok broken", reuses: false,
            .send(ScriptedServer.Script.ok + "more")),
        Case(
            "a body to a HEAD", "200 broken", to: "HEAD", reuses: false,
            .send(ScriptedServer.Script.ok)),
        Case(
            "a body without one", "204 broken", reuses: false,
            .send("HTTP/1.1 204 N\r\n\r\nbody")),
        Case("no HTTP", "malformed", reuses: false, .send("SSH-2.0-OpenSSH_9.2\r\n")),
        Case(
            "two lengths", "malformed", reuses: false,
            .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc")),
        Case(
            "length and chunks", "malformed", reuses: false,
            .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n")),
        Case(
            "another transfer-encoding", "malformed", reuses: false,
            .send("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n")),
        Case(
            "a zero byte in a header", "malformed", reuses: false,
            .send("HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n")),
        Case(
            "a bare CR in a header", "malformed", reuses: false,
            .send("HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 0\r\n\r\n")),
        Case("a bad chunk", "200 malformed", reuses: false, .send("\(chunkedHead)zz\r\n")),
        Case(
            "a longer body than allowed", "malformed", reuses: false,
            .send("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n")),
        Case(
            "many headers", "malformed", reuses: false,
            .send("HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 5_000))),
        Case(
            "interim replies without an end", "malformed", reuses: false,
            .send(String(repeating: "HTTP/1.1 100 C\r\n\r\n", count: 17))),
        Case(
            "a change of protocols", "malformed", reuses: false,
            .send("HTTP/1.1 101 S\r\nupgrade: x\r\n\r\n")),
    ]
}

extension RelayedReplyTests {
    @Test func `the head is there at once, and each piece as it comes`() async throws {
        let (first, second) = (Gate(), Gate())
        try await withInstance(
            .always(
                .send(Self.chunkedHead), .wait(first), .send("3\r\none\r\n"), .wait(second),
                .send("3\r\ntwo\r\n0\r\n\r\n"))
        ) { server, client, instance in
            let (status, _, body) = try reply(await client.forward(instanceCall(instance)))
            #expect(status == 200)
            first.open()
            #expect(await body.next() == .bytes(Array("one".utf8)))
            second.open()
            #expect(await rest(of: body) == "two end")
            #expect(await body.next() == .end, "the end stays the end")
        }
    }

    @Test func `headers pass but those between neighbours`() async throws {
        let head = """
            HTTP/1.1 201 Created\r
            Content-Type: text/plain\r
            Connection: keep-alive, X-Hop, content-length\r
            x-hop: 1\r
            Keep-Alive: timeout=9\r
            set-cookie: a=1\r
            set-cookie: b=2\r
            content-length: 2\r
            upgrade: h2c\r
            \r
            ok
            """
        try await withInstance(.always(.send(head))) { _, client, instance in
            let (status, headers, body) = try reply(await client.forward(instanceCall(instance)))
            #expect(status == 201)
            #expect(
                headers == [
                    HeaderField("Content-Type", "text/plain"), HeaderField("set-cookie", "a=1"),
                    HeaderField("set-cookie", "b=2"), HeaderField("content-length", "2"),
                ])
            #expect(await rest(of: body) == "ok end")
        }
    }

    @Test func `a reader that takes nothing holds the instance back`() async throws {
        let piece = "ea60\r\n" + String(repeating: "x", count: 60_000) + "\r\n"
        let steps =
            [ScriptedServer.Step.send(Self.chunkedHead)]
            + Array(repeating: .send(piece), count: 400) + [.send("0\r\n\r\n")]
        try await withInstance(.init(reply: { _, _ in steps })) { _, client, instance in
            let (_, _, body) = try reply(await client.forward(instanceCall(instance)))
            let relayed = try #require(body as? RelayedBody)
            // Long enough for all of it to come, if nothing held it back.
            try await Task.sleep(for: .milliseconds(200))
            #expect(relayed.waitingBytes < 1 << 20, "24 MB were sent")
            var count = 0
            while case .bytes(let bytes) = await body.next() { count += bytes.count }
            #expect(count == 400 * 60_000)
            #expect(await body.next() == .end)
        }
    }

    @Test func `amid failures every call has one outcome and none gets another's reply`()
        async throws
    {
        @Sendable func ok(_ bodies: String...) -> ScriptedServer.Step {
            let replies = bodies.map {
                "HTTP/1.1 200 OK\r\ncontent-length: \($0.utf8.count)\r\n\r\n\($0)"
            }
            return .send(replies.joined())
        }
        let script = ScriptedServer.Script(echo: { body, connection, request in
            switch (connection &* 31 &+ request &* 7) % 11 {
            case 0: [.close]
            case 1: [.reset]
            case 2: [.send("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf"), .close]
            case 3: [ok(body), .close]
            case 4: [ok(body), .reset]
            case 5: [.send("rubbish\r\n\r\n")]
            case 6: [ok(body, "another's")]
            default: [ok(body)]
            }
        })
        var limits = InstanceClient.standardLimits
        limits.connections = 16
        try await withInstance(script, limits: limits) { server, client, instance in
            await withTaskGroup(of: (String, String).self) { group in
                for number in 0..<400 {
                    group.addTask {
                        let call = instanceCall(instance, body: "call \(number)")
                        return ("200 call \(number) end", await wholeText(client.forward(call)))
                    }
                }
                for await (expected, outcome) in group {
                    let isCut =
                        "\(expected.dropLast(3))broken" == outcome || "200 half broken" == outcome
                    #expect(
                        isCut || [expected, "200 broken", "broken", "malformed"].contains(outcome),
                        "\(outcome)")
                }
            }
            #expect(server.seen.requests.count <= 400)
        }
    }
}
