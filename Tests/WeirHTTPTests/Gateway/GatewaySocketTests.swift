import ServiceLifecycle
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// `GET /ai/events/ws` at a gateway that keeps no jobs, over real connections.
@Suite struct GatewaySocketTests {
    private static let target = "/ai/events/ws?tenant_id=42&last_event_id=7"
    private static let request =
        "GET \(target) HTTP/1.1\r\nhost: weir\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
        + "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + "sec-websocket-extensions: permessage-deflate\r\n"
        + "sec-websocket-protocol: weir.v1, bearer.wk_tenant_42\r\n\r\n"
    // RFC 6455, section 1.3.
    private static let accept = HeaderField(
        "sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")

    private func stage(_ body: FakeBody, accept: HeaderField = accept) throws -> GatewayStage {
        let stage = try GatewayStage()
        stage.instances.answer(with: .live(body, status: 101, headers: [accept]))
        return stage
    }

    private func until(_ isSo: () -> Bool) async {
        while !isSo() { await Task.yield() }
    }

    @Test func `a client and an instance hear each other`() async throws {
        let body = FakeBody()
        let stage = try stage(body)
        let text = try await withServer(stage.use) { port, _ in
            async let received = RawClient.converse(
                port, [(Self.request, "\r\n\r\n"), ("frames of a client", "more of the instance")])
            await until { body.isAsked }
            body.feed(.bytes(Array("frames of the instance, ".utf8)))
            await until { body.sent.count >= 18 }
            body.feed(.bytes(Array("more of the instance".utf8)))
            return try await received
        }
        #expect(text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(text.contains("sec-websocket-protocol: weir.v1\r\n"))
        #expect(text.ranges(of: Self.accept.value).count == 1)
        #expect(text.hasSuffix("\r\n\r\nframes of the instance, more of the instance"))
        #expect(body.sent == Array("frames of a client".utf8))
        // The client has left, and so has its call.
        #expect(await eventually { body.isCancelled && stage.inFlight == 0 })
    }

    @Test func `an instance is asked by the identity of whoever asks, without the key`()
        async throws
    {
        let body = FakeBody([.end])
        let stage = try stage(body)
        _ = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(port, Self.request)
        }
        let call = try #require(stage.instances.calls.first)
        #expect(call.isUpgrade && call.method == "GET" && call.target == Self.target)
        #expect(call.instance.description == "reports/a")
        #expect(try stage.identity(call).caller.reach == .tenants([#require(TenantID(42))]))
        #expect(
            call.headers.map(\.name).filter { $0 != "x-weir-identity" } == [
                "sec-websocket-version", "sec-websocket-key",
            ])
    }

    @Test func `an instance's refusal is passed on`() async throws {
        let stage = try GatewayStage()
        stage.instances.answer(
            with: .answer(
                status: 429,
                headers: [
                    HeaderField("content-length", "2"), HeaderField("x-weir-error", "rate_limited"),
                ], [.bytes(Array("{}".utf8)), .end]))
        let text = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(port, Self.request)
        }
        #expect(text.hasPrefix("HTTP/1.1 429 "))
        #expect(text.contains("x-weir-error: rate_limited\r\n") && text.hasSuffix("\r\n\r\n{}"))
        #expect(text.contains("connection: close\r\n"))
    }

    @Test func `an answer to another handshake opens nothing`() async throws {
        let body = FakeBody()
        let stage = try stage(body, accept: HeaderField("sec-websocket-accept", "another"))
        let text = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(port, Self.request)
        }
        #expect(text.hasPrefix("HTTP/1.1 502 "))
        #expect(await eventually { body.isCancelled && stage.inFlight == 0 })
    }

    @Test(arguments: [UpstreamChunk.end, .lost(.broken("cut"))])
    func `where the instance ends so does the client's connection`(
        end: UpstreamChunk
    ) async throws {
        let stage = try stage(FakeBody([.bytes(Array("last".utf8)), end]))
        let text = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(port, Self.request)
        }
        #expect(text.hasSuffix("\r\n\r\nlast"))
    }

    @Test func `a drain ends it on both sides`() async throws {
        let body = FakeBody()
        let stage = try stage(body)
        let text = try await withServer(stage.use) { port, group in
            async let received = RawClient.exchange(port, Self.request)
            await until { body.isAsked }
            await group.triggerGracefulShutdown()
            return try await received
        }
        #expect(text.hasPrefix("HTTP/1.1 101 "))
        #expect(await eventually { body.isCancelled })
    }

    @Test func `a client that takes nothing is cut`() async throws {
        let body = FakeBody()
        let stage = try stage(body)
        var settings = ServerSettings()
        settings.stallTimeout = .milliseconds(100)
        try await withServer(stage.use, settings: settings) { port, _ in
            try await RawClient.abandon(port, Self.request) {
                // More than any buffer on the way holds.
                body.feed(.bytes(Array(repeating: 0, count: 64 << 20)))
                #expect(await eventually { body.isCancelled })
            }
        }
    }
}
