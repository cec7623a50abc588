package import WeirCore

/// The forms in which clients may ask, beside Weir's own `/ai/complete`.
package enum ClientDialects {
    package static let chat: [any ClientDialect] = [
        OpenAIResponsesClient(), GeminiClient(),
    ]
    package static let embeddings: [any ClientEmbeddingDialect] = [
        GeminiEmbeddingClient(wire: .embedContent),
        GeminiEmbeddingClient(wire: .batchEmbedContents),
    ]
    package static let tokenCounts: [any ClientTokenCountDialect] = [
        GeminiClient()
    ]
}
