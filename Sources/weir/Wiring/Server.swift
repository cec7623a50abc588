import Logging
import ServiceLifecycle
import UnixSignals
import WeirCore
import WeirHTTP
import WeirService
import WeirStorage

/// The whole process: the AI service behind its HTTP server, with its signals.
enum Server {
    /// Returns after a graceful end; throws a `CommandFailure` where it can't start.
    ///
    /// - Parameter onListening: is told the port once requests are served.
    static func run(
        _ configuration: Configuration, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let service: AIService
        do {
            service = try await AIService.start(configuration)
        } catch {
            throw CommandFailure("weir can't start: \(describe(error))")
        }
        let server = WeirServer(
            service.useCases, settings: configuration.serverSettings, onListening: onListening)
        var group = ServiceGroupConfiguration(
            services: [
                .init(service: HealthLoop(monitor: service.health)), .init(service: server),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // What still hangs when the drain time is over is cut off; recovery will charge it.
        group.maximumGracefulShutdownDuration = configuration.server.drainTimeout
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            await service.stop()
            throw CommandFailure("weir ended: \(describe(error))")
        }
        await service.stop()
        logger.info("weir ended, every call is settled")
    }

    private static func describe(_ error: any Error) -> String {
        switch error {
        case let failure as StartFailure: failure.description
        case let error as PriceBookError: "prices: \(error)"
        case StoreError.unavailable(let reason): reason
        default: "\(error)"
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
        settings.bodyLimit = limits.body
        settings.defaultMaxTokens = Int64(limits.maxTokensDefault)
        return settings
    }
}
