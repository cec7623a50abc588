package import WeirCore

/// OpenAI's chat completions, and every server that speaks them.
///
/// Paths go behind a base URL that ends in `/v1` already, as OpenAI's own SDKs have it.
package struct OpenAIDialect: ProviderDialect {
    /// The field that carries the output cap. OpenAI's reasoning models refuse the older name,
    /// most compatible servers don't know the newer one, and a cap that a server doesn't know
    /// bounds nothing.
    package enum OutputCap: String, Sendable {
        case maxCompletionTokens = "max_completion_tokens"
        case maxTokens = "max_tokens"
    }

    /// Whose reading of the form it is.
    enum Family: Sendable { case openAI, deepSeek, compatible }

    let family: Family

    package init(outputCap: OutputCap = .maxCompletionTokens) {
        self.init(family: outputCap == .maxCompletionTokens ? .openAI : .compatible)
    }

    init(family: Family) { self.family = family }

    var outputCap: OutputCap { family == .openAI ? .maxCompletionTokens : .maxTokens }

    package var probePath: String { "/models" }
    package var normalisesText: Bool { false }

    /// Few compatible servers have the Responses API; for the others it is translated.
    package var wires: [Wire] {
        family == .compatible ? [.chatCompletions] : [.chatCompletions, .responses]
    }

    /// gpt-4o-mini is the dearest: 2,833 tokens and 5,667 for each of up to eight tiles.
    /// https://developers.openai.com/api/docs/guides/images-vision
    package var tokensPerImage: Int64 { 50_000 }

    package var embeddings: (any EmbeddingDialect)? { OpenAIEmbeddings() }

    /// Servers that imitate OpenAI's calls have batches of their own kinds, or none.
    package var batch: (any ProviderBatchDialect)? {
        family == .openAI ? OpenAIBatches() : nil
    }

    package func credentials(_ key: String) -> [HeaderField] {
        // A server of one's own may want none.
        key.isEmpty ? [] : [HeaderField("authorization", "Bearer \(key)")]
    }

    package func encode(
        _ request: ChatRequest, isStream: Bool
    ) throws(WeirError) -> EncodedRequest {
        var writer = ChatRequestWriter(family: family, outputCap: outputCap)
        try writer.write(request, isStream: isStream)
        return EncodedRequest(path: OpenAIDialect.path, body: writer.body.bytes)
    }

    package func passThrough(_ request: PassThrough) -> EncodedRequest {
        switch request.wire {
        case .responses: passThroughResponses(request)
        default: passThroughChat(request)
        }
    }

    package func decodeReply(_ body: [UInt8], wire: Wire) throws(ReplyDefect) -> ChatReply {
        switch wire {
        case .responses: try decodeResponsesReply(body)
        default: try decodeChatReply(body)
        }
    }

    package func replyStream(wire: Wire, includesUsage: Bool) -> any ReplyStreamDecoder {
        switch wire {
        case .responses: ResponsesStreamDecoder()
        default: ChatStreamDecoder(self, includesUsage: includesUsage)
        }
    }

    static let path = "/chat/completions"
}
