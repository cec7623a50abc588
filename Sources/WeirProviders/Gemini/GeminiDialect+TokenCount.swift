package import WeirCore

extension GeminiDialect: TokenCountDialect {
    package func encodeCount(_ request: ChatRequest) throws(WeirError) -> EncodedRequest {
        var body = JSONWriter()
        body.beginObject()
        body.name("generateContentRequest")
        try write(request, isCount: true, to: &body)
        body.endObject()
        return EncodedRequest(path: geminiPath(request.model, "countTokens"), body: body.bytes)
    }

    package func passThroughCount(_ body: JSONObject, model: ModelName) -> EncodedRequest {
        var body = body
        body.rename(to: model)
        let place = body.spelling("generateContentRequest")
        if var request = body[place]?.object {
            request.set("model", geminiName(model))
            body.set(place, .object(request))
        }
        return EncodedRequest(
            path: geminiPath(model, "countTokens"), body: JSON.object(body).encoded)
    }

    package func decodeCount(_ body: [UInt8]) throws(ReplyDefect) -> Int64 {
        let reply = try replyObject(body)
        guard let count = reply["totalTokens"]?.integer,
            (0...TokenUsage.largestCount).contains(count), !reply.hasDuplicates
        else { throw ReplyDefect("the reply has no token count") }
        return count
    }
}
