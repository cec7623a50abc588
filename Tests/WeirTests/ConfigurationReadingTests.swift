import Foundation
import Testing
import WeirCore
import WeirProviders
import WeirService
import WeirUpstream

@testable import weir

@Suite("Reading a sound configuration")
struct ConfigurationReadingTests {
    @Test("An empty file is every default")
    func defaults() throws {
        let reading = try Configuration.read(yaml: "", environment: [:])
        #expect(reading.configuration == Configuration())
        #expect(reading.warnings.map(\.path) == ["providers"])
    }

    @Test("References stand inside of braces, as people write them")
    func contractSample() throws {
        let yaml = """
            server:    { host: 127.0.0.1, port: 8080 }
            storage:   { sqlite: { path: weir.db } }
            admin_key: ${WEIR_ADMIN}
            providers:
              anthropic: { api_key: ${ANTHROPIC_API_KEY} }
              openai:    { api_key: ${OPENAI_API_KEY}, base_url: "http://127.0.0.1:9001/v1" }
              groq:      { kind: openai, base_url: "https://api.groq.com/openai/v1", api_key: ${A} }
            models:
              claude-haiku-4-5: { provider: anthropic, fallbacks: [gpt-4o-mini, deepseek-chat] }
            prices:    { file: prices.yaml }
            limits:    { ai: { per_minute: 200, burst: 30 } }
            """
        let environment = [
            "WEIR_ADMIN": "0123456789abcdef", "ANTHROPIC_API_KEY": "sk-a", "OPENAI_API_KEY": "sk-o",
            "A": "sk-g",
        ]
        let reading = try Configuration.read(yaml: yaml, environment: environment)
        let configuration = reading.configuration
        #expect(configuration.adminKey?.reveal == "0123456789abcdef")
        #expect(configuration.providers.map(\.name.description) == ["anthropic", "openai", "groq"])
        #expect(configuration.providers.map(\.kind) == [.anthropic, .openai, .openai])
        #expect(configuration.providers.map { $0.apiKey?.reveal } == ["sk-a", "sk-o", "sk-g"])
        #expect(configuration.providers[1].baseURL.description == "http://127.0.0.1:9001/v1")
        #expect(configuration.providers[0].baseURL.host == "api.anthropic.com")
        #expect(configuration.models[0].targets.map(\.model) == [configuration.models[0].name])
        #expect(configuration.models[0].fallbacks.count == 2)
        #expect(configuration.pricesFile == "prices.yaml")
        #expect(configuration.limits.ai.tenant.calls == RateLimit(perMinute: 200, burst: 30))
        #expect(reading.warnings.isEmpty)
    }

    @Test(
        "Variables override the file",
        arguments: [
            ("WEIR_SERVER_PORT", "9000"), ("WEIR_SERVER_HOST", "0.0.0.0"),
            ("WEIR_LIMITS_BODY", "1MiB"), ("WEIR_PROVIDERS_OPENAI_API_KEY", "sk-new${X}"),
            ("WEIR_MODELS_GPT_4_1_MODEL", "gpt-4.1-mini"), ("WEIR_ADMIN_KEY", "0123456789abcdef"),
            ("WEIR_SCREENING_FEATURES_SALES_SUMMARY_INJECTION", "block"),
        ])
    func overrides(variable: String, value: String) throws {
        let yaml = """
            server: { port: 8080 }
            providers: { openai: { api_key: sk-old } }
            models: { gpt-4.1: { provider: openai } }
            screening: { features: { sales-summary: { injection: off } } }
            """
        let before = try Configuration.read(yaml: yaml, environment: [:]).configuration
        let after = try Configuration.read(yaml: yaml, environment: [variable: value])
        #expect(after.configuration != before)
        #expect(after.variables.contains { $0.name == variable })
        let empty = try Configuration.read(yaml: yaml, environment: [variable: ""])
        #expect(empty.configuration == before, "an empty variable counts as not set")
    }

