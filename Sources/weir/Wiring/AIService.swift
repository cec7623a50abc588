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
        let transport = try PooledTransport(
            endpoints: configuration.providers.map(UpstreamEndpoint.init),
            group: MultiThreadedEventLoopGroup.singleton, time: time,
            limits: configuration.transportLimits)
        let parts = try await completionParts(configuration, role, prices, store, transport, time)
        let pipeline = CompletionPipeline(parts)
        let desk = jobDesk(configuration, role, store, parts)
        let reports = desk.map { ReportDesk(templates: configuration.templatesInForce, jobs: $0) }
        let webhooks = try WebhookParts(configuration.webhooks, store, time: time)
        let live = LiveSettings(
            rates: parts.rates, queue: parts.queue, cache: parts.cache, desk: desk,
            reports: reports, webhooks: webhooks?.deliverer)
        let reload = source.map {
            ConfigurationReload(
                running: configuration, as: role, source: $0, store: store, time: time,
                prepare: live.prepare)
        }
        let health = healthMonitor(configuration, parts)
        let identifiers = TimeOrderedText(time: time)
        let useCases = UseCases(
            newRequest: identifiers.requestID,
            authenticator: Authenticator(
                directory: parts.directory, adminToken: configuration.adminKey?.reveal, time: time),
            doors: .all,
            administration: Administration(
                parts.directory, store, time: time, reload: reload, onBudget: desk?.budgetChanged),
            health: health, ai: useCases(pipeline, parts, onBudget: desk?.budgetChanged),
            identities: identities)
        let batches = try await BatchRunner.start(
            configuration, role, pipeline, store, useCases, identifiers)
        var process = ProcessParts(
            useCases: useCases, reload: reload, loops: [Loop(health.run), Loop(batches.run)],
            cut: { await transport.shutdown() },
            stop: {
                await transport.shutdown()
                await store.close()
            })
        EventKeeping(configuration, store, parts.directory, webhooks, time: time).add(to: &process)
        if let desk, let reports {
            let performer = LocalJobPerformer(
                useCases, settings: configuration.serverSettings(role))
            try await JobKeeping(
                desk, reports, configuration, store, performer: performer, time: time
            )
            .add(to: &process, health)
        }
        return process
    }

    private static func completionParts(
        _ configuration: Configuration, _ role: Role, _ prices: PriceBook, _ store: SQLiteStore,
        _ transport: PooledTransport, _ time: any TimeSource
    ) async throws -> CompletionParts {
        let directory = try Directory(
            contents: try await store.loadDirectory(), prices: prices, store: store)
        let screens = try FeatureScreens(
            standard: configuration.screening.standard, features: configuration.screening.features)
        var parts = CompletionParts(
            directory: directory, catalogue: configuration.catalogue,
            providers: configuration.providers.map {
                ProviderSetup($0, callTimeout: configuration.limits.callTimeout)
            },
            gate: configuration.gate, budget: BudgetGuard(store: store, time: time),
            ledger: store, events: store, transport: transport,
            screening: Screening(screens, audit: store), cache: configuration.replyCache,
            calendar: BillingCalendar(), time: time,
            attempts: AttemptNumbers(after: try await store.highestAttempt()))
        configuration.adjust(&parts, as: role)
        return parts
    }

    /// Nil where jobs are kept in front of this process, by its gateway.
    private static func jobDesk(
        _ configuration: Configuration, _ role: Role, _ store: SQLiteStore,
        _ parts: CompletionParts
    ) -> JobDesk? {
        guard role == .all else { return nil }
        let admission = JobAdmission(
            directory: parts.directory, catalogue: parts.catalogue,
            batches: BatchRoutes(parts.providers))
        return JobDesk(configuration, store, admission, time: parts.time)
    }

    private static func useCases(
        _ pipeline: CompletionPipeline, _ parts: CompletionParts, onBudget: BudgetChange?
    ) -> AIUseCases {
        let (directory, time) = (parts.directory, parts.time)
        return AIUseCases(
            complete: pipeline.complete,
            traffic: { parts.gate.snapshots(at: time.now()) },
            usage: UsageQueries(
                directory: directory, ledger: parts.ledger, budget: parts.budget,
                catalogue: parts.catalogue, calendar: parts.calendar, time: time),
            prices: PriceAdministration(directory: directory, time: time),
            adjustments: Adjustments(
                ledger: parts.ledger, budget: parts.budget, time: time, onBudget: onBudget,
                nextAttempt: parts.attempts.next))
    }

    private static func healthMonitor(
        _ configuration: Configuration, _ parts: CompletionParts
    ) -> HealthMonitor {
        let probes = configuration.providers.compactMap { parts.providers[$0.name] }.map {
            ProviderProbe(
                provider: $0.name, path: $0.dialect.probePath,
                headers: $0.dialect.credentials($0.key))
        }
        let folder = URL(filePath: configuration.storage.sqlitePath)
            .deletingLastPathComponent().path
        return HealthMonitor(
            ledger: parts.ledger,
            providers: ProviderProbes(
                probes: probes, transport: parts.transport, time: parts.time),
            readMachine: { MachineReading.current(diskPath: folder) })
    }
}

/// Why Weir doesn't start.
struct StartFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
