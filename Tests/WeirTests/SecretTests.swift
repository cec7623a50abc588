import Foundation
import Testing

@testable import weir

@Suite("Secrets of a configuration")
struct SecretTests {

    @Test("A file's secret ends before its line break")
    func file() throws {
        let path = try temporaryFile("sk-from-file\r\n")
        let yaml = "providers: { openai: { api_key: \"file:\(path)\" } }"
        let reading = try Configuration.read(yaml: yaml, environment: [:])
        #expect(reading.configuration.providers[0].apiKey?.reveal == "sk-from-file")
        #expect(reading.warnings.isEmpty)
        let named = try Configuration.read(
            yaml: "", environment: ["WEIR_PROVIDERS_OPENAI_API_KEY": "file:\(path)"])
        #expect(named.configuration.providers[0].apiKey?.reveal == "sk-from-file")
    }

    @Test(
        "A file that is empty, binary or too large is refused",
        arguments: [
            Data(), Data([0x0A]), Data([0xFF, 0xFE]), Data("two words".utf8), Data(count: 70_000),
        ])
    func badFile(contents: Data) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try contents.write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        #expect(throws: ConfigurationError.self) {
            try Configuration.read(yaml: "admin_key: file:\(path.path)", environment: [:])
        }
    }

    @Test("A plain secret is warned about, a reference isn't")
    func plainText() throws {
        let plain = try Configuration.read(yaml: "admin_key: 0123456789abcdef", environment: [:])
        #expect(plain.warnings.contains { $0.path == "admin_key" })
        let named = try Configuration.read(
            yaml: "admin_key: ${KEY}", environment: ["KEY": "0123456789abcdef"])
        #expect(!named.warnings.contains { $0.path == "admin_key" })
    }

    @Test("No way of printing a configuration shows a secret")
    func redaction() throws {
        let yaml = """
            admin_key: ${KEY}
            providers: { own: { kind: openai, api_key: "${KEY}-2", base_url: "http://[::1]:1/v1" } }
            """
        let secret = "0123456789abcdef"
        let configuration = try Configuration.read(
            yaml: yaml, environment: ["KEY": secret]
        ).configuration
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in [
            "\(configuration)", String(reflecting: configuration), dumped, configuration.listing,
        ] {
            #expect(!text.contains(secret))
        }
        #expect(configuration.listing.contains("api_key: \"[redacted]\""))
    }

    @Test("A mistake never repeats a secret")
    func mistakes() {
        let yaml = "admin_key: \"hunter2 hunter2 hunter2\""
        do {
            _ = try Configuration.read(yaml: yaml, environment: [:])
            Issue.record("a key with blanks was accepted")
        } catch {
            #expect(!"\(error)".contains("hunter2"))
        }
    }

    @Test("What is listed reads back as the same configuration")
    func listingReadsBack() throws {
        let yaml = """
            server: { host: "::", port: 0, drain_timeout: 90s }
            providers: { own: { kind: openai-compatible, base_url: "https://[::1]/v1" } }
            models:
              "yes": { provider: own, model: "123" }
              b: { provider: own, fallbacks: ["yes", "own/x"] }
              c: { targets: [{ provider: own, model: a/b, weight: 3 }, { provider: own }] }
              d: { targets: [{ provider: own, weight: 9 }] }
            routing: { attempts: 5, retry_base: 10ms, breaker: { rate: 7, slow_start: 0s } }
            streams: { drain: 0s, total: 50m }
            cache: { max_bytes: 1536KiB, features: { "no": 90s, a/b: 24h } }
            prices: { file: "my prices: $${x}.yaml" }
            limits: { body: 1536KiB, call_timeout: 1500ms }
            logging: { format: json }
            screening:
              default: { html: clean, personal_data: { kinds: [], national_ids: { x: "A9{8}" } } }
              features: { a/b: { system_prompt_suffix: "line\\n\\"two\\": #" } }
            """
        let first = try Configuration.read(yaml: yaml, environment: [:]).configuration
        let second = try Configuration.read(yaml: first.listing, environment: [:]).configuration
        #expect(second == first)
    }

    private func temporaryFile(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(text.utf8).write(to: path)
        return path.path
    }
}
