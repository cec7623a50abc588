package import WeirCore

/// Gemini's embeddings.
package struct GeminiEmbeddings: EmbeddingDialect {
    package init() {}

    package var wires: [EmbeddingWire] { [.embedContent, .batchEmbedContents] }

    package func encode(_ request: EmbeddingRequest) throws(WeirError) -> EncodedRequest {
        var body = JSONWriter()
        body.beginObject()
        body.name("requests")
        body.beginArray()
        for input in request.inputs {
            body.beginObject()
            body.member("model", geminiName(request.model))
            body.member("content", ["parts": [["text": .string(input)]]])
            if let dimensions = request.dimensions {
                body.member("outputDimensionality", dimensions)
            }
            body.endObject()
        }
        body.endArray()
        body.endObject()
        return EncodedRequest(
            path: geminiPath(request.model, "batchEmbedContents"), body: body.bytes)
    }

    /// Each request of a batch names the model.
    package func passThrough(
        _ body: JSONObject, wire: EmbeddingWire, model: ModelName
    ) -> EncodedRequest {
        var body = body
        body.rename(to: model)
        guard wire == .batchEmbedContents else {
            return EncodedRequest(
                path: geminiPath(model, "embedContent"), body: JSON.object(body).encoded)
        }
        switch body["requests"] {
        case .array(let requests): body.set("requests", .array(requests.map { named($0, model) }))
        case let request?: body.set("requests", named(request, model))
        case nil: break
        }
        return EncodedRequest(
            path: geminiPath(model, "batchEmbedContents"), body: JSON.object(body).encoded)
    }

    /// Older models report no usage.
    package func decodeReply(
        _ body: [UInt8], wire: EmbeddingWire?
    ) throws(ReplyDefect) -> EmbeddingReply {
        let reply = try replyObject(body)
        let usage = GeminiDialect().embeddingsUsage(of: reply)
        let embeddings = reply["embeddings"]?.array ?? [reply["embedding"]].compactMap { $0 }
        guard !embeddings.isEmpty else {
            throw ReplyDefect("the reply has no embedding", usage: usage)
        }
        guard wire == nil else { return EmbeddingReply(vectors: [], usage: usage) }
        var vectors: [[JSON]] = []
        for embedding in embeddings {
            guard let values = embedding["values"]?.array, values.allSatisfy(isNumber) else {
                throw ReplyDefect("an embedding has no values", usage: usage)
            }
            vectors.append(values)
        }
        return EmbeddingReply(vectors: vectors, usage: usage)
    }

    private func named(_ request: JSON, _ model: ModelName) -> JSON {
        guard var object = request.object else { return request }
        object.set("model", geminiName(model))
        return .object(object)
    }
}

private func isNumber(_ json: JSON) -> Bool {
    if case .number = json { true } else { false }
}
