package import WeirCore

/// `/v1/messages/count_tokens`, which costs nothing.
extension AnthropicDialect: TokenCountDialect {
    package var tokenCount: (any TokenCountDialect)? { self }

    /// Carries what is read. How the answer is to be made has no bearing on the count.
    package func encodeCount(_ request: ChatRequest) throws(WeirError) -> EncodedRequest {
        var writer = AnthropicRequestWriter()
        writer.body.beginObject()
        writer.body.member("model", request.model.description)
        try writer.write(conversation: request)
        try writer.write(effort: nil, format: request.format)
        writer.body.endObject()
        return EncodedRequest(path: "/v1/messages/count_tokens", body: writer.body.bytes)
    }

    package func passThroughCount(_ body: JSONObject, model: ModelName) -> EncodedRequest {
        var body = body
        body.set("model", .string(model.description))
        leaveOutForeignThoughts(&body)
        return EncodedRequest(
            path: "/v1/messages/count_tokens", body: JSON.object(body).encoded)
    }

    package func decodeCount(_ body: [UInt8]) throws(ReplyDefect) -> Int64 {
        let reply = try replyObject(body)
        guard let count = reply["input_tokens"]?.integer,
            (0...TokenUsage.largestCount).contains(count), !reply.hasDuplicates
        else { throw ReplyDefect("the reply has no token count") }
        return count
    }
}
