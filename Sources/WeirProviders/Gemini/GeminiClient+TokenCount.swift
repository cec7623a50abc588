package import WeirCore

extension GeminiClient: ClientTokenCountDialect {
    /// Reads the contents alone, or a whole request under `generateContentRequest`.
    package func decodeCount(
        _ body: JSONObject, model: ModelName?
    ) throws(WeirError) -> ClientRequest {
        let outer = try GeminiObject(ClientObject(body))
        guard let request = try outer.message("generateContentRequest") else {
            return try read(outer, of: body, model, stream: nil)
        }
        guard outer["contents"] == nil else {
            throw outer.error("contents", "can't stand beside generateContentRequest")
        }
        let path = try checked(model, outer)
        var read = try read(request, of: body, path, stream: nil)
        read.uncarried += outer.others(than: ["generateContentRequest", "model"])
        return read
    }

    package func encode(count: Int64) -> [UInt8] {
        var body = JSONWriter()
        body.beginObject()
        body.member("totalTokens", count)
        body.endObject()
        return body.bytes
    }
}
