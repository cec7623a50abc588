import NIOHTTP1

/// Who may call: any key but `sk-bad`, or only the one that is required.
enum SandboxCredentials {
    static func check(
        _ request: SandboxRequest, _ provider: SandboxProvider, required: String?
    ) throws(SandboxFailure) {
        let key = key(of: request, provider)
        guard let key, !key.isEmpty, key != "sk-bad", required == nil || key == required else {
            throw refusal(provider, key)
        }
        if provider == .anthropic, request.headers.first(name: "anthropic-version") == nil {
            throw SandboxFailure(status: 400, "anthropic-version: header is required")
        }
    }

    private static func key(of request: SandboxRequest, _ provider: SandboxProvider) -> String? {
        let headers = request.headers
        let bearer = headers.first(name: "authorization").flatMap { value in
            value.utf8.starts(with: "Bearer ".utf8) ? String(value.dropFirst(7)) : nil
        }
        switch provider {
        case .anthropic: return headers.first(name: "x-api-key") ?? bearer
        case .gemini: return headers.first(name: "x-goog-api-key") ?? request.parameter("key")
        case .openai, .deepseek, .compatible: return bearer
        }
    }

    private static func refusal(_ provider: SandboxProvider, _ key: String?) -> SandboxFailure {
        switch provider {
        case .openai, .compatible:
            key == nil
                ? .init(status: 401, "You didn't provide an API key.", code: nil)
                : .init(status: 401, "Incorrect API key provided: \(masked(key)).")
        case .deepseek:
            .init(
                status: 401, "Authentication Fails, Your api key: \(masked(key)) is invalid")
        case .anthropic:
            .init(status: 401, key == nil ? "x-api-key header is required" : "invalid x-api-key")
        case .gemini:
            .init(
                status: 401, "API key not valid. Please pass a valid API key.",
                code: "API_KEY_INVALID")
        }
    }

    private static func masked(_ key: String?) -> String {
        "****" + (key ?? "").suffix(4)
    }
}
