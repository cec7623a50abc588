import NIOPosix
import Testing
import WeirCore

@testable import WeirUpstream

@Suite struct OneShotTests {
    private let client = OneShotClient(group: MultiThreadedEventLoopGroup.singleton)

    @Test func aRequestHasAConnectionOfItsOwn() async throws {
        let server = try await ScriptedServer(
            .always(.send("HTTP/1.1 200 OK\r\nX-A: b\r\ncontent-length: 2\r\n\r\nok")))
        let url = "http://127.0.0.1:\(server.port)"
        let reply = try await client.request(
            method: .put, url: url + "/admin/?a=b", headers: [HeaderField("x-key", "k")],
            body: [0x7B], timeout: .seconds(20))
        #expect(reply.status == 200)
        #expect(reply.headers.first == HeaderField("X-A", "b"))
        #expect(reply.body == Array("ok".utf8))
        _ = try await client.request(method: .get, url: url, timeout: .seconds(20))
        #expect(server.seen.requests.first?.hasPrefix("PUT /admin/?a=b HTTP/1.1\r\n") == true)
        #expect(server.seen.requests.first?.contains("connection: close\r\n") == true)
        #expect(server.seen.requests.last?.hasPrefix("GET / HTTP/1.1\r\n") == true)
        #expect(server.seen.connections == 2)
        #expect(await eventually { server.seen.open == 0 })
        try await server.stop()
    }

    @Test(arguments: ["", "x", "http://h/#a", "http://u@h/", "http://h/?a b", "http://h/?a#b"])
    func aBadURLIsNotSent(_ url: String) async throws {
        await #expect {
            _ = try await client.request(method: .get, url: url, timeout: .seconds(1))
        } throws: { error in
            (error as? RequestFailure)?.mayHaveBeenSent == false
        }
    }

    @Test func aLossSaysThatItMayHaveBeenSent() async throws {
        let server = try await ScriptedServer(.always(.close))
        await #expect {
            _ = try await client.request(
                method: .post, url: "http://127.0.0.1:\(server.port)/", body: [],
                timeout: .seconds(20))
        } throws: { error in
            (error as? RequestFailure)?.mayHaveBeenSent == true
        }
        try await server.stop()
    }
}
