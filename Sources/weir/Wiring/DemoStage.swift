import Foundation
import NIOPosix
import WeirCore
import WeirTesting

/// What the demo runs on: a configuration, and the sandbox where no provider's key is at hand.
struct DemoStage: Sendable {
    let configuration: Configuration
    let sandbox: ProviderSandbox?
    let adminKey: String
    let model: String

    /// Models of the tour, cheapest first of each provider.
    private static let models = [
        "anthropic": "claude-haiku-4-5", "openai": "gpt-4o-mini", "deepseek": "deepseek-chat",
        "gemini": "gemini-2.5-flash",
    ]
    private static let keys = [
        ("anthropic", "ANTHROPIC_API_KEY"), ("openai", "OPENAI_API_KEY"),
        ("deepseek", "DEEPSEEK_API_KEY"), ("gemini", "GEMINI_API_KEY"),
    ]

    static func set(
        folder: String, port: Int, environment: [String: String]
    ) async throws -> DemoStage {
        let adminKey = "wk_demo_" + UUID().uuidString.lowercased()
        let real = keys.filter { !(environment[$0.1] ?? "").isEmpty }
        var sandbox: ProviderSandbox?
        var providers = real.map { "  \($0.0): { api_key: \"${\($0.1)}\" }" }
        if real.isEmpty {
            let started = try await ProviderSandbox.start(
                SandboxConfiguration(), group: MultiThreadedEventLoopGroup.singleton)
            sandbox = started
            let base = "http://127.0.0.1:\(started.port)"
            providers = [
                ("anthropic", "/anthropic"), ("openai", "/openai/v1"),
                ("deepseek", "/deepseek"), ("gemini", "/gemini"),
            ]
            .map { "  \($0.0): { api_key: sandbox, base_url: \"\(base)\($0.1)\" }" }
        }
        let yaml = """
            server: { host: 127.0.0.1, port: \(port) }
            storage: { sqlite: { path: "\(folder)/weir.db" } }
            admin_key: \(adminKey)
            providers:
            \(providers.joined(separator: "\n"))
            logging: { level: warning }
            """
        // Overrides meant for another Weir have no business in the demo.
        let variables = environment.filter { !$0.key.hasPrefix("WEIR_") }
        let reading = try Configuration.read(yaml: yaml, environment: variables)
        return DemoStage(
            configuration: reading.configuration, sandbox: sandbox, adminKey: adminKey,
            model: models[real.first?.0 ?? "anthropic"] ?? "claude-haiku-4-5")
    }
}
