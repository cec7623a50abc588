package import WeirCore

/// Clients of Gemini's `:embedContent` or `:batchEmbedContents`.
package struct GeminiEmbeddingClient: ClientEmbeddingDialect {
    package let wire: EmbeddingWire

    package init(wire: EmbeddingWire) { self.wire = wire }

    package func decode(
        _ body: JSONObject, model: ModelName?
    ) throws(WeirError) -> ClientEmbeddingRequest {
        let outer = try GeminiObject(ClientObject(body))
        let model = try GeminiClient().checked(model, outer)
        var requests = [outer]
        var uncarried: [String] = []
        if wire == .batchEmbedContents {
            requests = try outer.messages("requests")
            uncarried = outer.others(than: ["requests", "model"])
            guard !requests.isEmpty else { throw outer.error("requests", "is missing or empty") }
        }
        var inputs: [String] = []
        var dimensions: [Int64?] = []
        for request in requests {
            _ = try GeminiClient().checked(model, request)
            uncarried += request.others(than: ["model", "content", "outputDimensionality"])
            inputs.append(try text(of: request, &uncarried))
            dimensions.append(try request.integer("outputDimensionality", in: 1...100_000))
        }
        if Set(dimensions).count > 1 {
            uncarried.append(requests[0].param("outputDimensionality"))
        }
        return ClientEmbeddingRequest(
            embedding: EmbeddingRequest(
                model: model, inputs: inputs, dimensions: dimensions.first ?? nil),
            input: InputBound(
                textBytes: JSON.object(body).plainBytes, items: Int64(inputs.count)),
            uncarried: uncarried, body: body)
    }

    package func encode(_ reply: EmbeddingReply, _ request: ClientEmbeddingRequest) -> [UInt8] {
        var body = JSONWriter(capacity: 1 << 12)
        body.beginObject()
        if wire == .embedContent {
            body.name("embedding")
            write(reply.vectors.first ?? [], to: &body)
        } else {
            body.name("embeddings")
            body.beginArray()
            for vector in reply.vectors { write(vector, to: &body) }
            body.endArray()
        }
        if case .reported(let usage) = reply.usage {
            body.member("usageMetadata", ["promptTokenCount": JSON(usage.input)])
        }
        body.endObject()
        return body.bytes
    }

    private func write(_ vector: [JSON], to body: inout JSONWriter) {
        body.beginObject()
        body.member("values", .array(vector))
        body.endObject()
    }

    /// Only text has a price here.
    private func text(
        of request: GeminiObject, _ uncarried: inout [String]
    ) throws(WeirError) -> String {
        let content = try request.required("content", try request.message("content"))
        uncarried += content.others(than: ["parts", "role"])
        let parts = try content.messages("parts")
        guard !parts.isEmpty else { throw content.error("parts", "is missing or empty") }
        // Whether parts become one text or one vector is up to the model.
        if parts.count > 1 { uncarried.append(content.param("parts")) }
        var texts: [String] = []
        for part in parts {
            for name in ["inlineData", "fileData"] {
                try part.refuse(name, "only text is embedded at a price that is known")
            }
            texts.append(try part.required("text", try part.text("text")))
            uncarried += part.others(than: ["text"])
        }
        return texts.joined(separator: "\n")
    }
}
