import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle
import WeirCore
import WeirService

/// The HTTP server as a long-running service. On graceful shutdown it tells that it isn't ready any
/// more, serves on for the notice, then stops accepting and lets every request that it has begun
/// finish.
package struct WeirServer: Service {
    private let dispatcher: Dispatcher
    private let isGateway: Bool
    private let settings: ServerSettings
    private let draining = Draining()
    private let addresses: AddressCounter?
    private let events: EventFeed?
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameter onListening: is told the port, once requests are served.
    package init(
        _ use: UseCases, settings: ServerSettings, logger: Logger = Logger(label: "weir.http"),
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        dispatcher = Dispatcher(use, settings: settings, draining: draining, logger: logger)
        isGateway = use.gateway != nil
        self.settings = settings
        addresses = settings.connectionLimitPerAddress.map(AddressCounter.init)
        events = use.events
        self.logger = logger
        self.onListening = onListening
    }

    package func run() async throws {
        let application = Application(
            responder: HummingbirdAdapter(dispatcher: dispatcher, isGateway: isGateway),
            server: .http1(configuration: channelConfiguration),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port),
                backlog: settings.backlog,
                availableConnectionsDelegate: .maximum(settings.connectionLimit, logger: logger)),
            onServerRunning: { [onListening] channel in
                await onListening(channel.localAddress?.port ?? 0)
            },
            logger: logger)
        try await serve(ServiceGroup(services: [application], logger: logger))
    }

    private func serve(_ group: ServiceGroup) async throws {
        try await withGracefulShutdownHandler {
            // Detached: a child would hear of the shutdown before the notice is over.
            let serving = Task.detached { try await group.run() }
            try await withTaskCancellationHandler {
                try await serving.value
            } onCancel: {
                serving.cancel()
            }
        } onGracefulShutdown: { [draining, events, notice = settings.drainNotice] in
            draining.begin()
            // Unstructured: a handler can't wait, and the process may end before.
            Task {
                if notice > .zero {
                    // Only a cancelled sleep throws, and nobody cancels this one.
                    try? await Task.sleep(for: notice)
                }
                // They would never end by themselves.
                events?.drain()
                await group.triggerGracefulShutdown()
            }
        }
    }

    private var channelConfiguration: HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                ConnectionInstaller(
                    head: settings.headTimeout, body: settings.bodyTimeout,
                    stall: settings.stallTimeout, draining: draining, addresses: addresses,
                    respond: { [dispatcher] head in
                        await dispatcher.respond(to: head) { _ throws(WeirError) in [] }
                    }, refuse: dispatcher.refuse)
            ],
            idleTimeout: TimeAmount(settings.idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: settings.headerLimit, maxHeaderListSize: settings.headerLimit,
                maxHeaderFieldCount: settings.headerCountLimit))
    }
}

/// Carries requests and answers between the server's types and ours.
///
/// A client that leaves doesn't cancel its call: the handler runs to its end, and what it settled
/// is in the ledger.
private struct HummingbirdAdapter: HTTPResponder {
    let dispatcher: Dispatcher
    /// Whether somebody behind it has to know from where a request comes.
    let isGateway: Bool

    struct Context: InitializableFromSource {
        let channel: any Channel

        init(source: ApplicationRequestContextSource) { channel = source.channel }
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        var head = CallHead(
            method: request.method, target: request.head.path ?? "", headers: request.headers)
        if isGateway {
            head.peer = context.channel.remoteAddress?.ipAddress
            head.authority = request.head.authority
            head.client = WatchedClient(channel: context.channel)
        }
        // In a task of its own: a task keeps the stack of its deepest call to its end, which for a
        // stream is some 50 KB, and the connection's task lives as long as what it relays.
        async let answer = dispatcher.respond(to: head) { limit throws(WeirError) in
            try await read(request.body, limit)
        }
        return response(await answer, to: request.method, on: context.channel)
    }

    private func read(_ body: RequestBody, _ limit: Int) async throws(WeirError) -> [UInt8] {
        do {
            return Array(try await body.collect(upTo: limit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw RequestBodyReader.tooLarge(limit)
        } catch {
            throw WeirError(.invalidRequest, "The body could not be read to its end")
        }
    }

    private func body(of stream: any StreamedBody) -> ResponseBody {
        ResponseBody { writer in
            var stream = stream
            do {
                // A write waits while the connection takes no more.
                while let bytes = try await stream.next() {
                    try await writer.write(ByteBuffer(bytes: bytes))
                }
            } catch {
                await stream.abandon()
                throw error
            }
            try await writer.finish(stream.trailers)
        }
    }

    private func response(
        _ answer: Answer, to method: HTTPRequest.Method, on channel: any Channel
    ) -> Response {
        var headers = answer.fields
        // The answer to a HEAD is a head alone; bytes behind it would be read as the next answer.
        if method == .head {
            if !answer.isForwarded { headers[.contentLength] = String(answer.body.count) }
            return Response(status: .init(code: answer.status), headers: headers)
        }
        if let stream = answer.stream {
            if !answer.isForwarded { headers[.acceleratedBuffering] = "no" }
            stream.attach(to: channel)
            return Response(
                status: .init(code: answer.status), headers: headers, body: body(of: stream))
        }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
