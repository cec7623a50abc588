import Logging
import Synchronization
import Testing
import WeirCore
import WeirService
import WeirTesting

@testable import weir

@Suite("Reading the configuration again")
struct ReloadTests {
    private static let secret = "identity: { secret: an-identity-secret-of-32-letters }\n"
    private static let start =
        secret + """
            admin_key: 0123456789abcdef
            server: { port: 1 }
            limits: { ai: { per_minute: 7 } }
            gateway: { pools: { main: { instances: ["http://a"] } } }
            """

    /// What a process runs on, without the process.
    private final class Stage: Sendable {
        let text = Mutex(ReloadTests.start)
        let applied = Mutex<[Configuration]>([])
        let store = InMemoryDirectoryStore()
        let role: Role

        init(_ role: Role = .gateway) { self.role = role }

        func reload() throws -> ConfigurationReload {
            ConfigurationReload(
                running: try read(), as: role, source: read, store: store, time: ManualTime()
            ) { configuration in
                { self.applied.withLock { $0.append(configuration) } }
            }
        }

        @Sendable func read() throws(ConfigurationError) -> ConfigurationReading {
            try Configuration.read(yaml: text.withLock { $0 }, environment: [:])
        }

        private func read() throws -> Configuration {
            let reading: ConfigurationReading = try read()
            return reading.configuration
        }
    }

    @Test("What can change is applied, the rest is named until a restart")
    func applies() async throws {
        let stage = Stage()
        let reload = try stage.reload()
        let admin = Authenticator.bootstrapAdmin
        #expect(try await reload.reload(by: admin) == ReloadReport(applied: [], needsRestart: []))
        let next =
            Self.secret + """
                admin_key: another-0123456789abcdef
                server: { port: 2 }
                logging: { level: debug }
                limits:
                  ai: { per_minute: 9, tiers: { growth: { burst: 1 } } }
                  queue: { wait: 1s }
                cache: { features: { faq: 10m } }
                gateway:
                  pools:
                    main: { instances: ["http://a", "http://b"] }
                    crm: { instances: ["http://c"] }
                  default_pool: main
                  routes: [{ prefix: /crm, pool: crm }]
                """
        stage.text.withLock { $0 = next }
        let report = try await reload.reload(by: admin)
        #expect(
            Set(report.applied) == [
                "gateway.pools.main.instances", "gateway.pools.crm", "gateway.routes",
                "limits.ai.per_minute", "limits.ai.tiers.growth.per_minute",
                "limits.ai.tiers.growth.burst", "limits.ai.tiers.starter.per_minute",
                "limits.ai.tiers.enterprise.per_minute", "limits.queue.wait",
                "cache.features.faq", "logging.level",
            ])
        #expect(report.needsRestart == ["server.port", "admin_key"])
        let applied = try #require(stage.applied.withLock { $0 }.last)
        #expect(applied.limits.ai.tenant.calls?.perMinute == 9)
        #expect(applied.server.port == 1)
        // What waits for a restart is told again; what was applied isn't.
        #expect(
            try await reload.reload(by: admin)
                == ReloadReport(applied: [], needsRestart: ["server.port", "admin_key"]))
        #expect(stage.store.audit.map(\.action) == Array(repeating: "config.reload", count: 3))
        #expect(stage.store.audit[1].actor == "key_bootstrap")
        #expect(!stage.store.audit.contains { $0.details.text.contains("0123456789") })
    }

    @Test("Templates are taken over, but no models: theirs stay those that are in force")
    func templates() async throws {
        let models = "models: { small: { provider: openai }, big: { provider: openai } }\n"
        let provider = "providers: { openai: { api_key: k } }\n"
        let stage = Stage()
        stage.text.withLock { $0 = $0 + "\n" + provider + models }
        let reload = try stage.reload()
        let other = models.replacing("small", with: "tiny")
        let own = "templates: { features: { weekly: { user: 'Sum up {{a}}' } } }"
        stage.text.withLock { $0 = $0.replacing(models, with: other) + own }
        let report = try await reload.reload(by: Authenticator.bootstrapAdmin)
        #expect(report.applied == ["templates.features.weekly"])
        #expect(Set(report.needsRestart) == ["models.small", "models.tiny"])
        let applied = try #require(stage.applied.withLock { $0 }.last)
        #expect(applied.templatesInForce.model?.description == "small")
        let weekly = try #require(FeatureSlug("weekly"))
        #expect(applied.templatesInForce.features[weekly]?.user.text == "Sum up {{a}}")
    }

    @Test(
        "Mistakes are told all at once, and change nothing",
        arguments: [
            (
                "limits: { ai: { per_minute: many } }\nnonsense: 1\n" + secret
                    + "gateway: { pools: { main: { instances: [\"http://a\"] } } }",
                ["limits.ai.per_minute", "nonsense"]
            ),
            ("limits: { ai: { per_minute: 9 } }", ["identity.secret", "gateway.pools"]),
        ])
    func mistakes(yaml: String, paths: [String]) async throws {
        let stage = Stage()
        let reload = try stage.reload()
        stage.text.withLock { $0 = yaml }
        do {
            _ = try await reload.reload(by: Authenticator.bootstrapAdmin)
            Issue.record("\(yaml) was taken")
        } catch {
            #expect(error.code == .invalidRequest)
            for path in paths { #expect(error.message.contains("\(path): ")) }
        }
        await reload.reloadOnSignal()
        #expect(stage.applied.withLock { $0 }.isEmpty)
        #expect(stage.store.audit.isEmpty)
    }

    @Test("Nothing is applied that the audit log can't be told, or that no administrator wants")
    func refusals() async throws {
        let stage = Stage()
        let reload = try stage.reload()
        stage.text.withLock { $0 = $0.replacing("per_minute: 7", with: "per_minute: 8") }
        stage.store.fail(with: .unavailable("the disk is full"))
        await #expect(throws: WeirError.self) {
            try await reload.reload(by: Authenticator.bootstrapAdmin)
        }
        stage.store.fail(with: nil)
        let service = Caller(key: .defaultFeature, role: .service, reach: .all)
        await #expect(throws: WeirError.self) { try await reload.reload(by: service) }
        #expect(stage.applied.withLock { $0 }.isEmpty)
        await reload.reloadOnSignal()
        #expect(stage.applied.withLock { $0.count } == 1)
        #expect(stage.store.audit.map(\.actor) == ["operator"])
    }

    @Test("A changed secret is told by its path alone")
    func secrets() throws {
        func read(_ key: String, _ identity: String) throws -> Configuration {
            try Configuration.read(
                yaml: """
                    identity: { secret: \(identity)-0123456789abcdef0123456789abcdef }
                    providers: { openai: { api_key: \(key) } }
                    """, environment: [:]
            ).configuration
        }
        let one = try read("sk-one", "a")
        #expect(try read("sk-two", "a").differences(from: one) == ["providers.openai.api_key"])
        #expect(try read("sk-one", "b").differences(from: one) == ["identity.secret"])
        #expect(
            Configuration().differences(from: one) == ["identity.secret", "providers.openai"])
    }

    @Test("Every logger follows the level, but one that has its own")
    func level() {
        let level = LogLevel()
        level.set(.warning)
        var handler = LeveledLogHandler(JSONLogHandler(label: "a"), level)
        #expect(handler.logLevel == .warning)
        level.set(.trace)
        #expect(handler.logLevel == .trace)
        handler.logLevel = .error
        level.set(.debug)
        #expect(handler.logLevel == .error)
        handler[metadataKey: "a"] = "1"
        #expect(handler.metadata == ["a": "1"])
    }
}
