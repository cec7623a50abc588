import NIOCore
import NIOPosix
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

/// Instances that are silent, callers that leave, instances that are taken away.
@Suite struct LosingInstancesTests {
    private static let chunkedHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\ncon", "HTTP/1.1 100 Continue\r\n\r\n"])
    func `silence before the head is a timeout`(start: String) async throws {
        let never = Gate()
        defer { never.open() }
        try await withInstance(.always(.send(start), .wait(never))) { server, client, instance in
            var limits = patientLimits
            limits.read = .milliseconds(100)
            let call = instanceCall(instance, limits: limits)
            #expect(await wholeText(client.forward(call)) == "timeout")
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    @Test(arguments: [true, false])
    func `silence after the head is a timeout, and so is the end of the total`(
        ofTotal: Bool
    ) async throws {
        let never = Gate()
        defer { never.open() }
        let script = ScriptedServer.Script.always(
            .send(Self.chunkedHead + "1\r\nx\r\n"), .wait(never))
        try await withInstance(script) { server, client, instance in
            var limits = patientLimits
            if ofTotal { limits.total = .seconds(1) } else { limits.read = .seconds(1) }
            let opening = await client.forward(instanceCall(instance, limits: limits))
            // A machine that is busy may be late with everything.
            #expect(["200 x timeout", "timeout"].contains(await wholeText(opening)))
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    @Test func `pieces put the timeout off, up to the total`() throws {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var streaming = try #require(
            Streaming(
                .relay(within: .seconds(60), isHead: false), deadline: start + .seconds(660)))
        streaming.start = start
        #expect(streaming.due(lastToken: nil) == start + .seconds(60))
        #expect(streaming.due(lastToken: start + .seconds(50)) == start + .seconds(110))
        #expect(streaming.due(lastToken: start + .seconds(650)) == start + .seconds(660))
        streaming.isResting = true
        #expect(streaming.due(lastToken: start) == start + .seconds(660), "its reader is slow")
    }

    @Test func `a caller that leaves before the head ends the connection`() async throws {
        let never = Gate()
        defer { never.open() }
        try await withInstance(.always(.wait(never))) { server, client, instance in
            let caller = Task { await wholeText(client.forward(instanceCall(instance))) }
            #expect(await eventually { server.seen.requests.count == 1 })
            caller.cancel()
            #expect(await caller.value == "broken")
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    @Test func `a caller that left before it began is not sent`() async throws {
        try await withInstance(.init()) { server, client, instance in
            let gate = Gate()
            let caller = Task {
                try? await gate.future.get()
                return await wholeText(client.forward(instanceCall(instance)))
            }
            caller.cancel()
            gate.open()
            #expect(await caller.value == "not sent")
            #expect(server.seen.requests.isEmpty)
        }
    }

    @Test func `a caller that leaves while it waits for a connection is not sent`() async throws {
        let gate = Gate()
        var limits = InstanceClient.standardLimits
        limits.connections = 1
        let script = ScriptedServer.Script.always(.wait(gate), .send(ScriptedServer.Script.ok))
        try await withInstance(script, limits: limits) { server, client, instance in
            let first = Task { await wholeText(client.forward(instanceCall(instance))) }
            #expect(await eventually { server.seen.requests.count == 1 })
            let second = Task { await wholeText(client.forward(instanceCall(instance))) }
            second.cancel()
            #expect(await second.value == "not sent")
            gate.open()
            #expect(await first.value == "200 ok end")
            #expect(server.seen.requests.count == 1)
        }
    }

    @Test func `whoever waits too long for a connection is not sent`() async throws {
        let gate = Gate()
        var limits = InstanceClient.standardLimits
        limits.connections = 1
        let script = ScriptedServer.Script.always(.wait(gate), .send(ScriptedServer.Script.ok))
        try await withInstance(script, limits: limits) { server, client, instance in
            let first = Task { await wholeText(client.forward(instanceCall(instance))) }
            #expect(await eventually { server.seen.requests.count == 1 })
            var hasty = patientLimits
            hasty.connect = .milliseconds(50)
            let call = instanceCall(instance, limits: hasty)
            #expect(await wholeText(client.forward(call)) == "not sent")
            gate.open()
            #expect(await first.value == "200 ok end")
        }
    }

    @Test(arguments: [true, false])
    func `a body that is cancelled or dropped ends the connection`(isDropped: Bool) async throws {
        let never = Gate()
        defer { never.open() }
        let script = ScriptedServer.Script.always(
            .send(Self.chunkedHead + "1\r\nx\r\n"), .wait(never))
        try await withInstance(script) { server, client, instance in
            do {
                let (_, _, body) = try reply(await client.forward(instanceCall(instance)))
                #expect(await body.next() == .bytes([UInt8(ascii: "x")]))
                #expect(server.seen.open == 1)
                if !isDropped {
                    body.cancel()
                    #expect(await rest(of: body) == "broken")
                }
            }
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    @Test func `a body that was read to its end keeps the connection`() async throws {
        try await withInstance(.init()) { server, client, instance in
            for _ in 0..<20 {
                #expect(await wholeText(client.forward(instanceCall(instance))) == "200 ok end")
            }
            #expect(server.seen.connections == 1)
        }
    }
}

extension LosingInstancesTests {
    @Test func `an instance that is taken away finishes what it has and gets nothing new`()
        async throws
    {
        let gate = Gate()
        let script = ScriptedServer.Script.always(
            .send(Self.chunkedHead + "1\r\nx\r\n"), .wait(gate), .send("0\r\n\r\n"))
        try await withInstance(script) { server, client, instance in
            let (_, _, body) = try reply(await client.forward(instanceCall(instance)))
            client.set([], of: pool)
            #expect(await wholeText(client.forward(instanceCall(instance))) == "not sent")
            #expect(server.seen.open == 1)
            gate.open()
            #expect(await rest(of: body) == "x end")
            #expect(await eventually { server.seen.open == 0 })
            client.set([try endpoint(server.port)], of: pool)
            #expect(await wholeText(client.forward(instanceCall(instance))) == "200 x end")
        }
    }

    @Test func `a call that got its place before an instance was taken away is sent`()
        async throws
    {
        try await withInstance(.init(), grace: .seconds(600)) { server, client, instance in
            client.set([], of: pool)
            #expect(await wholeText(client.forward(instanceCall(instance))) == "200 ok end")
            #expect(await client.check(instance, path: "/health", within: .seconds(5)) == nil)
        }
    }

    @Test func `instances of other pools stay, and so does one that is told of again`()
        async throws
    {
        try await withInstance(.init()) { server, client, instance in
            #expect(await wholeText(client.forward(instanceCall(instance))) == "200 ok end")
            client.remove(slug("other"))
            client.set([try endpoint(server.port)], of: pool)
            #expect(await wholeText(client.forward(instanceCall(instance))) == "200 ok end")
            #expect(server.seen.connections == 1)
            client.set([try endpoint(server.port, host: "renamed.test")], of: pool)
            #expect(await wholeText(client.forward(instanceCall(instance))) == "200 ok end")
            #expect(server.seen.requests.last?.contains("host: renamed.test:") == true)
        }
    }

    @Test func `after shutdown nothing is sent and nothing is told of`() async throws {
        try await withInstance(.init()) { server, client, instance in
            await client.shutdown()
            client.set([try endpoint(server.port)], of: pool)
            #expect(await wholeText(client.forward(instanceCall(instance))) == "not sent")
        }
    }

    @Test func `an old connection takes no further request`() async throws {
        let gate = Gate()
        let script = ScriptedServer.Script.always(.wait(gate), .send(ScriptedServer.Script.ok))
        try await withInstance(script) { server, client, instance in
            client.set([try endpoint(server.port, age: .milliseconds(1))], of: pool)
            let first = Task { await wholeText(client.forward(instanceCall(instance))) }
            #expect(await eventually { server.seen.requests.count == 1 })
            try await Task.sleep(for: .milliseconds(5))
            gate.open()
            #expect(await first.value == "200 ok end")
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    /// The event loop is kept from hearing of the end, as it is while it is busy.
    @Test func `a kept connection that the instance has closed is not written to`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let gate = Gate()
        let script = ScriptedServer.Script(reply: { connection, _ in
            let ok = ScriptedServer.Step.send(ScriptedServer.Script.ok)
            return connection == 0 ? [ok, .wait(gate), .close] : [ok]
        })
        let server = try await ScriptedServer(script)
        let settings = PoolSettings.shares(
            of: InstanceClient.standardLimits, base: try BaseURL("http://127.0.0.1:\(server.port)"),
            address: nil, tls: nil, count: 1)[0]
        let loop = group.any()
        let connections = NIOLoopBoundBox.makeBoxSendingValue(
            EndpointPool(settings, loop: loop), eventLoop: loop)
        for turn in 0..<2 {
            let outcome = await withCheckedContinuation { continuation in
                loop.execute {
                    if turn == 1 {
                        gate.open()
                        while server.seen.open > 0 {}
                    }
                    connections.value.submit(
                        Exchange(
                            request: ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"),
                            deadline: .now() + .seconds(60),
                            wish: .relay(within: .seconds(60), isHead: false),
                            caller: .init(load: PoolLoad(), continuation: continuation)))
                }
            }
            guard case .opened(let body) = outcome else {
                throw UnexpectedOpening(description: "\(outcome)")
            }
            #expect(await rest(of: body) == "ok end")
        }
        #expect(server.seen.connections == 2)
        try await loop.flatSubmit { connections.value.shutDown() }.get()
        try await server.stop()
        try await group.shutdownGracefully()
    }
}

/// What a health check says.
@Suite struct InstanceCheckTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nx-own: 1\r\ncontent-length: 2\r\n\r\nok", 200, "ok"),
        ("HTTP/1.1 503 No\r\nx-own: 1\r\ncontent-length: 2\r\n\r\nno", 503, "no"),
        ("HTTP/1.1 204 No\r\nx-own: 1\r\n\r\n", 204, ""),
    ])
    func `a whole reply is the answer`(reply: String, status: Int, body: String) async throws {
        try await withInstance(.always(.send(reply))) { server, client, instance in
            let answer = await client.check(instance, path: "/health?full=1", within: .seconds(60))
            #expect(answer?.status == status)
            #expect(answer?.body == Array(body.utf8))
            #expect(answer?.headers.contains(HeaderField("x-own", "1")) == true)
            let request = try #require(server.seen.requests.first)
            #expect(request.hasPrefix("GET /health?full=1 HTTP/1.1\r\nhost: 127.0.0.1:"))
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", "rubbish\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n" + String(repeating: "x", count: 65_537),
    ])
    func `anything else is none`(reply: String) async throws {
        try await withInstance(.always(.send(reply), .close)) { _, client, instance in
            #expect(await client.check(instance, path: "/health", within: .seconds(60)) == nil)
        }
    }

    @Test func `silence is none, and the connection is not kept`() async throws {
        let never = Gate()
        defer { never.open() }
        try await withInstance(.always(.wait(never))) { server, client, instance in
            let answer = await client.check(instance, path: "/", within: .seconds(2))
            #expect(answer == nil)
            #expect(await eventually { server.seen.open == 0 })
        }
    }
}
