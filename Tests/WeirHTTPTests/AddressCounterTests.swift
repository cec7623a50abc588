import NIOCore
import Testing
import WeirCore
import WeirService

@testable import WeirHTTP

@Suite struct AddressCounterTests {
    private func network(_ address: String) throws -> ClientNetwork {
        try #require(ClientNetwork(try SocketAddress(ipAddress: address, port: 1)))
    }

    @Test func `an address has its limit, and leaves nothing behind`() throws {
        let counter = AddressCounter(limit: 2)
        let (one, other) = (try network("10.0.0.1"), try network("10.0.0.2"))
        #expect(counter.enter(one) && counter.enter(one) && !counter.enter(one))
        #expect(counter.enter(other))
        counter.leave(one)
        #expect(counter.enter(one) && !counter.enter(one))
        for left in [one, one, other] { counter.leave(left) }
        #expect(counter.networks == 0)
        counter.leave(one)
        #expect(counter.enter(one) && counter.enter(one) && !counter.enter(one))
    }

    @Test func `of IPv6 the first half counts, and an old address is one in any form`() throws {
        #expect(try network("2001:db8::1") == network("2001:db8:0:0:ffff::2"))
        #expect(try network("2001:db8::1") != network("2001:db8:0:1::1"))
        #expect(try network("::ffff:10.0.0.1") == network("10.0.0.1"))
        #expect(try network("::10.0.0.1") != network("10.0.0.1"))
    }

    @Test func `a connection too many is closed before it is read, and others are served`()
        async throws
    {
        var settings = ServerSettings()
        settings.connectionLimitPerAddress = 1
        // On a busy machine the first one may have to be held for long.
        settings.headTimeout = .seconds(600)
        let request = "GET /health/live HTTP/1.1\r\nhost: weir\r\n"
        try await withServer(try Stage().use, settings: settings) { port, _ in
            let (begun, ending) = (Latch(), Latch())
            async let held: Void = RawClient.abandon(port, request) {
                await begun.open()
                await ending.wait()
            }
            await begun.wait()
            var refused = "?"
            // The first one may not have been accepted yet when the second one is.
            while !refused.isEmpty {
                refused = (try? await RawClient.exchange(port, "")) ?? ""
            }
            await ending.open()
            try await held
            var served = ""
            while served.isEmpty {
                served =
                    (try? await RawClient.exchange(port, request + "connection: close\r\n\r\n"))
                    ?? ""
            }
            #expect(served.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }
}
