import Foundation
import Testing

@testable import weir

@Suite("Mistakes of a configuration")
struct ConfigurationMistakeTests {
    static let table: [(String, String)] = [
        ("server: { port: 80a }", "server.port: must be a whole number, not 80a (line 1)"),
        (
            "server: { port: \"80\" }",
            "server.port: must be a whole number, not \"80\" in quotes (line 1)"
        ),
        ("server: { port: 0x50 }", "server.port: must be a whole number, not 0x50 (line 1)"),
        ("server: { port: 70000 }", "server.port: must be within 0 and 65535 (line 1)"),
        (
            "server: { port: 99999999999999999999 }",
            "server.port: must be a whole number, not 99999999999999999999 (line 1)"
        ),
        (
            "server: { prot: 80 }",
            "server.prot: is no key of this version; did you mean port? (line 1)"
        ),
        ("servr: {}", "servr: is no key of this version; did you mean server? (line 1)"),
        ("nonsense: 1", "nonsense: is no key of this version (line 1)"),
        ("server: 8080", "server: must be a mapping of keys to values (line 1)"),
        (
            "server:\n  port:",
            "server.port: has no value; leave the key out for its default (line 2)"
        ),
        ("server:\n  port: [1]", "server.port: must be one value, not a list (line 2)"),
        (
            "server: { drain_timeout: 60 }",
            "server.drain_timeout: must be a time with its unit, as in 500ms, 60s, 10m or 24h, "
                + "not 60 (line 1)"
        ),
        (
            "limits: { body: 4MB }",
            "limits.body: must be a size with its unit, as in 512B, 64KiB or 4MiB, not 4MB (line 1)"
        ),
        ("limits: { body: 1B }", "limits.body: must be within 1KiB and 64MiB (line 1)"),
        (
            "limits: { ai: { per_minute: -1 } }",
            "limits.ai.per_minute: must be a whole number, not -1 (line 1)"
        ),
        (
            "storage: { postgres: { url: x } }",
            "storage.postgres: is not available yet; use storage.sqlite (line 1)"
        ),
        (
            "admin_key: ${MISSING}",
            "admin_key: the environment variable MISSING is not set (line 1)"
        ),
        (
            "admin_key: file:/nowhere/at/all",
            "admin_key: /nowhere/at/all can't be read: there is no such file (line 1)"
        ),
        (
            "admin_key: file:relative",
            "admin_key: file: must be followed by an absolute path (line 1)"
        ),
        ("admin_key: short", "admin_key: must have 16 to 512 characters (line 1)"),
        (
            "admin_key: \"0123456789 abcdef\"",
            "admin_key: a secret must be visible ASCII without blanks (line 1)"
        ),
        (
            "providers: { groq: { api_key: x } }",
            "providers.groq.kind: is missing: groq is none of anthropic, openai, deepseek, gemini, "
                + "openai-compatible (line 1)"
        ),
        (
            "providers: { own: { kind: openai-compatible, api_key: x } }",
            "providers.own.base_url: is missing: this kind has no default (line 1)"
        ),
        (
            "providers: { openai: {} }",
            "providers.openai.api_key: is missing; as in api_key: ${OPENAI_API_KEY} (line 1)"
        ),
        (
            "providers: { openai: { api_key: x, kind: antropic } }",
            "providers.openai.kind: must be one of anthropic, openai, deepseek, gemini, "
                + "openai-compatible; did you mean anthropic? (line 1)"
        ),
        (
            "providers: { openai: { api_key: x, bills_errors: yes } }",
            "providers.openai.bills_errors: must be true or false, not yes (line 1)"
        ),
        (
            "providers: { openai: { api_key: x, base_url: \"ftp://x\" } }",
            "providers.openai.base_url: the base URL must begin with https:// or http:// (line 1)"
        ),
        (
            "models: { m: { provider: opnai } }\nproviders: { openai: { api_key: x } }",
            "models.m.provider: opnai is not under providers; did you mean openai? (line 1)"
        ),
        ("models: { m: {} }", "models.m.provider: is missing: a name under providers (line 1)"),
        (
            "logging: { level: warn }",
            "logging.level: must be one of trace, debug, info, notice, warning, error, critical "
                + "(line 1)"
        ),
        (
            "screening: { default: { html: on } }",
            "screening.default.html: must be one of off, flag, clean, block (line 1)"
        ),
        ("- a", "must be a mapping of sections (line 1)"),
        ("a: 1\na: 2", "written twice in one mapping: a (line 1)"),
        ("a: ${", "a: is no key of this version (line 1)"),
        (
            "server: { host: \"${\" }",
            "server.host: ${ must be followed by a name and }; $${ means ${ (line 1)"
        ),
    ]

