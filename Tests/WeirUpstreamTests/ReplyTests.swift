import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

/// What becomes of a reply, right or wrong, and whether its connection is used again.
@Suite struct ReplyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let steps: [ScriptedServer.Step]
        let outcome: String
        var reuses = false

        init(
            _ name: String, _ outcome: String, reuses: Bool = false,
            _ steps: ScriptedServer.Step...
        ) {
            self.name = name
            self.outcome = outcome
            self.reuses = reuses
            self.steps = steps
        }

        var testDescription: String { name }
    }

    @Test(arguments: wellFramed + cut + malformed)
    func aReplyHasOneOutcome(_ test: Case) async throws {
        var limits = TransportLimits()
        limits.idleTimeout = .seconds(3_600)
        limits.replyBodyBytes = 1_000
        limits.replyHeadBytes = 4_000
        try await withServer(Script(reply: { _, _ in test.steps }), limits: limits) {
            server, transport in
            #expect(text(await transport.send(call())) == test.outcome)
            #expect(text(await transport.send(call())) == test.outcome)
            #expect(server.seen.requests.count == 2)
            #expect(server.seen.connections == (test.reuses ? 1 : 2))
        }
    }

    private typealias Script = ScriptedServer.Script

    private static let wellFramed = [
        Case("with a length", "200 ok", reuses: true, .send(Script.ok)),
        Case("without a body", "204 ", reuses: true, .send("HTTP/1.1 204 No Content\r\n\r\n")),
        Case(
            "in pieces", "200 ok", reuses: true, .send("HTTP/1.1 200 OK\r\ncontent-"),
            .send("length: 2\r"), .send("\n\r\no"), .send("k")),
        Case(
            "chunked", "200 hello", reuses: true,
            .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n"),
            .send("3;x=y\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n")),
        Case(
            "close-delimited", "200 all of it",
            .send("HTTP/1.1 200 OK\r\n\r\nall of "), .send("it"), .close),
        Case(
            "close-delimited, only output closed", "200 all",
            .send("HTTP/1.1 200 OK\r\n\r\nall"), .endOutput),
        Case(
            "HTTP/1.0", "200 ok", .send("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok")),
        Case(
            "HTTP/1.0 kept alive", "200 ok", reuses: true,
            .send("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok")),
        Case(
            "connection: close", "200 ok",
            .send("HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 2\r\n\r\nok")),
        Case(
            "after interim replies", "200 ok", reuses: true,
            .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"),
            .send(Script.ok)),
        Case(
            "an error", "500 no", reuses: true,
            .send("HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\nno")),
        Case(
            "a redirect, not followed", "307 ", reuses: true,
            .send("HTTP/1.1 307 T\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")),
        Case(
            "identity", "200 ok", reuses: true,
            .send("HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 2\r\n\r\nok")),
        // Its status says what is charged; the body can't be read, and isn't kept.
        Case(
            "a compressed error", "429 ", reuses: true,
            .send("HTTP/1.1 429 T\r\nContent-Encoding: gzip\r\ncontent-length: 2\r\n\r\nxx")),
        Case(
            "a compressed error in chunks", "503 ", reuses: true,
            .send("HTTP/1.1 503 T\r\ncontent-encoding: br\r\ntransfer-encoding: chunked\r\n\r\n"),
            .send("2\r\nxx\r\n0\r\n\r\n")),
    ]

    private static let cut = [
        Case("closed without a byte", "broken", .close),
        Case("reset without a byte", "broken", .reset),
        Case("output closed without a byte", "broken", .endOutput),
        Case("closed in the head", "broken", .send("HTTP/1.1 200 OK\r\ncontent-"), .close),
        Case("closed after an interim reply", "broken", .send("HTTP/1.1 100 C\r\n\r\n"), .close),
        Case(
            "closed before the length", "broken",
            .send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"), .close),
        Case(
            "closed before the last chunk", "broken",
            .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n"), .close),
        Case(
            "reset instead of closed", "broken",
            .send("HTTP/1.1 200 OK\r\n\r\nwithout a length"), .reset),
        Case("longer than it said", "broken", .send(Script.ok + "more")),
        Case("two replies", "broken", .send(Script.ok + Script.ok)),
        Case(
            "a reply and a part of another", "broken", .send(Script.ok + "HTTP/1.1 200 OK\r\nx: ")),
        Case("a reply and a letter of another", "broken", .send(Script.ok + "H")),
    ]

    private static let malformed = [
        Case("no HTTP", "malformed", .send("SSH-2.0-OpenSSH_9.2\r\n")),
        Case("HTTP/2", "malformed", .send("HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n")),
        Case("a status of letters", "malformed", .send("HTTP/1.1 abc OK\r\n\r\n")),
        Case(
            "two lengths", "malformed",
            .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc")),
        Case(
            "length and chunks", "malformed",
            .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n")),
        Case(
            "a negative length", "malformed", .send("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n")
        ),
        Case(
            "a length beyond all bounds", "malformed",
            .send("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n")),
        Case(
            "a bad chunk", "malformed",
            .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")),
        Case(
            "another transfer-encoding", "malformed",
            .send("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n")),
        Case(
            "compressed", "malformed",
            .send("HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\ncontent-length: 2\r\n\r\nxx")),
        Case(
            "a compressed redirection", "malformed",
            .send("HTTP/1.1 307 T\r\nContent-Encoding: gzip\r\ncontent-length: 2\r\n\r\nxx")),
        Case(
            "a longer body than allowed", "malformed",
            .send("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n")),
        Case(
            "longer chunks than allowed", "malformed",
            .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n"),
            .send(String(repeating: "x", count: 1_001))),
        Case(
            "a long header", "malformed",
            .send("HTTP/1.1 200 OK\r\nx: " + String(repeating: "y", count: 5_000))),
        Case(
            "many headers", "malformed",
            .send("HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 5_000))),
        Case(
            "a long reason", "malformed",
            .send("HTTP/1.1 200 " + String(repeating: "z", count: 5_000))),
        Case(
            "interim replies without an end", "malformed",
            .send(String(repeating: "HTTP/1.1 100 C\r\n\r\n", count: 17))),
        Case("a change of protocols", "malformed", .send("HTTP/1.1 101 S\r\nupgrade: x\r\n\r\n")),
    ]
}
