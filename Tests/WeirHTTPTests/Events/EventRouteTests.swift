import HTTPTypes
import ServiceLifecycle
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import WeirHTTP

/// `GET /ai/events`, as its bytes come.
@Suite struct EventRouteTests {
    private let stage: Stage
    private let key = Stage.Token.service.rawValue

    init() throws { stage = try Stage() }

    private func publish(_ type: String, tenant: Int64? = 42, _ payload: JSON = [:]) {
        stage.outbox.publish(
            type, payload: payload, tenant: tenant.flatMap(TenantID.init), at: stage.time.now())
    }

    /// The answer's first pieces, as text.
    private func pieces(_ count: Int, of reply: Reply) async throws -> [String] {
        var stream = try #require(reply.answer.stream)
        var pieces: [String] = []
        while pieces.count < count, let bytes = try await stream.next() {
            pieces.append(String(decoding: bytes, as: UTF8.self))
        }
        return pieces
    }

    @Test func `events are written as they happen`() async throws {
        publish("A")
        let reply = try await stage.send(.get, "/ai/events?tenant_id=42", key: key)
        #expect(reply.status == 200)
        #expect(reply.answer.contentType == "text/event-stream")
        publish("B", ["x": "line\nbreak"])
        publish("C")
        publish("D", tenant: 43)
        let pieces = try await pieces(2, of: reply)
        #expect(pieces[0] == "retry: 3000\nid: 1\n\n")
        let at = #""at":"2026-04-15T12:00:00Z""#
        #expect(
            pieces[1] == "id: 2\nevent: B\ndata: {\(at),\"x\":\"line\\nbreak\"}\n\n"
                + "id: 3\nevent: C\ndata: {\(at)}\n\n")
    }

    @Test(arguments: [
        ("/ai/events?tenant_id=42&last_event_id=1", [("last-event-id", "2")], 2),
        ("/ai/events?tenant_id=42&last_event_id=1", [("last-event-id", "")], 1),
        ("/ai/events?tenant_id=42&last_event_id=1", [], 1),
        ("/ai/events?tenant_id=42", [("last-event-id", "0")], 0),
    ])
    func `a client goes on where it was`(
        target: String, fields: [(String, String)], start: Int
    ) async throws {
        for type in ["A", "B", "C"] { publish(type) }
        let reply = try await stage.send(.get, target, key: key, fields: fields)
        let pieces = try await pieces(2, of: reply)
        #expect(pieces[0] == "retry: 3000\nid: \(start)\n\n")
        #expect(pieces[1].hasPrefix("id: \(start + 1)\n"))
        #expect(pieces[1].ranges(of: "event: ").count == 3 - start)
    }

    @Test func `a client that was too long away is told so`() async throws {
        for type in ["A", "B"] { publish(type) }
        _ = try await stage.outbox.forgetEvents(publishedBy: stage.time.now(), limit: 1)
        let reply = try await stage.send(
            .get, "/ai/events?tenant_id=42&last_event_id=0", key: key)
        let pieces = try await pieces(2, of: reply)
        let reset = "id: 1\nevent: reset\ndata: {\"last_event_id\":\"1\"}\n\n"
        #expect(pieces[0] == "retry: 3000\n\(reset)")
        #expect(pieces[1].hasPrefix("id: 2\nevent: B\n"))
    }

    @Test func `silence is a comment, and a drain a hint`() async throws {
        let reply = try await stage.send(.get, "/ai/events?tenant_id=42", key: key)
        var stream = try #require(reply.answer.stream)
        _ = try await stream.next()
        stage.time.advance(seconds: 15)
        stage.feed.tick()
        #expect(try await stream.next() == Array(":\n\n".utf8))
        stage.feed.drain()
        let last = String(decoding: try await stream.next() ?? [], as: UTF8.self)
        #expect(last.wholeMatch(of: /retry: \d+\n\n/) != nil)
        #expect(try await stream.next() == nil)
        let refused = try await stage.send(.get, "/ai/events?tenant_id=42", key: key)
        #expect(refused.status == 503)
        #expect(refused.header("retry-after") == "1")
    }

    @Test(arguments: [
        ("?tenant_id=43", 403, "forbidden", "tenant_id"),
        ("", 400, "invalid_request", "tenant_id"),
        ("?tenant_id=42&last_event_id=-1", 400, "invalid_request", "last_event_id"),
        ("?tenant_id=42&last_event_id=1e3", 400, "invalid_request", "last_event_id"),
        ("?tenant_id=42&user_id=-1", 400, "invalid_request", "user_id"),
        ("?tenant_id=42&user=1", 400, "invalid_request", "user"),
    ])
    func `what can't be heard is refused`(
        query: String, status: Int, code: String, param: String
    ) async throws {
        let reply = try await stage.send(.get, "/ai/events\(query)", key: key)
        #expect((reply.status, reply.error) == (status, code))
        #expect(reply.param == param)
        #expect(stage.feed.count == 0)
    }

    @Test(arguments: ["x", "-1", "1 2", "9223372036854775808", "01"])
    func `a Last-Event-ID that is none is refused`(text: String) async throws {
        let reply = try await stage.send(
            .get, "/ai/events?tenant_id=42", key: key, fields: [("last-event-id", text)])
        #expect(reply.status == 400)
        #expect(reply.param == "Last-Event-ID")
    }

    @Test func `operators' events are an administrator's`() async throws {
        let reply = try await stage.send(
            .get, "/ai/events?last_event_id=0", key: Stage.Token.admin.rawValue)
        publish("BreakerOpened", tenant: nil)
        publish("A")
        let pieces = try await pieces(2, of: reply)
        #expect(pieces[1].contains("event: BreakerOpened\n"))
        #expect(pieces[1].contains("event: A\n"))
    }

    @Test func `a stream goes over the wire, and ends with its client`() async throws {
        let (stage, request) = (stage, Self.request(key))
        let text = try await withServer(stage.use) { port, _ in
            let client = Task {
                try await RawClient.exchange(port, request, until: "event: E\n")
            }
            #expect(await eventually { stage.feed.count == 1 })
            stage.outbox.publish(
                "E", payload: [:], tenant: TenantID(42), at: stage.time.now())
            return try await client.value
        }
        #expect(text.contains("Content-Type: text/event-stream\r\n"))
        #expect(text.contains("Cache-Control: no-store\r\n"))
        #expect(text.contains("x-accel-buffering: no\r\n"))
        #expect(stage.feed.count == 0)
    }

    private static func request(_ key: String) -> String {
        "GET /ai/events?tenant_id=42 HTTP/1.1\r\nhost: weir\r\n"
            + "authorization: Bearer \(key)\r\n\r\n"
    }

    @Test func `a drain ends the streams, and the server after them`() async throws {
        let (stage, request) = (stage, Self.request(key))
        let text = try await withServer(stage.use) { port, group in
            let client = Task { try await RawClient.exchange(port, request) }
            #expect(await eventually { stage.feed.count == 1 })
            await group.triggerGracefulShutdown()
            return try await client.value
        }
        #expect(text.ranges(of: "retry: ").count == 2)
        #expect(text.hasSuffix("0\r\n\r\n"))
    }
}
