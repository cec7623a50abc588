package import WeirCore

/// The forms in which clients may ask, beside Weir's own `/ai/complete`.
package enum ClientDialects {
    package static let chat: [any ClientDialect] = []
    package static let embeddings: [any ClientEmbeddingDialect] = []
    package static let tokenCounts: [any ClientTokenCountDialect] = []
}
