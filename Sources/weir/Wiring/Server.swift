import Logging
import ServiceLifecycle
import UnixSignals
import WeirCore
import WeirHTTP
import WeirService
import WeirStorage
import WeirUpstream

/// The whole process: the AI service behind its HTTP server, with its signals.
enum Server {
    /// Returns after a graceful end; throws a `CommandFailure` where it can't start.
    ///
    /// - Parameters:
    ///   - source: where the configuration is read again; nil: nowhere.
    ///   - onListening: is told the port once requests are served.
    static func run(
        _ configuration: Configuration, as role: Role = .all,
        source: ConfigurationReload.Source? = nil, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let service: AIService
        do {
            service = try await AIService.start(configuration, as: role, source: source)
        } catch {
            throw CommandFailure("weir can't start: \(plainReason(error))")
        }
        let server = WeirServer(
            service.useCases, settings: configuration.serverSettings, onListening: onListening)
        let group = ServiceGroupConfiguration(
            services: [
                .init(service: await ReloadSignals(service.reload)),
                .init(service: HealthLoop(monitor: service.health)),
                .init(
                    service: DrainedServer(
                        server: server, transport: service.transport,
                        limit: configuration.server.drainNotice + configuration.server.drainTimeout)
                ),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            await service.stop()
            throw CommandFailure(ending(error, configuration.server))
        }
        await service.stop()
        logger.info("weir ended, every call is settled")
    }

    /// What the server throws by itself is that it can't listen.
    private static func ending(_ error: any Error, _ server: Configuration.Server) -> String {
        isListeningFailure(error)
            ? "weir can't start: \(listeningFailure(server.host, server.port, error))"
            : "weir ended: \(plainReason(error))"
    }
}

/// The server, with a bound on how long its calls may take to end: what a provider hasn't answered
/// by then is cut off, settled as in doubt, and answered with an error.
private struct DrainedServer: Service {
    let server: WeirServer
    let transport: PooledTransport
    let limit: Duration

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.run()
        } onGracefulShutdown: {
            // Unstructured: the server may well end before, and the process with it.
            Task {
                do {
                    try await Task.sleep(for: limit)
                } catch {
                    return
                }
                await transport.shutdown()
            }
        }
    }
}

/// Runs the background checks for as long as the server runs.
private struct HealthLoop: Service {
    let monitor: HealthMonitor

    func run() async throws {
        await cancelWhenGracefulShutdown { await monitor.run() }
    }
}

extension Configuration {
    fileprivate var serverSettings: ServerSettings {
        var settings = ServerSettings()
        settings.host = server.host
        settings.port = server.port
        settings.drainNotice = server.drainNotice
        if let files = OpenFiles.limit {
            settings.connectionLimit = OpenFiles.connections(
                within: files, calls: limits.concurrentCalls)
        }
        if let most = server.maxConnections {
            settings.connectionLimit = min(most, settings.connectionLimit)
        }
        settings.connectionLimitPerAddress = server.maxConnectionsPerAddress
        settings.bodyLimit = limits.body
        settings.defaultMaxTokens = Int64(limits.maxTokensDefault)
        settings.stallTimeout = streams.betweenTokens
        return settings
    }
}
