/// What a valid request asks for, whatever protocol it came in.
struct SandboxCall: Sendable {
    let provider: SandboxProvider
    let endpoint: SandboxEndpoint
    let model: String
    var isStream = false
    /// Gemini without `alt=sse`: a JSON array instead of events.
    var isArrayStream = false
    /// Whether a stream tells its usage (OpenAI: only when asked).
    var reportsStreamUsage = true
    var lastUserText = ""
    var inputTokens = 0
    var outputCap: Int?
    var wantsJSON = false
    var firstTool: String?
    var choices = 1
    /// Embeddings: every text (nil: token ids), the dimensions, and whether as base64.
    var inputs: [String?] = []
    var dimensions: Int?
    var wantsBase64 = false

    init(provider: SandboxProvider, endpoint: SandboxEndpoint, model: String) {
        self.provider = provider
        self.endpoint = endpoint
        self.model = model
    }
}

/// One protocol: what it accepts, and how it answers.
protocol SandboxDialect {
    /// Refuses what the real provider would refuse.
    static func validate(
        _ body: SandboxJSON, _ route: SandboxRoute
    ) throws(SandboxFailure)
    /// Reads a valid body.
    static func call(_ body: SandboxJSON, _ route: SandboxRoute) -> SandboxCall
    /// The answer, with usage as the turn claims it.
    static func reply(_ turn: SandboxTurn) -> SandboxReply
}

extension SandboxEndpoint {
    /// Who answers; nil: the endpoint has no body to answer.
    var dialect: (any SandboxDialect.Type)? {
        switch self {
        case .chat: OpenAIChatDialect.self
        case .responses: OpenAIResponsesDialect.self
        case .embeddings: OpenAIEmbeddingsDialect.self
        case .messages, .countMessageTokens: AnthropicDialect.self
        case .generateContent, .streamGenerateContent, .countTokens: GeminiDialect.self
        case .embedContent, .batchEmbedContents: GeminiEmbeddingsDialect.self
        case .models, .files, .batches, .batch: nil
        }
    }
}
