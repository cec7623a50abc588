package import WeirCore

/// OpenAI's embeddings, and those of the servers that imitate them.
package struct OpenAIEmbeddings: EmbeddingDialect {
    package init() {}

    package var wires: [EmbeddingWire] { [.embeddings] }

    package func encode(_ request: EmbeddingRequest) throws(WeirError) -> EncodedRequest {
        var body = JSONWriter()
        body.beginObject()
        body.member("model", request.model.description)
        body.member("input", .array(request.inputs.map(JSON.string)))
        body.member("encoding_format", "float")
        if let dimensions = request.dimensions { body.member("dimensions", dimensions) }
        body.endObject()
        return EncodedRequest(path: OpenAIEmbeddings.path, body: body.bytes)
    }

    package func passThrough(
        _ body: JSONObject, wire: EmbeddingWire, model: ModelName
    ) -> EncodedRequest {
        var body = body
        body.set("model", .string(model.description))
        return EncodedRequest(path: OpenAIEmbeddings.path, body: JSON.object(body).encoded)
    }

    /// A reply to a client's own body isn't read further than its usage; there is no output to pay
    /// for.
    package func decodeReply(
        _ body: [UInt8], wire: EmbeddingWire?
    ) throws(ReplyDefect) -> EmbeddingReply {
        let reply = try replyObject(body, valueLimit: OpenAIEmbeddings.valueLimit)
        let usage = OpenAIDialect().embeddingsUsage(of: reply)
        guard let data = reply["data"]?.array, !data.isEmpty else {
            throw ReplyDefect("the reply has no embedding", usage: usage)
        }
        let model = reply["model"]?.string
        guard wire == nil else { return EmbeddingReply(vectors: [], usage: usage, model: model) }
        var vectors: [[JSON]?] = Array(repeating: nil, count: data.count)
        for (place, item) in data.enumerated() {
            // Imitators may leave the index out.
            let index = item["index"]?.integer ?? Int64(place)
            guard let index = Int(exactly: index), vectors.indices.contains(index),
                vectors[index] == nil, let vector = numbers(item["embedding"])
            else { throw ReplyDefect("an embedding can't be read", usage: usage) }
            vectors[index] = vector
        }
        return EmbeddingReply(vectors: vectors.compactMap { $0 }, usage: usage, model: model)
    }

    private func numbers(_ json: JSON?) -> [JSON]? {
        guard let list = json?.array, !list.isEmpty else { return nil }
        let isNumeric = list.allSatisfy { if case .number = $0 { true } else { false } }
        return isNumeric ? list : nil
    }

    private static let path = "/embeddings"
    /// Numbers of 2,048 texts, the most that OpenAI takes, at 1,536 each, and more.
    private static let valueLimit = 4_000_000
}
