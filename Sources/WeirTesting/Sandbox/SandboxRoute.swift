import NIOHTTP1

/// Whose protocol is spoken; the raw value is the path prefix and the name in the truth log.
enum SandboxProvider: String, CaseIterable, Sendable {
    case openai, anthropic, deepseek, gemini, compatible
}

/// What is asked for; the raw value is the name in the truth log and in behaviour rules.
enum SandboxEndpoint: String, Sendable {
    case chat, responses, embeddings, models, messages
    case countMessageTokens = "count_tokens"
    case generateContent, streamGenerateContent, countTokens, embedContent, batchEmbedContents
    /// The batch interfaces: files, creation, and what comes after it.
    case files, batches, batch

    /// Whether it answers one prompt.
    var isSingleCall: Bool {
        switch self {
        case .models, .files, .batches, .batch: false
        default: true
        }
    }

    /// Counting and listing are free.
    var isBilled: Bool {
        switch self {
        case .models, .countMessageTokens, .countTokens, .files, .batches, .batch: false
        default: true
        }
    }
}

/// Where a path leads.
struct SandboxRoute: Sendable {
    let provider: SandboxProvider
    let endpoint: SandboxEndpoint
    /// The model, where the path names it (Gemini).
    var model: String?

    /// The provider that a path belongs to, known or not.
    static func provider(of path: String) -> SandboxProvider? {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1)
        return parts.first.flatMap { SandboxProvider(rawValue: String($0) ?? "") }
    }

    /// The route of a path; nil: there is none, or not with this method.
    init?(method: HTTPMethod, path: String) {
        guard let provider = SandboxRoute.provider(of: path) else { return nil }
        let rest = String(path.dropFirst(provider.rawValue.utf8.count + 1))
        self.provider = provider
        if method == .GET {
            guard SandboxRoute.modelLists[provider]?.contains(rest) ?? false else { return nil }
            endpoint = .models
        } else if method == .POST {
            if provider == .gemini {
                guard let found = SandboxRoute.geminiCall(rest) else { return nil }
                (model, endpoint) = (found.model, found.endpoint)
            } else {
                guard let found = SandboxRoute.calls[provider]?[rest] else { return nil }
                endpoint = found
            }
        } else {
            return nil
        }
    }

    private static let modelLists: [SandboxProvider: [String]] = [
        .openai: ["/v1/models"], .anthropic: ["/v1/models"], .compatible: ["/v1/models"],
        .deepseek: ["/models", "/v1/models"], .gemini: ["/v1beta/models", "/v1/models"],
    ]

    private static let calls: [SandboxProvider: [String: SandboxEndpoint]] = [
        .openai: openAICalls, .compatible: openAICalls,
        .anthropic: ["/v1/messages": .messages, "/v1/messages/count_tokens": .countMessageTokens],
        .deepseek: [
            "/chat/completions": .chat, "/v1/chat/completions": .chat, "/responses": .responses,
        ],
    ]

    private static let openAICalls: [String: SandboxEndpoint] = [
        "/v1/chat/completions": .chat, "/v1/responses": .responses, "/v1/embeddings": .embeddings,
    ]

    private static func geminiCall(_ path: String) -> (model: String, endpoint: SandboxEndpoint)? {
        let prefixes = ["/v1beta/models/", "/v1/models/"]
        guard let prefix = prefixes.first(where: { path.utf8.starts(with: $0.utf8) }) else {
            return nil
        }
        let parts = path.utf8.dropFirst(prefix.utf8.count).split(separator: UInt8(ascii: ":"))
        guard parts.count == 2, let model = String(parts[0]), let verb = String(parts[1]),
            let endpoint = SandboxEndpoint(rawValue: verb)
        else { return nil }
        switch endpoint {
        case .generateContent, .streamGenerateContent, .countTokens, .embedContent,
            .batchEmbedContents:
            return (model, endpoint)
        default: return nil
        }
    }
}
