/// Texts whose vectors are asked for, in no provider's words.
package struct EmbeddingRequest: Sendable, Equatable {
    /// The model's name at the provider.
    package var model: ModelName
    package var inputs: [String]
    package var dimensions: Int64?

    package init(model: ModelName, inputs: [String], dimensions: Int64? = nil) {
        self.model = model
        self.inputs = inputs
        self.dimensions = dimensions
    }
}

/// Vectors, and what they took.
package struct EmbeddingReply: Sendable, Equatable {
    /// In the order of the inputs; numbers as the provider wrote them. Empty where a reply of the
    /// client's own wire is passed through unread.
    package var vectors: [[JSON]]
    package var usage: ReportedUsage
    package var model: String?

    package init(vectors: [[JSON]], usage: ReportedUsage, model: String? = nil) {
        self.vectors = vectors
        self.usage = usage
        self.model = model
    }
}

/// A form in which embeddings are asked for.
package enum EmbeddingWire: String, Sendable, CaseIterable {
    /// OpenAI's `/v1/embeddings`.
    case embeddings
    /// Gemini's `:embedContent` for one text, and `:batchEmbedContents` for many.
    case embedContent = "embed_content"
    case batchEmbedContents = "batch_embed_contents"
}

/// How a provider is asked for embeddings.
package protocol EmbeddingDialect: Sendable {
    /// The wires that are passed through.
    var wires: [EmbeddingWire] { get }
    /// Throws `invalid_request` with the name of what can't be carried.
    func encode(_ request: EmbeddingRequest) throws(WeirError) -> EncodedRequest
    /// A client's own body with nothing but the model changed.
    func passThrough(_ body: JSONObject, wire: EmbeddingWire, model: ModelName) -> EncodedRequest
    /// Reads a 2xx reply to a request in `wire`, or to a translated one where it is nil.
    func decodeReply(
        _ body: [UInt8], wire: EmbeddingWire?
    ) throws(ReplyDefect) -> EmbeddingReply
}

/// How clients ask for embeddings.
package protocol ClientEmbeddingDialect: Sendable {
    var wire: EmbeddingWire { get }
    /// - Parameter model: the model where the path names it (Gemini); else nil.
    func decode(
        _ body: JSONObject, model: ModelName?
    ) throws(WeirError) -> ClientEmbeddingRequest
    func encode(_ reply: EmbeddingReply, _ request: ClientEmbeddingRequest) -> [UInt8]
}

/// A client's request for embeddings, read.
package struct ClientEmbeddingRequest: Sendable, Equatable {
    /// Its model is the caller's name for it. No inputs where they are given as tokens, which only
    /// the same wire can carry (`uncarried` says so).
    package var embedding: EmbeddingRequest
    package var input: InputBound
    package var uncarried: [String]
    /// OpenAI's SDKs ask for base64 of little-endian 32-bit floats unless told otherwise.
    package var wantsBase64: Bool
    package var body: JSONObject

    package init(
        embedding: EmbeddingRequest, input: InputBound, uncarried: [String] = [],
        wantsBase64: Bool = false, body: JSONObject
    ) {
        self.embedding = embedding
        self.input = input
        self.uncarried = uncarried
        self.wantsBase64 = wantsBase64
        self.body = body
    }
}
