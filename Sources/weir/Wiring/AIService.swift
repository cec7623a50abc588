import Foundation
import Logging
import NIOPosix
import WeirCore
import WeirHTTP
import WeirProviders
import WeirService
import WeirStorage
import WeirUpstream

/// The AI service with all its parts, in the order in which they start: prices, ledger, recovery,
/// directory, providers, pipeline. Nothing is admitted before recovery is through.
enum AIService {
    /// Throws a `StartFailure` that says what is wrong and how to mend it.
    ///
    /// - Parameter source: where the configuration is read again; nil: nowhere.
    static func start(
        _ configuration: Configuration, as role: Role, source: ConfigurationReload.Source? = nil,
        time: any TimeSource = SystemTime()
    ) async throws -> ProcessParts {
        let logger = Logger(label: "weir.start")
        let identities = configuration.identityGate(role, time: time)
        let prices = try PriceFile.book(configuration.pricesFile)
        let store = try await openLedger(configuration, time: time, logger: logger)
        do {
            return try await assemble(
                configuration, role, source, prices, store, identities, time)
        } catch {
            await store.close()
            throw error
        }
    }

    private static func openLedger(
        _ configuration: Configuration, time: any TimeSource, logger: Logger
    ) async throws -> SQLiteStore {
        do {
            let store = try await SQLiteStore.open(path: configuration.storage.sqlitePath)
            do {
                try await store.requireSums(at: time.now(), logger: logger)
                try await recover(store, now: time.now(), logger: logger)
                return store
            } catch {
                await store.close()
                throw error
            }
        } catch let error as StoreError {
            throw StartFailure("the ledger can't be opened: \(error.reason)")
        }
    }

    private static func recover(
        _ store: SQLiteStore, now: Timestamp, logger: Logger
    ) async throws(StoreError) {
        let recovery = try await store.recover(now: now)
        guard recovery.inDoubt > 0 else { return }
        logger.warning(
            "attempts in doubt were charged at their worst case",
            metadata: [
                "attempts": "\(recovery.inDoubt)",
                "charged_usd": "\(recovery.charged.exactUSD)",
            ])
    }

    private static func assemble(
        _ configuration: Configuration, _ role: Role, _ source: ConfigurationReload.Source?,
        _ prices: PriceBook, _ store: SQLiteStore, _ identities: IdentityGate?,
        _ time: any TimeSource
    ) async throws -> ProcessParts {
        let directory = try Directory(
            contents: try await store.loadDirectory(), prices: prices, store: store)
        let providers = configuration.providers.map {
            ProviderSetup($0, callTimeout: configuration.limits.callTimeout)
        }
        let transport = try PooledTransport(
            endpoints: configuration.providers.map(UpstreamEndpoint.init),
            group: MultiThreadedEventLoopGroup.singleton, time: time,
            limits: configuration.transportLimits)
        let catalogue = configuration.catalogue
        let budget = BudgetGuard(store: store, time: time)
        let calendar = BillingCalendar()
        let attempts = AttemptNumbers(after: try await store.highestAttempt())
        let screens = try FeatureScreens(
            standard: configuration.screening.standard, features: configuration.screening.features)
        let gate = configuration.gate
        var parts = CompletionParts(
            directory: directory, catalogue: catalogue, providers: providers, gate: gate,
            budget: budget, ledger: store, events: store, transport: transport,
            screening: Screening(screens, audit: store), cache: configuration.replyCache,
            calendar: calendar, time: time, attempts: attempts)
        configuration.adjust(&parts, as: role)
        let desk = jobDesk(
            configuration, role, store, directory, BatchRoutes(parts.providers), time)
        let reports = desk.map { ReportDesk(templates: configuration.templatesInForce, jobs: $0) }
        let live = LiveSettings(
            rates: parts.rates, queue: parts.queue, cache: parts.cache, desk: desk,
            reports: reports)
        let reload = source.map {
            ConfigurationReload(
                running: configuration, as: role, source: $0, store: store, time: time,
                prepare: live.prepare)
        }
        let pipeline = CompletionPipeline(parts)
        let health = healthMonitor(configuration, providers, store, transport, time)
        let identifiers = TimeOrderedText(time: time)
        let administration = Administration(
            directory, store, time: time, reload: reload, onBudget: desk?.budgetChanged)
        let ai = AIUseCases(
            complete: pipeline.complete, traffic: { gate.snapshots(at: time.now()) },
            usage: UsageQueries(
                directory: directory, ledger: store, budget: budget, catalogue: catalogue,
                calendar: calendar, time: time),
            prices: PriceAdministration(directory: directory, time: time),
            adjustments: Adjustments(
                ledger: store, budget: budget, time: time, onBudget: desk?.budgetChanged,
                nextAttempt: attempts.next))
        var useCases = UseCases(
            newRequest: identifiers.requestID,
            authenticator: Authenticator(
                directory: directory, adminToken: configuration.adminKey?.reveal, time: time),
            doors: .all, administration: administration, health: health, ai: ai,
            identities: identities)
        useCases.jobs = desk
        let events = EventFeed(
            store: store, directory: directory, settings: configuration.events, time: time)
        useCases.events = events
        let webhooks = try configuration.webhookParts(store, time: time)
        useCases.reports = reports
        let batches = try await BatchRunner.start(
            configuration, role, pipeline, store, useCases, identifiers)
        let runner = try await jobRunner(
            configuration, role, desk, &useCases, health, store, directory, time)
        return ProcessParts(
            useCases: useCases, reload: reload,
            loops: [Loop(health.run), Loop(events.run), Loop(batches.run)] + webhooks.loops
                + (runner.map { [Work($0.run)] } ?? []),
            drain: { runner?.stop() },
            cut: {
                await transport.shutdown()
                await runner?.end()
            },
            stop: {
                await transport.shutdown()
                await webhooks.stop()
                await store.close()
            })
    }

    private static func healthMonitor(
        _ configuration: Configuration, _ providers: [ProviderSetup], _ store: SQLiteStore,
        _ transport: PooledTransport, _ time: any TimeSource
    ) -> HealthMonitor {
        let probes = providers.map { provider in
            ProviderProbe(
                provider: provider.name, path: provider.dialect.probePath,
                headers: provider.dialect.credentials(provider.key))
        }
        let folder = URL(filePath: configuration.storage.sqlitePath)
            .deletingLastPathComponent().path
        return HealthMonitor(
            ledger: store,
            providers: ProviderProbes(probes: probes, transport: transport, time: time),
            readMachine: { MachineReading.current(diskPath: folder) })
    }
}

/// Why Weir doesn't start.
struct StartFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
