import NIOCore
import NIOPosix
import Testing
import WeirCore
import WeirService

@testable import WeirUpstream

@Suite struct PoolingTests {
    @Test func callsInARowShareAConnection() async throws {
        try await withServer(.init()) { server, transport in
            for _ in 0..<50 {
                #expect(text(await transport.send(call())) == "200 ok")
            }
            #expect(server.seen.connections == 1)
            #expect(server.seen.requests.count == 50)
        }
    }

    @Test func twoHundredAtOnceAllGetTheirReply() async throws {
        try await withServer(.init()) { server, transport in
            for _ in 0..<3 {
                await withTaskGroup(of: String.self) { group in
                    for _ in 0..<200 { group.addTask { text(await transport.send(call())) } }
                    for await outcome in group { #expect(outcome == "200 ok") }
                }
            }
            #expect(server.seen.requests.count == 600)
            #expect(server.seen.connections <= 200)
        }
    }

    @Test func theLimitOfConnectionsHolds() async throws {
        var limits = TransportLimits()
        limits.connections = 3
        try await withServer(.init(), limits: limits) { server, transport in
            await withTaskGroup(of: String.self) { group in
                for _ in 0..<100 { group.addTask { text(await transport.send(call())) } }
                for await outcome in group { #expect(outcome == "200 ok") }
            }
            #expect(server.seen.connections <= 3)
        }
    }

    @Test func whoWaitsTooLongForAConnectionIsNotSent() async throws {
        let gate = Gate()
        var limits = TransportLimits()
        limits.connections = 1
        limits.waitTimeout = .seconds(2)
        try await withServer(
            .always(.wait(gate), .send(ScriptedServer.Script.ok)), limits: limits
        ) { server, transport in
            let first = Task { await transport.send(call()) }
            #expect(await eventually { server.seen.requests.count == 1 })
            #expect(text(await transport.send(call())) == "not sent")
            #expect(text(await transport.send(call(timeout: .milliseconds(10)))) == "not sent")
            gate.open()
            #expect(text(await first.value) == "200 ok")
            #expect(server.seen.requests.count == 1)
        }
    }

    @Test func whoFindsTheQueueFullIsNotSent() async throws {
        let gate = Gate()
        var limits = TransportLimits()
        limits.connections = 1
        limits.waitingCalls = 1
        try await withServer(
            .always(.wait(gate), .send(ScriptedServer.Script.ok)), limits: limits,
            group: MultiThreadedEventLoopGroup.singleton.any()
        ) { server, transport in
            let first = Task { await transport.send(call()) }
            #expect(await eventually { server.seen.requests.count == 1 })
            let others = [0, 1].map { _ in Task { await transport.send(call()) } }
            var outcomes: [String] = []
            gate.open()
            for task in [first] + others { outcomes.append(text(await task.value)) }
            #expect(outcomes.allSatisfy { ["200 ok", "not sent"].contains($0) })
            #expect(outcomes[0] == "200 ok")
        }
    }

    @Test func aKeptConnectionThatTheServerClosedIsNotUsed() async throws {
        let gate = Gate()
        let script = ScriptedServer.Script(reply: { connection, _ in
            let ok = ScriptedServer.Step.send(ScriptedServer.Script.ok)
            return connection == 0 ? [ok, .wait(gate), .close] : [ok]
        })
        try await withServer(script) { server, transport in
            #expect(text(await transport.send(call())) == "200 ok")
            gate.open()
            #expect(await eventually { server.seen.open == 0 })
            while await transport.connectionCount(provider) > 0 { await Task.yield() }
            #expect(text(await transport.send(call())) == "200 ok")
            #expect(server.seen.connections == 2)
        }
    }

    @Test func aByteOutOfTurnEndsAKeptConnection() async throws {
        let gate = Gate()
        let late = ScriptedServer.Step.send(ScriptedServer.Script.ok)
        try await withServer(.always(.send(ScriptedServer.Script.ok), .wait(gate), late)) {
            server, transport in
            #expect(text(await transport.send(call())) == "200 ok")
            gate.open()
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    @Test func idleConnectionsEnd() async throws {
        var limits = TransportLimits()
        limits.idleTimeout = .milliseconds(50)
        try await withServer(.init(), limits: limits) { server, transport in
            #expect(text(await transport.send(call())) == "200 ok")
            #expect(await eventually { server.seen.open == 0 })
            #expect(text(await transport.send(call())) == "200 ok")
            #expect(server.seen.connections == 2)
        }
    }

    @Test func theServersOwnIdleTimeoutIsHonoured() async throws {
        let reply = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=9\r\ncontent-length: 0\r\n\r\n"
        try await withServer(.always(.send(reply))) { server, transport in
            #expect(text(await transport.send(call())) == "200 ")
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    @Test func onlySoManyIdleConnectionsAreKept() async throws {
        let gate = Gate()
        var limits = TransportLimits()
        limits.idleConnections = 0
        try await withServer(.always(.wait(gate), .send(ScriptedServer.Script.ok)), limits: limits)
        { server, transport in
            let calls = (0..<4).map { _ in Task { await transport.send(call()) } }
            #expect(await eventually { server.seen.requests.count == 4 })
            gate.open()
            for task in calls { #expect(text(await task.value) == "200 ok") }
            #expect(await eventually { server.seen.open == 0 })
        }
    }

    @Test func aCallerOnAnEventLoopStaysThere() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        try await withServer(.init(), group: group) { server, transport in
            for loop in group.makeIterator() {
                for _ in 0..<3 {
                    let promise = loop.makePromise(of: UpstreamOutcome.self)
                    promise.completeWithTask { await transport.send(call()) }
                    let outcome = try await promise.futureResult.get()
                    #expect(text(outcome) == "200 ok")
                }
            }
        }
        try await group.shutdownGracefully()
    }

    @Test func afterShutdownNothingIsSent() async throws {
        try await withServer(.init()) { server, transport in
            #expect(text(await transport.send(call())) == "200 ok")
            await transport.shutdown()
            #expect(await transport.send(call()) == .notSent("shutting down"))
            #expect(server.seen.requests.count == 1)
            await transport.shutdown()
        }
    }

    @Test func shutdownWaitsForWhatIsInFlight() async throws {
        let gate = Gate()
        try await withServer(.always(.wait(gate), .send(ScriptedServer.Script.ok))) {
            server, transport in
            let inFlight = Task { await transport.send(call()) }
            #expect(await eventually { server.seen.requests.count == 1 })
            let end = Task { await transport.shutdown() }
            while text(await transport.send(call(timeout: .milliseconds(1)))) != "not sent" {}
            gate.open()
            #expect(text(await inFlight.value) == "200 ok")
            await end.value
        }
    }

    @Test func shutdownCutsOffWhatTakesTooLong() async throws {
        var limits = TransportLimits()
        limits.drainTimeout = .milliseconds(50)
        try await withServer(
            .always(.send("HTTP/1.1 200 OK\r\n\r\nno end")), limits: limits
        ) { server, transport in
            let inFlight = Task { await transport.send(call()) }
            #expect(await eventually { server.seen.requests.count == 1 })
            await transport.shutdown()
            #expect(text(await inFlight.value) == "broken")
        }
    }
}

extension PoolingTests {
    @Test func amidFailuresEveryCallHasOneOutcomeAndNoneGetsAnothersReply() async throws {
        @Sendable func ok(_ bodies: String...) -> ScriptedServer.Step {
            let replies = bodies.map {
                "HTTP/1.1 200 OK\r\ncontent-length: \($0.utf8.count)\r\n\r\n\($0)"
            }
            return .send(replies.joined())
        }
        let script = ScriptedServer.Script(echo: { body, connection, request in
            switch (connection &* 31 &+ request &* 7) % 11 {
            case 0: [.close]
            case 1: [.reset]
            case 2: [.send("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf"), .close]
            case 3: [ok(body), .close]
            case 4: [ok(body), .reset]
            case 5: [.send("rubbish\r\n\r\n")]
            case 6: [ok(body, "another's")]
            default: [ok(body)]
            }
        })
        var limits = TransportLimits()
        limits.connections = 16
        try await withServer(script, limits: limits) { server, transport in
            await withTaskGroup(of: (String, String).self) { group in
                for number in 0..<400 {
                    group.addTask {
                        let outcome = await transport.send(call(body: "call \(number)"))
                        return ("200 call \(number)", text(outcome))
                    }
                }
                for await (expected, outcome) in group {
                    #expect([expected, "broken", "malformed"].contains(outcome))
                }
            }
            #expect(server.seen.requests.count <= 400)
        }
    }
}
