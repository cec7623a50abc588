import HTTPTypes
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// A gateway over real connections.
@Suite struct GatewayServerTests {
    private static let request =
        "POST /ai/complete HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 2\r\n"
        + "content-type: application/json\r\nauthorization: Bearer wk_tenant_42\r\n\r\n{}"

    private static func regular(_ method: String) -> String {
        "\(method) /crm/a HTTP/1.1\r\nhost: shop.example\r\nx-forwarded-for: 1.2.3.4\r\n"
            + "authorization: Bearer wk_tenant_42\r\n\r\n"
    }

    /// Waits for what the other side has to do first.
    private func until(_ isSo: () -> Bool) async {
        while !isSo() { await Task.yield() }
    }

    @Test func `each piece comes before the next one is there`() async throws {
        let stage = try GatewayStage()
        let body = FakeBody()
        stage.instances.answer(
            with: .live(body, headers: [HeaderField("content-type", "text/event-stream")]))
        let text = try await withServer(stage.use) { port, _ in
            async let received = RawClient.exchange(port, Self.request, until: "\r\n0\r\n\r\n")
            for piece in ["one", "two"] {
                await until { body.isAsked }
                body.feed(.bytes(Array(piece.utf8)))
            }
            await until { body.isAsked }
            body.feed(.end)
            return try await received
        }
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.contains("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))
        #expect(text.ranges(of: "content-type: text/event-stream\r\n").count == 1)
        #expect(!text.contains("x-weir-tokens"))
    }

    @Test func `a length that is said is kept`() async throws {
        let stage = try GatewayStage()
        stage.instances.answer(
            with: .answer(
                headers: [HeaderField("content-length", "5")],
                [.bytes(Array("hel".utf8)), .bytes(Array("lo".utf8)), .end]))
        let text = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(port, Self.request, until: "hello")
        }
        #expect(text.lowercased().contains("content-length: 5\r\n"))
        #expect(!text.lowercased().contains("transfer-encoding"))
    }

    @Test func `an answer that breaks off isn't ended as if it were whole`() async throws {
        let stage = try GatewayStage()
        stage.instances.answer(
            with: .answer([.bytes(Array("half".utf8)), .lost(.broken("reset"))]))
        let text = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(port, Self.request)
        }
        #expect(text.contains("4\r\nhalf\r\n"))
        #expect(!text.contains("\r\n0\r\n\r\n"))
    }

    @Test func `a client that leaves is missed at once, also while nothing comes`() async throws {
        let stage = try GatewayStage()
        let body = FakeBody()
        stage.instances.answer(with: .live(body))
        try await withServer(stage.use) { port, _ in
            try await RawClient.abandon(port, Self.request) {
                await until { body.isAsked }
            }
            await until { body.isCancelled }
        }
        #expect(stage.inFlight == 0)
    }

    @Test func `a client of another service that leaves before the reply is missed`() async throws {
        let route = RegularRoute(prefix: "/crm", pool: try slug("crm"))
        let stage = try GatewayStage(routes: [route])
        stage.instances.answer(with: .silence)
        try await withServer(stage.use) { port, _ in
            try await RawClient.abandon(port, Self.regular("GET")) {
                await until { stage.instances.calls.count == 1 }
            }
            await until { stage.inFlight == 0 }
        }
    }

    @Test func `another service is told where a request comes from`() async throws {
        let route = RegularRoute(prefix: "/crm", pool: try slug("crm"))
        let stage = try GatewayStage(routes: [route])
        stage.instances.answer(
            with: .answer(headers: [HeaderField("content-length", "9")], [.end]))
        let text = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(
                port, Self.regular("HEAD") + Self.regular("GET"), until: "\r\n0\r\n\r\n")
        }
        #expect(text.lowercased().contains("content-length: 9\r\n"))
        let fields = stage.instances.calls.map { call in
            call.headers.filter { $0.name.hasPrefix("x-forwarded") }
        }
        let expected = [
            HeaderField("x-forwarded-for", "127.0.0.1"),
            HeaderField("x-forwarded-host", "shop.example"),
            HeaderField("x-forwarded-proto", "http"),
        ]
        #expect(fields == [expected, expected])
    }
}
