package import WeirCore

/// Clients that ask for embeddings in OpenAI's form.
package struct OpenAIEmbeddingClient: ClientEmbeddingDialect {
    package init() {}

    package var wire: EmbeddingWire { .embeddings }

    package func decode(
        _ body: JSONObject, model: ModelName?
    ) throws(WeirError) -> ClientEmbeddingRequest {
        let request = ClientObject(body)
        let named = if let model { model } else { try request.model() }
        var embedding = EmbeddingRequest(model: named, inputs: [])
        embedding.dimensions = try request.integer("dimensions", in: 1...1_000_000)
        let format = try request.text("encoding_format") ?? "float"
        var uncarried = request.others(
            than: ["model", "input", "dimensions", "encoding_format", "user"])
        if !["float", "base64"].contains(format) { uncarried.append("encoding_format") }
        var items: Int64 = 1
        switch try request.required("input", request["input"]) {
        case .string(let text): embedding.inputs = [text]
        case .array(let list):
            items = Int64(list.count)
            embedding.inputs = try texts(list, request)
            if embedding.inputs.isEmpty { uncarried.append("input") }
        default: throw request.error("input", "must be a string or an array")
        }
        return ClientEmbeddingRequest(
            embedding: embedding,
            // A token has one digit at least and a comma.
            input: InputBound(textBytes: JSON.object(body).plainBytes, items: items),
            uncarried: uncarried, wantsBase64: format == "base64", body: body)
    }

    /// The texts of a list; empty where it holds tokens: numbers, or lists of numbers.
    private func texts(_ list: [JSON], _ request: ClientObject) throws(WeirError) -> [String] {
        guard let first = list.first else { throw request.error("input", "must not be empty") }
        if first.string == nil {
            let rows = first.array == nil ? [list] : list.map { $0.array ?? [] }
            guard rows.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.integer != nil } }) else {
                throw request.error("input", "must be all texts or all tokens")
            }
            return []
        }
        var texts: [String] = []
        for (index, text) in list.enumerated() {
            texts.append(try request.string(text, "input[\(index)]"))
        }
        return texts
    }

    package func encode(
        _ reply: EmbeddingReply, _ request: ClientEmbeddingRequest
    ) -> [UInt8] {
        var body = JSONWriter(capacity: reply.vectors.reduce(256) { $0 + $1.count * 12 })
        body.beginObject()
        body.member("object", "list")
        body.name("data")
        body.beginArray()
        for (index, vector) in reply.vectors.enumerated() {
            body.beginObject()
            body.member("object", "embedding")
            body.member("index", Int64(index))
            body.name("embedding")
            if request.wantsBase64 {
                body.string(base64(floats: vector))
            } else {
                body.value(.array(vector))
            }
            body.endObject()
        }
        body.endArray()
        body.member("model", request.embedding.model.description)
        var tokens: Int64 = 0
        if case .reported(let usage) = reply.usage { tokens = usage.input }
        body.member("usage", ["prompt_tokens": JSON(tokens), "total_tokens": JSON(tokens)])
        body.endObject()
        return body.bytes
    }
}
