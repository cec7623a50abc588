import Foundation
import NIOPosix
import WeirCore
import WeirHTTP
import WeirService
import WeirStorage
import WeirUpstream

/// A gateway or a worker with all its parts, in the order in which they start: store, directory,
/// client, pools, jobs, routes. It calls no provider and keeps no ledger.
///
/// A gateway sends calls on to instances of the AI service, and keeps jobs where it is told to. A
/// worker keeps jobs and does nothing else.
enum GatewayProcess {
    /// Throws a `StartFailure` that says what is wrong and how to mend it.
    ///
    /// - Parameter source: where the configuration is read again; nil: nowhere.
    static func start(
        _ configuration: Configuration, as role: Role, source: ConfigurationReload.Source?,
        time: any TimeSource = SystemTime()
    ) async throws -> ProcessParts {
        let store = try await open(configuration.storage.sqlitePath)
        do {
            return try await assemble(configuration, role, source, store, time)
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
        _ configuration: Configuration, _ role: Role, _ source: ConfigurationReload.Source?,
        _ store: SQLiteStore, _ time: any TimeSource
    ) async throws -> ProcessParts {
        // Prices are no business of theirs; the directory has some all the same.
        let directory = try Directory(
            contents: try await store.loadDirectory(), prices: try PriceFile.book(nil),
            store: store)
        let client = try InstanceClient(group: MultiThreadedEventLoopGroup.singleton)
        let queue = Adjustable(configuration.limits.queue)
        let gateway = try gateway(configuration, client, queue, directory, time)
        let rates = RateGate(configuration.limits.ai)
        let admission = GatewayAdmission(limits: rates, directory: directory, time: time)
        let desk = jobDesk(configuration, role, store, directory, time)
        let reports = desk.map { ReportDesk(templates: configuration.templatesInForce, jobs: $0) }
        let webhooks =
            desk == nil ? nil : try WebhookParts(configuration.webhooks, store, time: time)
        let live = LiveSettings(
            rates: rates, queue: queue, pools: GatewayPools(gateway, client: client), desk: desk,
            reports: reports, webhooks: webhooks?.deliverer)
        try await setUp(live, configuration)
        let reload = source.map {
            ConfigurationReload(
                running: configuration, as: role, source: $0, store: store, time: time,
                prepare: live.prepare)
        }
        let health = try healthMonitor(configuration, role, store, gateway, time)
        var useCases = UseCases(
            newRequest: TimeOrderedText(time: time).requestID,
            authenticator: Authenticator(
                directory: directory, adminToken: configuration.adminKey?.reveal, time: time),
            doors: .all,
            administration: Administration(
                directory, store, time: time, reload: reload, onBudget: desk?.budgetChanged),
            health: health, ai: nil)
        if role == .gateway {
            useCases.gateway = GatewayUseCases(gateway: gateway, admission: admission)
        } else {
            useCases.identities = configuration.identityGate(role, time: time)
        }
        let probes = InstanceProbes(gateway, transport: client, time: time)
        let members = PoolMembers(gateway, time: time)
        var parts = ProcessParts(
            useCases: useCases, reload: reload,
            loops: [Loop(health.run), Loop(probes.run), Loop(members.run)],
            cut: { await client.shutdown() },
            stop: {
                await client.shutdown()
                await store.close()
            })
        if let desk, let reports {
            EventKeeping(configuration, store, directory, webhooks, time: time).add(to: &parts)
            // Budgets are raised at the instances, who don't tell.
            try await JobKeeping(
                desk, reports, configuration, store,
                performer: GatewayJobPerformer(gateway, admission),
                budgetRecheck: .seconds(3_600), time: time
            ).add(to: &parts, health)
        }
        return parts
    }

    private static func gateway(
        _ configuration: Configuration, _ client: InstanceClient,
        _ queue: Adjustable<QueueSettings>, _ directory: Directory, _ time: any TimeSource
    ) throws -> Gateway {
        guard let seal = configuration.identitySeal, let plan = configuration.gateway.plan else {
            throw StartFailure("identity.secret and gateway.pools are needed")
        }
        return Gateway(
            plan, transport: client, seal: seal, queue: queue,
            tier: { directory.snapshot.tenants[$0]?.tier ?? .starter }, time: time)
    }

    /// The first look for the instances is over when this returns.
    private static func setUp(
        _ live: LiveSettings, _ configuration: Configuration
    ) async throws(StartFailure) {
        let apply: @Sendable () async -> Void
        do {
            apply = try await blocking { () throws(ConfigurationError) in
                try live.prepare(configuration)
            }
        } catch {
            throw StartFailure(error.mistakes.map(\.description).joined(separator: "; "))
        }
        await apply()
    }

    /// Nil where jobs are kept elsewhere.
    private static func jobDesk(
        _ configuration: Configuration, _ role: Role, _ store: SQLiteStore,
        _ directory: Directory, _ time: any TimeSource
    ) -> JobDesk? {
        guard role == .worker || configuration.gateway.keepsJobs else { return nil }
        let admission = JobAdmission(directory: directory, catalogue: nil)
        return JobDesk(configuration, store, admission, time: time)
    }

    private static func healthMonitor(
        _ configuration: Configuration, _ role: Role, _ store: SQLiteStore, _ gateway: Gateway,
        _ time: any TimeSource
    ) throws -> HealthMonitor {
        let folder = URL(filePath: configuration.storage.sqlitePath)
            .deletingLastPathComponent().path
        // It has no providers to ask.
        let nobody = try PooledTransport(
            endpoints: [], group: MultiThreadedEventLoopGroup.singleton, time: time)
        // A worker accepts jobs whether somebody can be found to do them or not.
        let pools: (@Sendable () -> [PoolHealth])? =
            role == .gateway ? { @Sendable in gateway.poolHealth } : nil
        return HealthMonitor(
            ledger: store, providers: ProviderProbes(probes: [], transport: nobody, time: time),
            readMachine: { MachineReading.current(diskPath: folder) }, pools: pools)
    }
}
