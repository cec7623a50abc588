package import WeirCore

/// OpenAI's chat completions, and every server that speaks them.
///
/// Paths go behind a base URL that ends in `/v1` already, as OpenAI's own SDKs have it.
package struct OpenAIDialect: ProviderDialect {
    /// The field that carries the output cap. OpenAI's reasoning models refuse the older name,
    /// most compatible servers don't know the newer one.
    package enum OutputCap: String, Sendable {
        case maxCompletionTokens = "max_completion_tokens"
        case maxTokens = "max_tokens"
    }

    /// Where a server says how much of the input its cache answered.
    enum CacheCount: Sendable {
        /// `prompt_tokens_details.cached_tokens`
        case details
        /// `prompt_cache_hit_tokens` beside `prompt_cache_miss_tokens`, as DeepSeek has it.
        case hitAndMiss
    }

    let outputCap: OutputCap
    let cacheCount: CacheCount

    package init(outputCap: OutputCap = .maxCompletionTokens) {
        self.init(outputCap: outputCap, cacheCount: .details)
    }

    init(outputCap: OutputCap, cacheCount: CacheCount) {
        self.outputCap = outputCap
        self.cacheCount = cacheCount
    }

    package var probePath: String { "/models" }
    package var normalisesText: Bool { false }

    package func credentials(_ key: String) -> [HeaderField] {
        [HeaderField("authorization", "Bearer \(key)")]
    }

    package func encode(_ request: ChatRequest) -> EncodedRequest {
        var body = JSONWriter()
        body.beginObject()
        body.member("model", request.model.description)
        body.name("messages")
        body.beginArray()
        if let system = request.system, !system.isEmpty {
            write("system", system, to: &body)
        }
        for message in request.messages { write(message.role.rawValue, message.text, to: &body) }
        body.endArray()
        body.member(outputCap.rawValue, request.maxTokens)
        if let temperature = request.temperature { body.member("temperature", temperature) }
        if let topP = request.topP { body.member("top_p", topP) }
        body.member("stop", unlessEmpty: request.stop)
        body.endObject()
        return EncodedRequest(path: "/chat/completions", body: body.bytes)
    }

    private func write(_ role: String, _ text: String, to body: inout JSONWriter) {
        body.beginObject()
        body.member("role", role)
        body.member("content", text)
        body.endObject()
    }
}
