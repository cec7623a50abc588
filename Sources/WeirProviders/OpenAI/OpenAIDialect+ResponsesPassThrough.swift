import WeirCore

extension OpenAIDialect {
    /// A client's own body for the Responses API.
    func passThroughResponses(_ request: PassThrough) -> EncodedRequest {
        var body = request.body
        body.set("model", .string(request.model.description))
        body.set("max_output_tokens", JSON(request.maxTokens))
        body.set("stream", .bool(request.isStream))
        body.set("store", false)
        return EncodedRequest(path: "/responses", body: JSON.object(body).encoded)
    }
}
