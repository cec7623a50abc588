package import WeirCore

/// Clients that speak Anthropic's Messages API.
package struct AnthropicClient: ClientDialect, ClientTokenCountDialect {
    package init() {}

    package var wire: Wire { .messages }

    package func decode(
        _ body: JSONObject, model: ModelName?, isStream: Bool?
    ) throws(WeirError) -> ClientRequest {
        let request = ClientObject(body)
        let cap = try request.integer("max_tokens", in: 1...TokenUsage.largestCount)
        var read = try decodeCount(body, model: model)
        read.maxTokens = cap
        read.chat.maxTokens = cap ?? 0
        let wantsStream = try request.bool("stream") ?? false
        read.stream = wantsStream ? StreamOptions() : nil
        return read
    }

    /// Reads everything but the output cap and whether a stream is wanted.
    package func decodeCount(
        _ body: JSONObject, model: ModelName?
    ) throws(WeirError) -> ClientRequest {
        let request = ClientObject(body)
        try AnthropicRefusals.check(request)
        var reader = AnthropicRequestReader()
        let named: ModelName
        if let model { named = model } else { named = try request.model() }
        var chat = ChatRequest(
            model: named, system: try reader.system(of: request),
            messages: try reader.messages(of: request), maxTokens: 0)
        try reader.readTools(of: request, into: &chat)
        try reader.readSampling(of: request, into: &chat)
        try reader.readThinking(of: request, into: &chat)
        try reader.readFormat(of: request, into: &chat)
        reader.note(request.others(than: AnthropicClient.known))
        return ClientRequest(
            chat: chat, maxTokens: nil, stream: nil, input: reader.bound(of: body),
            uncarried: reader.uncarried, body: body)
    }

    /// Members that are read, or that are hints without a bearing on the answer.
    private static let known: Set<String> = [
        "model", "max_tokens", "messages", "system", "temperature", "top_p", "top_k",
        "stop_sequences", "stream", "tools", "tool_choice", "thinking", "output_config",
        "output_format", "metadata", "service_tier", "speed", "inference_geo", "cache_control",
    ]
}
