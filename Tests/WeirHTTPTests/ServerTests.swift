import ServiceLifecycle
import Testing
import WeirCore
import WeirService

@testable import WeirHTTP

/// The server itself, over a real connection.
@Suite struct ServerTests {
    private static let head = "host: weir\r\nauthorization: Bearer wk_admin\r\n"

    private static func post(_ body: String, _ fields: String = "") -> String {
        "POST /ai/complete HTTP/1.1\r\n\(head)content-type: application/json\r\n\(fields)"
            + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func `one connection serves many requests`() async throws {
        let text = try await withServer(try Stage().use) { port, _ in
            try await RawClient.exchange(
                port,
                "HEAD /health HTTP/1.1\r\n\(Self.head)\r\n" + Self.post(CompleteTests.plain)
                    + "GET /health/live HTTP/1.1\r\n\(Self.head)\r\n",
                until: #"{"status":"healthy"}"#)
        }
        #expect(text.ranges(of: "HTTP/1.1 ").count == 3)
        #expect(text.hasPrefix("HTTP/1.1 405 "))
        #expect(text.contains("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"))
        #expect(text.ranges(of: "x-content-type-options: nosniff").count == 3)
        #expect(text.ranges(of: "Cache-Control: no-store").count == 3)
        #expect(!text.contains("Transfer-Encoding"))
        // The HEAD has a length and no body, so that the next answer follows its empty line.
        #expect(text.contains("GMT\r\n\r\nHTTP/1.1 200 OK"))
    }

    @Test(arguments: [
        "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "content-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "x: \(String(repeating: "a", count: 20_000))\r\n\r\n",
        "\((0..<150).map { "x\($0): a\r\n" }.joined())\r\n",
        "x : a\r\n\r\n",
    ])
    func `a doubtful head is refused and the connection closed`(rest: String) async throws {
        let text = try await withServer(try Stage().use) { port, _ in
            try await RawClient.exchange(port, "POST /ai/complete HTTP/1.1\r\n\(Self.head)\(rest)")
        }
        #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(text.ranges(of: "HTTP/1.1").count == 1)
    }

    @Test func `a body over the limit is refused, said or unsaid`() async throws {
        var settings = ServerSettings()
        settings.bodyLimit = 64
        let long = String(repeating: "a", count: 65)
        let said = Self.post(long)
        let unsaid =
            "POST /ai/complete HTTP/1.1\r\n\(Self.head)content-type: application/json\r\n"
            + "transfer-encoding: chunked\r\n\r\n41\r\n\(long)\r\n0\r\n\r\n"
        for request in [said, unsaid] {
            let text = try await withServer(try Stage(settings: settings).use, settings: settings) {
                port, _ in
                try await RawClient.exchange(
                    port, request + "GET /health/live HTTP/1.1\r\n\(Self.head)\r\n",
                    until: #"{"status":"healthy"}"#)
            }
            #expect(text.hasPrefix("HTTP/1.1 413 "))
            #expect(text.contains(#""error":"payload_too_large""#))
        }
    }

    @Test(arguments: [
        "GET /health HT", "GET /health HTTP/1.1\r\nhost: weir\r\nx: ",
        "POST /ai/complete HTTP/1.1\r\n\(head)content-type: application/json\r\n"
            + "content-length: 50\r\n\r\n{",
    ])
    func `a request that doesn't arrive is hung up on`(beginning: String) async throws {
        var settings = ServerSettings()
        settings.headTimeout = .milliseconds(50)
        settings.bodyTimeout = .milliseconds(50)
        let text = try await withServer(try Stage().use, settings: settings) { port, _ in
            try await RawClient.exchange(port, beginning)
        }
        #expect(!text.contains("200 OK"))
    }

    @Test func `an idle connection is closed`() async throws {
        var settings = ServerSettings()
        settings.idleTimeout = .milliseconds(50)
        let text = try await withServer(try Stage().use, settings: settings) { port, _ in
            try await RawClient.exchange(port, "")
        }
        #expect(text == "")
    }

    @Test func `a client that leaves doesn't stop its call`() async throws {
        let (begun, left, ended) = (Latch(), Latch(), Latch())
        let stage = try Stage()
        let cancelled = Mutexed(true)
        let use = stage.use(complete: { call throws(WeirError) in
            await begun.open()
            await left.wait()
            cancelled.change { $0 = Task.isCancelled }
            let reply = try await stage.completions.complete(call)
            await ended.open()
            return reply
        })
        try await withServer(use) { port, _ in
            try await RawClient.abandon(port, Self.post(CompleteTests.plain)) {
                await begun.wait()
            }
            await left.open()
            await ended.wait()
        }
        #expect(cancelled.change { $0 } == false)
        #expect(stage.completions.count == 1)
    }

    @Test func `a graceful shutdown lets a call finish`() async throws {
        let (begun, ending) = (Latch(), Latch())
        let stage = try Stage()
        let use = stage.use(complete: { call throws(WeirError) in
            await begun.open()
            await ending.wait()
            return try await stage.completions.complete(call)
        })
        let text = try await withServer(use) { port, group in
            async let answer = RawClient.exchange(port, Self.post(CompleteTests.plain))
            await begun.wait()
            await group.triggerGracefulShutdown()
            await ending.open()
            return try await answer
        }
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.hasSuffix("}"))
    }
}

extension Stage {
    /// The same use cases around another pipeline.
    func use(
        complete: @escaping @Sendable (CompletionCall) async throws(WeirError) -> CompletionOutcome
    ) -> UseCases {
        var use = use
        use.ai = use.ai.map {
            AIUseCases(
                complete: complete, traffic: $0.traffic, usage: $0.usage, prices: $0.prices,
                adjustments: $0.adjustments)
        }
        return use
    }
}
