package import WeirCore

/// The forms in which clients may ask, beside Weir's own `/ai/complete`.
package enum ClientDialects {
    package static let chat: [any ClientDialect] = [
        OpenAIChatClient(), OpenAIResponsesClient(), AnthropicClient(), GeminiClient(),
    ]
    package static let embeddings: [any ClientEmbeddingDialect] = [
        OpenAIEmbeddingClient(), GeminiEmbeddingClient(wire: .embedContent),
        GeminiEmbeddingClient(wire: .batchEmbedContents),
    ]
    package static let tokenCounts: [any ClientTokenCountDialect] = [
        AnthropicClient(), GeminiClient(),
    ]
}
