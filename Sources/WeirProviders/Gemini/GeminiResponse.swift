import WeirCore

/// What all chunks of one answer have in common: each is a GenerateContentResponse.
struct GeminiResponse {
    var model: String
    let request: RequestID

    /// - Parameter finish: nil in every chunk but the last.
    func encode(_ parts: [JSON], finish: FinishReason?, usage: TokenUsage) -> [UInt8] {
        var body = JSONWriter()
        body.beginObject()
        body.name("candidates")
        body.beginArray()
        body.beginObject()
        body.name("content")
        body.beginObject()
        // A candidate without parts trips SDKs up.
        body.member("parts", .array(parts.isEmpty ? [GeminiPart.text("")] : parts))
        body.member("role", "model")
        body.endObject()
        if let finish { body.member("finishReason", finish.geminiWord) }
        body.member("index", Int64(0))
        body.endObject()
        body.endArray()
        body.name("usageMetadata")
        write(usage, to: &body)
        body.member("modelVersion", model)
        body.member("responseId", request.description)
        body.endObject()
        return body.bytes
    }

    private func write(_ usage: TokenUsage, to body: inout JSONWriter) {
        body.beginObject()
        body.member("promptTokenCount", usage.input)
        body.member("cachedContentTokenCount", usage.cacheRead)
        body.member("candidatesTokenCount", usage.output - usage.reasoning)
        body.member("toolUsePromptTokenCount", Int64(0))
        body.member("thoughtsTokenCount", usage.reasoning)
        body.member("totalTokenCount", usage.total)
        body.endObject()
    }
}
