/// `GET …/models`, in each provider's shape.
enum SandboxModelList {
    static func reply(_ provider: SandboxProvider) -> SandboxReply {
        let names = models[provider] ?? []
        switch provider {
        case .openai, .compatible, .deepseek:
            let list = names.map {
                "{\"id\":\"\($0)\",\"object\":\"model\",\"created\":1700000000,"
                    + "\"owned_by\":\"\(provider.rawValue)\"}"
            }
            return SandboxReply(
                body: "{\"object\":\"list\",\"data\":[\(list.joined(separator: ","))]}")
        case .anthropic:
            let list = names.map {
                "{\"type\":\"model\",\"id\":\"\($0)\",\"display_name\":\"\($0)\","
                    + "\"created_at\":\"2025-10-01T00:00:00Z\",\"lifecycle\":\"active\"}"
            }
            return SandboxReply(
                body: "{\"data\":[\(list.joined(separator: ","))],\"has_more\":false,"
                    + "\"first_id\":\"\(names[0])\",\"last_id\":\"\(names[names.count - 1])\"}")
        case .gemini:
            let list = names.map {
                "{\"name\":\"models/\($0)\",\"version\":\"001\",\"displayName\":\"\($0)\","
                    + "\"inputTokenLimit\":1048576,\"outputTokenLimit\":65536,"
                    + "\"supportedGenerationMethods\":[\"generateContent\",\"countTokens\"]}"
            }
            return SandboxReply(body: "{\"models\":[\(list.joined(separator: ","))]}")
        }
    }

    private static let models: [SandboxProvider: [String]] = [
        .openai: ["gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-5-mini", "text-embedding-3-small"],
        .anthropic: ["claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"],
        .deepseek: ["deepseek-chat", "deepseek-reasoner"],
        .gemini: ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-embedding-001"],
        .compatible: ["llama-3.3-70b-versatile", "mistral-large-latest"],
    ]
}
