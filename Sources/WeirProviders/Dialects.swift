package import WeirCore

/// The only list of providers. A new one is a folder, a case here, and fixtures.
package enum ProviderKind: String, Sendable, CaseIterable {
    case anthropic
    case openai
    case deepseek
    case gemini
    /// Any server that speaks OpenAI's chat completions in their older form: Groq, Mistral, vLLM.
    case compatible = "openai-compatible"
}

extension ProviderKind {
    package var dialect: any ProviderDialect {
        switch self {
        case .anthropic: AnthropicDialect()
        case .openai: OpenAIDialect()
        case .deepseek: DeepSeekDialect()
        case .gemini: GeminiDialect()
        case .compatible: OpenAIDialect(outputCap: .maxTokens)
        }
    }

    /// What a dialect's paths go behind; nil where only the configuration can tell.
    package var defaultBaseURL: String? {
        switch self {
        case .anthropic: "https://api.anthropic.com"
        case .openai: "https://api.openai.com/v1"
        case .deepseek: "https://api.deepseek.com"
        case .gemini: "https://generativelanguage.googleapis.com"
        case .compatible: nil
        }
    }

    /// Below the base URL; a GET that costs nothing.
    package var probePath: String { dialect.probePath }

    /// The provider's name in the built-in price book; nil where the book knows no prices, so that
    /// the configuration must bring them.
    package var priceBookName: ProviderName? {
        self == .compatible ? nil : ProviderName(rawValue)
    }
}
