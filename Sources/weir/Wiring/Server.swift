import Logging
import ServiceLifecycle
import UnixSignals
import WeirCore
import WeirHTTP
import WeirService
import WeirStorage
import WeirUpstream

/// The whole process: the parts of its role behind the HTTP server, with its signals.
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
        // A signal during the start must not end it. A demo ends with its terminal.
        let signals = source == nil ? nil : await ReloadSignals.Signals(trapping: .sighup)
        let parts: ProcessParts
        do {
            parts = try await start(configuration, as: role, source: source)
        } catch {
            throw CommandFailure("weir can't start: \(plainReason(error))")
        }
        let server = WeirServer(
            parts.useCases, settings: configuration.serverSettings(role), onListening: onListening)
        let drained = DrainedServer(
            server: server, drain: parts.drain, cut: parts.cut,
            limit: configuration.server.drainNotice + configuration.server.drainTimeout)
        var services = parts.loops + [drained]
        if let signals, let reload = parts.reload {
            services.insert(ReloadSignals(reload: reload, signals: signals), at: 0)
        }
        let group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            await parts.stop()
            throw CommandFailure(ending(error, configuration.server))
        }
        await parts.stop()
        logger.info("weir ended, every call is settled")
    }

    private static func start(
        _ configuration: Configuration, as role: Role, source: ConfigurationReload.Source?
    ) async throws -> ProcessParts {
        do {
            try configuration.require(for: role)
        } catch {
            let reasons = error.mistakes.map(\.description).joined(separator: "; ")
            throw StartFailure(reasons)
        }
        switch role {
        case .gateway, .worker:
            return try await GatewayProcess.start(configuration, as: role, source: source)
        case .all, .service, .autopilot:
            return try await AIService.start(configuration, as: role, source: source)
        }
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
    let drain: @Sendable () -> Void
    let cut: @Sendable () async -> Void
    let limit: Duration

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.run()
        } onGracefulShutdown: {
            drain()
            // Unstructured: the server may well end before, and the process with it.
            Task {
                do {
                    try await Task.sleep(for: limit)
                } catch {
                    return
                }
                await cut()
            }
        }
    }
}

extension Configuration {
    func serverSettings(_ role: Role) -> ServerSettings {
        var settings = ServerSettings()
        settings.host = server.host
        settings.port = server.port
        settings.drainNotice = server.drainNotice
        if let files = OpenFiles.limit {
            // How many connections a gateway has to its instances is the callers' doing.
            let calls = role == .gateway ? Int.max : limits.concurrentCalls
            settings.connectionLimit = OpenFiles.connections(within: files, calls: calls)
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
