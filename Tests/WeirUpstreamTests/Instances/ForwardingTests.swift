import NIOCore
import NIOPosix
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

/// Requests to instances: what is written, and what must not be.
@Suite struct ForwardingTests {
    private typealias Script = ScriptedServer.Script

    @Test func `the request is exact`() async throws {
        try await withInstance(.init()) { server, client, instance in
            let headers = [
                HeaderField("content-type", "application/json"),
                HeaderField("Accept-Encoding", "gzip"), HeaderField("User-Agent", "app/1"),
                HeaderField("x-request-id", "req_1"),
            ]
            let call = instanceCall(
                instance, target: "/ai/complete?a=[b]|\"c\"", headers: headers, body: "{ü}")
            #expect(await wholeText(client.forward(call)) == "200 ok end")
            let expected = """
                POST /ai/complete?a=[b]|"c" HTTP/1.1\r
                host: 127.0.0.1:\(server.port)\r
                content-type: application/json\r
                Accept-Encoding: gzip\r
                User-Agent: app/1\r
                x-request-id: req_1\r
                content-length: 4\r
                \r
                {ü}
                """
            #expect(server.seen.requests == [expected])
        }
    }

    @Test func `framing and what is between neighbours is ours`() async throws {
        try await withInstance(.init()) { server, client, instance in
            let names = [
                "Host", "te", "Connection", "keep-alive", "Content-Length", "Transfer-Encoding",
                "expect", "Upgrade", "trailer", "Proxy-Connection",
            ]
            let headers = names.map { HeaderField($0, "999") } + [HeaderField("x", "1")]
            let call = instanceCall(instance, headers: headers)
            #expect(await wholeText(client.forward(call)) == "200 ok end")
            let request = try #require(server.seen.requests.first)
            #expect(!request.contains("999"))
            #expect(request.contains("\r\nx: 1\r\ncontent-length: 2\r\n\r\n{}"))
        }
    }

    @Test(arguments: [
        ("GET", "", nil), ("HEAD", "", nil), ("DELETE", "", nil), ("PURGE", "", nil),
        ("POST", "", "0"), ("PUT", "", "0"), ("PATCH", "", "0"), ("DELETE", "ab", "2"),
        ("OPTIONS", "abc", "3"),
    ])
    func `each method is sent, with a length where it has a body or should`(
        method: String, body: String, length: String?
    ) async throws {
        try await withInstance(.always(.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"))) {
            server, client, instance in
            let call = instanceCall(instance, method, body: body)
            #expect(await wholeText(client.forward(call)) == "200 end")
            let request = try #require(server.seen.requests.first)
            #expect(request.hasPrefix("\(method) /ai/complete HTTP/1.1\r\n"))
            let line = length.map { "content-length: \($0)\r\n" } ?? ""
            #expect(request.hasSuffix("\(line)\r\n\(body)"))
            #expect(request.contains("content-length") == (length != nil))
        }
    }

    @Test(arguments: [
        HeaderField("x", "a\r\nb: c"), HeaderField("x", "a\nb"), HeaderField("x", "a\0b"),
        HeaderField("x y", "a"), HeaderField("", "a"), HeaderField("x:", "a"),
    ])
    func `a header that would be more than one is not sent`(field: HeaderField) async throws {
        try await withInstance(.init()) { server, client, instance in
            let call = instanceCall(instance, headers: [field])
            #expect(await wholeText(client.forward(call)) == "not sent")
            #expect(server.seen.connections == 0)
        }
    }

    @Test(arguments: [
        ("POST", ""), ("POST", "ai"), ("POST", "/a b"), ("POST", "/a\r\nx: y"), ("POST", "/é"),
        ("POST", "http://a/b"), ("", "/"), ("PO ST", "/"), ("PO\r\nST", "/"), ("CONNECT", "/"),
    ])
    func `a request line that would be none is not sent`(
        method: String, target: String
    ) async throws {
        try await withInstance(.init()) { server, client, instance in
            let call = instanceCall(instance, method, target: target)
            #expect(await wholeText(client.forward(call)) == "not sent")
            #expect(server.seen.connections == 0)
        }
    }

    @Test func `a path in the base goes before the target`() async throws {
        let server = try await ScriptedServer(.init())
        let client = try InstanceClient(group: MultiThreadedEventLoopGroup.singleton)
        let instance = try #require(
            InstanceEndpoint(
                pool: pool, address: try SocketAddress(ipAddress: "127.0.0.1", port: server.port),
                base: try BaseURL("http://shop.test/api/"), tls: nil))
        client.set([instance], of: pool)
        let call = instanceCall(instance.name, "GET", target: "/items?id=1", body: "")
        #expect(await wholeText(client.forward(call)) == "200 ok end")
        #expect(
            server.seen.requests == ["GET /api/items?id=1 HTTP/1.1\r\nhost: shop.test\r\n\r\n"])
        await client.shutdown()
        try await server.stop()
    }

    @Test func `nobody listens: not sent, and at once`() async throws {
        let server = try await ScriptedServer(.init())
        try await server.stop()
        let client = try InstanceClient(group: MultiThreadedEventLoopGroup.singleton)
        let instance = try endpoint(server.port)
        client.set([instance], of: pool)
        let outcome = await client.forward(instanceCall(instance.name))
        guard case .notSent(let reason) = outcome else {
            throw UnexpectedOpening(description: "\(outcome)")
        }
        #expect(reason.hasPrefix("no connection to 127.0.0.1:\(server.port)"))
        await client.shutdown()
    }

    @Test func `an instance that nobody told of is not sent to`() async throws {
        try await withInstance(.init()) { _, client, _ in
            let call = instanceCall(slug("ai/127.0.0.1:1"))
            #expect(await wholeText(client.forward(call)) == "not sent")
            #expect(await client.check(call.instance, path: "/health", within: .seconds(5)) == nil)
        }
    }
}
