import Foundation
import NIOPosix
import WeirCore
import WeirHTTP
import WeirService
import WeirStorage
import WeirUpstream

/// A gateway with all its parts, in the order in which they start: store, directory, client, pools,
/// routes. It calls no provider and keeps no ledger.
enum GatewayProcess {
    /// Throws a `StartFailure` that says what is wrong and how to mend it.
    ///
    /// - Parameter source: where the configuration is read again; nil: nowhere.
    static func start(
        _ configuration: Configuration, source: ConfigurationReload.Source?,
        time: any TimeSource = SystemTime()
    ) async throws -> ProcessParts {
        let store = try await open(configuration.storage.sqlitePath)
        do {
            return try await assemble(configuration, source, store, time)
        } catch {
            await store.close()
            throw error
        }
    }

    private static func open(_ path: String) async throws -> SQLiteStore {
        do {
            return try await SQLiteStore.open(path: path)
        } catch {
            throw StartFailure("the store can't be opened: \(error.reason)")
        }
    }

    private static func assemble(
        _ configuration: Configuration, _ source: ConfigurationReload.Source?,
        _ store: SQLiteStore, _ time: any TimeSource
    ) async throws -> ProcessParts {
        // Prices are no gateway's business; the directory has some all the same.
        let directory = try Directory(
            contents: try await store.loadDirectory(), prices: try PriceFile.book(nil),
            store: store)
        guard let seal = configuration.identitySeal else {
            throw StartFailure("the role gateway needs identity.secret")
        }
        guard let plan = configuration.gateway.plan else {
            throw StartFailure("the role gateway needs gateway.pools")
        }
        let client = try InstanceClient(group: MultiThreadedEventLoopGroup.singleton)
        let gateway = Gateway(plan, transport: client, seal: seal, time: time)
        let pools = GatewayPools(gateway, client: client)
        let rates = RateGate(configuration.limits.ai)
        let live = LiveSettings(rates: rates, pools: pools)
        let setUp: @Sendable () async -> Void
        do {
            setUp = try await blocking { () throws(ConfigurationError) in
                try live.prepare(configuration)
            }
        } catch {
            throw StartFailure(error.mistakes.map(\.description).joined(separator: "; "))
        }
        await setUp()
        let reload = source.map {
            ConfigurationReload(
                running: configuration, as: .gateway, source: $0, store: store, time: time,
                prepare: live.prepare)
        }
        let health = try healthMonitor(configuration, store, gateway, time)
        var useCases = UseCases(
            newRequest: TimeOrderedText(time: time).requestID,
            authenticator: Authenticator(
                directory: directory, adminToken: configuration.adminKey?.reveal, time: time),
            doors: .all,
            administration: Administration(directory, store, time: time, reload: reload),
            health: health, ai: nil)
        useCases.gateway = GatewayUseCases(
            gateway: gateway, limits: rates, directory: directory, time: time)
        let probes = InstanceProbes(gateway, transport: client, time: time)
        let members = PoolMembers(gateway, time: time)
        return ProcessParts(
            useCases: useCases, reload: reload,
            loops: [Loop(health.run), Loop(probes.run), Loop(members.run)],
            cut: { await client.shutdown() },
            stop: {
                await client.shutdown()
                await store.close()
            })
    }

    private static func healthMonitor(
        _ configuration: Configuration, _ store: SQLiteStore, _ gateway: Gateway,
        _ time: any TimeSource
    ) throws -> HealthMonitor {
        let folder = URL(filePath: configuration.storage.sqlitePath)
            .deletingLastPathComponent().path
        // It has no providers to ask.
        let nobody = try PooledTransport(
            endpoints: [], group: MultiThreadedEventLoopGroup.singleton, time: time)
        return HealthMonitor(
            ledger: store, providers: ProviderProbes(probes: [], transport: nobody, time: time),
            readMachine: { MachineReading.current(diskPath: folder) },
            pools: { gateway.poolHealth })
    }
}
