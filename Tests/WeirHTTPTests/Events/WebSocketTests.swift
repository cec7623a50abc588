import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// `GET /ai/events/ws`, from the handshake to the close, over a real connection.
@Suite struct WebSocketTests {
    private let stage: Stage

    init() throws { stage = try Stage() }

    private static func request(
        _ query: String = "tenant_id=42&last_event_id=0", fields: [(String, String)] = [],
        without dropped: String = ""
    ) -> String {
        let all = [
            ("host", "weir"), ("authorization", "Bearer wk_service_of_42_and_44"),
            ("connection", "keep-alive, Upgrade"), ("upgrade", "websocket"),
            ("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        let lines = (all.filter { $0.0 != dropped } + fields).map { "\($0.0): \($0.1)\r\n" }
        return "GET /ai/events/ws?\(query) HTTP/1.1\r\n\(lines.joined())\r\n"
    }

    @Test func `events come as messages behind the handshake`() async throws {
        let (stage, request) = (stage, Self.request())
        stage.outbox.publish("A", payload: ["x": 1], tenant: TenantID(42), at: stage.time.now())
        let text = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(port, request, until: #""event":"A""#)
        }
        #expect(text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        // RFC 6455, section 1.3.
        #expect(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        #expect(text.contains("x-request-id: req_"))
        #expect(text.contains(#"{"id":0,"event":"open","data":{}}"#))
        #expect(text.contains(#"{"id":1,"event":"A","data":{"at":"2026-04-15T12:00:00Z","x":1}}"#))
    }

    @Test func `a browser's key is one of its subprotocols`() async throws {
        let offered = "weir.v1, bearer.wk_service_of_42_and_44"
        let (stage, request) = (
            stage,
            Self.request(
                fields: [("sec-websocket-protocol", offered)], without: "authorization")
        )
        let text = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(port, request, until: #""event":"open""#)
        }
        #expect(text.contains("sec-websocket-protocol: weir.v1\r\n"))
        #expect(!text.contains("wk_"))
    }

    @Test(arguments: [
        (Self.request(without: "authorization"), 401), (Self.request("tenant_id=43"), 403),
        (Self.request("tenant_id=42&x=1"), 400), (Self.request(""), 400),
        (Self.request(without: "sec-websocket-key"), 400),
        (Self.request(without: "sec-websocket-version"), 400),
        (Self.request(without: "connection"), 400),
        (Self.request(fields: [("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]), 400),
        (Self.request(fields: [("sec-websocket-protocol", "chat")]), 400),
        (Self.request(fields: [("sec-websocket-protocol", "weir.v1, bearer.wk_admin")]), 401),
    ])
    func `what may not have a stream has an answer`(request: String, status: Int) async throws {
        let stage = stage
        let text = try await withServer(stage.use) { port, _ in
            try await RawClient.exchange(port, request)
        }
        #expect(text.hasPrefix("HTTP/1.1 \(status) "))
        #expect(text.contains("\"request_id\":\"req_"))
        #expect(text.contains("connection: close\r\n"))
        #expect(stage.feed.count == 0)
    }
}
