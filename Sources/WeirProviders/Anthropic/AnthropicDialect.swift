package import WeirCore

/// Anthropic's Messages API.
package struct AnthropicDialect: ProviderDialect {
    package init() {}

    package var probePath: String { "/v1/models" }
    package var normalisesText: Bool { false }
    package var wires: [Wire] { [.messages] }
    /// The newest models read a picture as 4,784 tokens at most (vendor's page on vision).
    package var tokensPerImage: Int64 { 5_000 }

    package var batch: (any ProviderBatchDialect)? { AnthropicBatches() }

    /// The version goes with every request, probes too.
    package func credentials(_ key: String) -> [HeaderField] {
        [HeaderField("x-api-key", key), HeaderField("anthropic-version", "2023-06-01")]
    }

    package func encode(
        _ request: ChatRequest, isStream: Bool
    ) throws(WeirError) -> EncodedRequest {
        try refuseUnknown(in: request)
        let thinking = try AnthropicThinking(request)
        var writer = AnthropicRequestWriter()
        writer.body.beginObject()
        writer.body.member("model", request.model.description)
        writer.body.member("max_tokens", request.maxTokens)
        try writer.write(conversation: request)
        writer.write(thinking)
        try writer.write(effort: thinking.effort, format: request.format)
        if let temperature = request.temperature {
            writer.body.member("temperature", temperature)
        }
        if let topP = request.topP { writer.body.member("top_p", topP) }
        if let topK = request.topK { writer.body.member("top_k", topK) }
        writer.body.member("stop_sequences", unlessEmpty: request.stop)
        if isStream { writer.body.member("stream", true) }
        writer.body.endObject()
        return EncodedRequest(path: "/v1/messages", body: writer.body.bytes)
    }

    package func replyStream(wire: Wire, includesUsage: Bool) -> any ReplyStreamDecoder {
        AnthropicReplyStream()
    }

    /// What the Messages API has no member for. A penalty of 0 says nothing.
    private func refuseUnknown(in request: ChatRequest) throws(WeirError) {
        let penalties = [
            ("frequency_penalty", request.frequencyPenalty),
            ("presence_penalty", request.presencePenalty),
        ]
        for (name, penalty) in penalties {
            guard let penalty, Double(penalty.text) != 0 else { continue }
            throw uncarried(name, "the model's provider has no penalties")
        }
        if request.seed != nil { throw uncarried("seed", "the model's provider takes no seed") }
        if let topK = request.topK, Int64(topK.text) == nil {
            throw uncarried("top_k", "the model's provider takes an integer only")
        }
        if let temperature = request.temperature, Double(temperature.text) ?? 0 > 1 {
            throw uncarried("temperature", "the model's provider takes 0 to 1")
        }
    }
}

/// A field of a translated request that Anthropic has no counterpart for.
func uncarried(_ name: String, _ reason: String) -> WeirError {
    WeirError(.invalidRequest, "\(name) can't be carried to this model: \(reason)", param: name)
}
