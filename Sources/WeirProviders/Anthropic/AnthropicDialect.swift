package import WeirCore

/// Anthropic's Messages API.
package struct AnthropicDialect: ProviderDialect {
    package init() {}

    package var probePath: String { "/v1/models" }
    package var normalisesText: Bool { false }

    /// The version goes with every request, probes too.
    package func credentials(_ key: String) -> [HeaderField] {
        [HeaderField("x-api-key", key), HeaderField("anthropic-version", "2023-06-01")]
    }

    package func encode(_ request: ChatRequest) -> EncodedRequest {
        var body = JSONWriter()
        body.beginObject()
        body.member("model", request.model.description)
        body.member("max_tokens", request.maxTokens)
        if let system = request.system, !system.isEmpty { body.member("system", system) }
        body.name("messages")
        body.beginArray()
        for message in request.messages {
            body.beginObject()
            body.member("role", message.role.rawValue)
            body.member("content", message.text)
            body.endObject()
        }
        body.endArray()
        if let temperature = request.temperature { body.member("temperature", temperature) }
        if let topP = request.topP { body.member("top_p", topP) }
        body.member("stop_sequences", unlessEmpty: request.stop)
        body.endObject()
        return EncodedRequest(path: "/v1/messages", body: body.bytes)
    }
}