    @Test(
        "A rate limit is in force where nothing else is said",
        arguments: [
            ("limits: { body: 1MiB }", "", (100, 20)),
            ("limits: { ai: { per_minute: 0 } }", "", nil), ("limits: { ai: }", "", (100, 20)),
            ("limits: { ai: { per_minute: 7 } }", "", (7, 20)),
            ("limits: { ai: { burst: 0 } }", "", (100, 0)),
            ("", "WEIR_LIMITS_AI_PER_MINUTE", (50, 20)),
            ("limits: { ai: { per_minute: 7 } }", "WEIR_LIMITS_AI_BURST", (7, 50)),
        ] as [(String, String, (Int, Int)?)])
    func rateLimit(yaml: String, variable: String, limit: (Int, Int)?) throws {
        let reading = try Configuration.read(yaml: yaml, environment: [variable: "50"])
        let found = reading.configuration.limits.ai.tenant.calls
        #expect(found == limit.map { RateLimit(perMinute: $0.0, burst: $0.1) })
        let again = try Configuration.read(yaml: reading.configuration.listing, environment: [:])
        #expect(again.configuration.limits == reading.configuration.limits)
    }

    @Test("A vendor can come from the environment alone")
    func vendorFromEnvironment() throws {
        let reading = try Configuration.read(
            yaml: "", environment: ["WEIR_PROVIDERS_DEEPSEEK_API_KEY": "sk-d"])
        #expect(reading.configuration.providers.map(\.kind) == [.deepseek])
        #expect(reading.warnings.isEmpty)
    }

    @Test("Every vendor's own address is sound", arguments: ProviderKind.allCases)
    func vendorAddresses(kind: ProviderKind) throws {
        guard let address = kind.defaultBaseURL else { return }
        #expect(try BaseURL(address).scheme == .https)
        let yaml = "providers: { \(kind.rawValue): { api_key: x } }"
        let reading = try Configuration.read(yaml: yaml, environment: [:])
        #expect(reading.configuration.providers[0].baseURL.description == address)
    }

    @Test("A feature's screening begins with the default's")
    func screeningInherits() throws {
        let yaml = """
            screening:
              default: { injection: block, personal_data: { mode: scrub, kinds: [card] } }
              features:
                sales: { html: clean, harden_system_prompt: true, output: { strip_tags: true } }
            """
        let screening = try Configuration.read(yaml: yaml, environment: [:]).configuration.screening
        let sales = try #require(Slug("sales").flatMap { screening.features[$0] })
        #expect(screening.standard.injection == .block)
        #expect(screening.standard.systemPromptSuffix == nil)
        #expect(sales.injection == .block)
        #expect(sales.html == .clean)
        #expect(sales.personalData.kinds == [.card])
        #expect(sales.output.stripTags)
        #expect(sales.systemPromptSuffix == ScreeningPolicy.standardSuffix)
    }

    @Test(
        "Times and sizes carry their unit",
        arguments: [
            ("500ms", 500), ("60s", 60_000), ("10m", 600_000), ("24h", 86_400_000), ("0s", 0),
        ])
    func durations(text: String, milliseconds: Int64) throws {
        let duration = try #require(Duration(configured: text))
        #expect(duration.wholeMilliseconds == milliseconds)
        #expect(Duration(configured: duration.configured) == duration)
    }

    @Test(
        "Nothing else is a time or a size",
        arguments: [
            "", "60", "s", "-1s", "1.5s", "06s", "60 s", "1d", "99999999999s", "1e3s", "ms",
        ])
    func noDurations(text: String) {
        #expect(Duration(configured: text) == nil)
        #expect(ByteSize.parse(text) == nil)
    }

    @Test("Sizes read and print", arguments: [("4MiB", 4 << 20), ("1B", 1), ("1GiB", 1 << 30)])
    func sizes(text: String, bytes: Int) {
        #expect(ByteSize.parse(text) == bytes)
        #expect(ByteSize.text(bytes) == text)
    }

    @Test("The example is valid as it is")
    func example() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../weir.example.yaml").standardizedFileURL.path()
        let environment = [
            "WEIR_ADMIN_KEY": "0123456789abcdef", "ANTHROPIC_API_KEY": "sk-a",
            "OPENAI_API_KEY": "sk-o",
        ]
        let reading = try Configuration.read(file: file, environment: environment)
        #expect(reading.configuration.providers.count == 2)
        #expect(reading.warnings.isEmpty)
    }
}