    @Test("Each is said with its path and line", arguments: table)
    func eachMistake(yaml: String, expected: String) throws {
        #expect(mistakes(yaml).contains(expected), "got \(mistakes(yaml))")
    }

    @Test("All are reported at once, in the order of the file")
    func severalAtOnce() {
        let yaml = """
            server:
              prot: 80
              host: ${NOWHERE}
            limits: { body: big, json_depth: 1 }
            providers:
              groq: { api_keys: x }
            """
        #expect(
            mistakes(yaml).map { String($0.prefix { $0 != ":" }) } == [
                "server.prot", "server.host", "limits.body", "limits.json_depth",
                "providers.groq.kind", "providers.groq.api_key", "providers.groq.api_keys",
            ])
    }

    @Test("A variable's mistake names the variable")
    func environmentMistake() {
        #expect(
            mistakes("", ["WEIR_SERVER_PORT": "tcp://10.0.0.1:80"]) == [
                "server.port: must be a whole number, not tcp://10.0.0.1:80 "
                    + "(environment variable WEIR_SERVER_PORT)"
            ])
    }

    @Test("A variable that means two keys is refused")
    func ambiguousVariable() {
        let yaml = """
            providers:
              a-b: { kind: openai, api_key: x }
              a_b: { kind: openai, api_key: y }
            """
        #expect(mistakes(yaml).isEmpty)
        let found = mistakes(yaml, ["WEIR_PROVIDERS_A_B_API_KEY": "z"])
        #expect(found.contains { $0.contains("means providers.a-b.api_key as well") })
    }

    @Test("Broken YAML is said with its line")
    func brokenYAML() {
        #expect(mistakes("server:\n  port: [1").first?.contains("not YAML") == true)
        #expect(mistakes("server: !secret x").first?.contains("tag") == true)
        let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(mistakes("a: \(deep)").first?.contains("nested deeper") == true)
    }

    @Test("A plain connection to another host is warned about, one to this host isn't")
    func plainConnections() throws {
        for (url, isWarned) in [
            ("http://10.0.0.1/v1", true), ("http://127.0.0.1:9001", false),
            ("https://10.0.0.1", false),
        ] {
            let yaml = "providers: { own: { kind: openai, base_url: \"\(url)\" } }"
            let warnings = try Configuration.read(yaml: yaml, environment: [:]).warnings
            #expect(warnings.contains { $0.path == "providers.own.base_url" } == isWarned)
        }
    }

    @Test(
        "A key without effect in this version is warned about",
        arguments: [
            "limits: { json_depth: 10 }",
            "providers: { openai: { api_key: x, max_connections: 1 } }",
        ])
    func unusedKeys(yaml: String) throws {
        let warnings = try Configuration.read(yaml: yaml, environment: [:]).warnings
        #expect(warnings.contains { $0.reason.contains("doesn't use it yet") })
    }

    @Test("A variable that overrides nothing is warned about, one that is referred to isn't")
    func unknownVariables() throws {
        let environment = [
            "WEIR_SERVER_PROT": "9000", "WEIR_URL": "x", "WEIR_LIMITS_X": "", "OTHER": "y",
            "WEIR_SERVER_NAME": "host",
        ]
        let warnings = try Configuration.read(
            yaml: "server: { host: \"${WEIR_SERVER_NAME}\" }", environment: environment
        ).warnings
        #expect(
            warnings.map(\.description).filter { $0.contains("overrides") } == [
                "it overrides no key; did you mean WEIR_SERVER_PORT? "
                    + "(environment variable WEIR_SERVER_PROT)"
            ])
    }

    @Test("A reference may need quotes; what it stands for may be a number")
    func quotedReference() throws {
        let yaml = "server: { port: \"${PORT}\" }"
        let reading = try Configuration.read(yaml: yaml, environment: ["PORT": "9000"])
        #expect(reading.configuration.server.port == 9_000)
    }

    private func mistakes(_ yaml: String, _ environment: [String: String] = [:]) -> [String] {
        do {
            _ = try Configuration.read(yaml: yaml, environment: environment)
            return []
        } catch {
            return error.mistakes.map(\.description)
        }
    }
}
