import HTTPTypes
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import WeirCore
import WeirService

@testable import WeirHTTP

/// Bytes to a server, and its bytes back: what no well-behaved client would send can be sent too.
enum RawClient {
    /// Everything that comes back until the server closes, or until `end` has come `times` times.
    static func exchange(
        _ port: Int, _ text: String, until end: String? = nil, times: Int = 1
    ) async throws -> String {
        let channel = try await connect(port)
        return try await channel.executeThenClose { inbound, outbound in
            // The server may have hung up by now on a client that says nothing.
            if !text.isEmpty { try await outbound.write(ByteBuffer(string: text)) }
            var received = ""
            for try await part in inbound {
                received += String(buffer: part)
                if let end, received.ranges(of: end).count >= times { break }
            }
            return received
        }
    }

    /// Says one thing after the other, each when what it waits for has come behind the last one.
    static func converse(
        _ port: Int, _ steps: [(text: String, end: String)]
    ) async throws -> String {
        let channel = try await connect(port)
        return try await channel.executeThenClose { inbound, outbound in
            var parts = inbound.makeAsyncIterator()
            var received = ""
            for step in steps {
                try await outbound.write(ByteBuffer(string: step.text))
                let before = received.count
                while !received.dropFirst(before).contains(step.end),
                    let part = try await parts.next()
                {
                    received += String(buffer: part)
                }
            }
            return received
        }
    }

    /// Sends, waits until the server has the request, and hangs up without reading.
    static func abandon(
        _ port: Int, _ text: String, when isThere: () async -> Void
    ) async throws {
        let channel = try await connect(port)
        try await channel.executeThenClose { _, outbound in
            try await outbound.write(ByteBuffer(string: text))
            await isThere()
        }
    }

    private static func connect(
        _ port: Int
    ) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }
}

/// Runs a server on a free port for as long as the body runs, then lets it drain.
func withServer<Result: Sendable>(
    _ use: UseCases, settings: ServerSettings = ServerSettings(),
    _ body: (Int, ServiceGroup) async throws -> Result
) async throws -> Result {
    var settings = settings
    settings.port = 0
    var logger = Logger(label: "test")
    logger.logLevel = .error
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let server = WeirServer(use, settings: settings, logger: logger) { continuation.yield($0) }
    let group = ServiceGroup(
        configuration: .init(services: [server], gracefulShutdownSignals: [], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        var port = 0
        for await found in ports {
            port = found
            break
        }
        let result = try await body(port, group)
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
    }
}

/// Opens once, for everybody who waits.
actor Latch {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    func wait() async {
        if isOpen { return }
        await withCheckedContinuation { waiting.append($0) }
    }
}

/// Waits for something that happens elsewhere, for a bounded time.
func eventually(_ condition: () -> Bool) async -> Bool {
    for _ in 0..<60_000 {
        if condition() { return true }
        // A cancelled test needs no more waiting.
        try? await Task.sleep(for: .milliseconds(1))
    }
    return false
}
