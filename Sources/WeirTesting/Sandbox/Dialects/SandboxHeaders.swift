/// The headers that each provider sends with every answer.
enum SandboxHeaders {
    static func standard(
        _ provider: SandboxProvider, _ identifier: SandboxIdentifier
    ) -> [(name: String, value: String)] {
        let id = identifier.letters(24, salt: 2)
        switch provider {
        case .openai:
            return [
                ("x-request-id", "req_\(id)"), ("openai-processing-ms", "12"),
                ("openai-version", "2020-10-01"), ("openai-organization", "sandbox"),
                ("x-ratelimit-limit-requests", "10000"),
                ("x-ratelimit-remaining-requests", "9999"),
                ("x-ratelimit-reset-requests", "6ms"),
                ("x-ratelimit-limit-tokens", "2000000"),
                ("x-ratelimit-remaining-tokens", "1999000"),
                ("x-ratelimit-reset-tokens", "30ms"),
            ]
        case .anthropic:
            return [
                ("request-id", "req_\(id)"), ("anthropic-organization-id", "sandbox"),
                ("anthropic-ratelimit-requests-limit", "4000"),
                ("anthropic-ratelimit-requests-remaining", "3999"),
                ("anthropic-ratelimit-requests-reset", "2030-01-01T00:00:00Z"),
                ("anthropic-ratelimit-input-tokens-limit", "400000"),
                ("anthropic-ratelimit-input-tokens-remaining", "399000"),
                ("anthropic-ratelimit-input-tokens-reset", "2030-01-01T00:00:00Z"),
                ("anthropic-ratelimit-output-tokens-limit", "80000"),
                ("anthropic-ratelimit-output-tokens-remaining", "79000"),
                ("anthropic-ratelimit-output-tokens-reset", "2030-01-01T00:00:00Z"),
            ]
        case .deepseek: return [("x-ds-trace-id", id)]
        case .gemini:
            return [
                ("x-gemini-service-tier", "standard"), ("server-timing", "gfet4t7; dur=12"),
            ]
        case .compatible: return [("x-request-id", "req_\(id)")]
        }
    }
}
