package import WeirCore

/// Clients of Gemini's `:generateContent` and `:streamGenerateContent`.
package struct GeminiClient: ClientDialect {
    package init() {}

    package var wire: Wire { .generateContent }

    package func decode(
        _ body: JSONObject, model: ModelName?, isStream: Bool?
    ) throws(WeirError) -> ClientRequest {
        try read(
            GeminiObject(ClientObject(body)), of: body, model,
            stream: isStream == true ? StreamOptions() : nil)
    }

    /// - Parameters:
    ///   - request: the message with the contents, within `body` or `body` itself.
    func read(
        _ request: GeminiObject, of body: JSONObject, _ model: ModelName?, stream: StreamOptions?
    ) throws(WeirError) -> ClientRequest {
        let model = try checked(model, request)
        try request.refuse("cachedContent", "cached content belongs to all callers")
        try checkTier(request)
        var reading = GeminiReading()
        reading.leaveBehind(request, otherThan: requestNames)
        var chat = ChatRequest(
            model: model, system: try reading.system(request),
            messages: try reading.conversation(request), maxTokens: 0)
        chat.tools = try reading.tools(request)
        try reading.choose(request, for: &chat)
        let limits = try reading.configure(&chat, request)
        chat.maxTokens = limits.maxTokens ?? 0
        return ClientRequest(
            chat: chat, maxTokens: limits.maxTokens, stream: stream, input: reading.bound(body),
            choices: limits.choices, uncarried: reading.uncarried, body: body)
    }

    /// The path's model. A body may name it once more, as `models/…`.
    func checked(_ model: ModelName?, _ request: GeminiObject) throws(WeirError) -> ModelName {
        guard let named = try request.text("model") else {
            return try request.required("model", model)
        }
        let prefix = "models/"
        let name =
            named.utf8.starts(with: prefix.utf8)
            ? String(decoding: Array(named.utf8.dropFirst(prefix.utf8.count)), as: UTF8.self)
            : named
        guard let written = ModelName(name), model == nil || model == written else {
            throw request.error("model", "must be the model of the path")
        }
        return written
    }

    /// Other tiers have other prices.
    private func checkTier(_ request: GeminiObject) throws(WeirError) {
        let standard = [
            "standard", "unspecified", "service_tier_unspecified", "service_tier_standard",
        ]
        guard let tier = try request.text("serviceTier"), !standard.contains(tier.lowercased())
        else { return }
        throw request.error(
            "serviceTier", "is not supported here: only the standard tier has a price")
    }
}

/// Labels and the wish that a request be stored have no bearing on the answer.
private let requestNames: Set<String> = [
    "model", "contents", "systemInstruction", "tools", "toolConfig", "generationConfig",
    "cachedContent", "serviceTier", "labels", "store",
]
