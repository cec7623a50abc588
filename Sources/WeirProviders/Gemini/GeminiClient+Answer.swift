package import WeirCore

extension GeminiClient {
    package func encode(_ reply: ChatReply, _ context: ReplyContext) -> [UInt8] {
        var parts: [JSON] = []
        for thinking in reply.thinking { parts.append(GeminiPart.thought(thinking)) }
        if !reply.text.isEmpty { parts.append(GeminiPart.text(reply.text)) }
        for call in reply.toolCalls { parts.append(GeminiPart.call(call)) }
        var usage = TokenUsage.zero
        if case .reported(let reported) = reply.usage { usage = reported }
        let form = GeminiResponse(
            model: reply.model ?? context.model.description, request: context.request)
        return form.encode(parts, finish: reply.finish, usage: usage)
    }

    package func stream(
        _ context: ReplyContext, _ options: StreamOptions
    ) -> any ClientStreamEncoder {
        GeminiStreamEncoder(context, isArray: options.isArray)
    }

    package func encode(_ error: WeirError, request: RequestID) -> [UInt8] {
        GeminiError.encode(error, request: request)
    }
}

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

/// The parts of an answer.
enum GeminiPart {
    static func text(_ text: String) -> JSON { ["text": .string(text)] }

    static func thought(_ thinking: Thinking) -> JSON {
        var part = JSONObject()
        part.append("text", .string(thinking.text))
        part.append("thought", true)
        let proof =
            thinking.redacted?.geminiText(isRedacted: true) ?? thinking.signature?.geminiText()
        if let proof { part.append("thoughtSignature", .string(proof)) }
        return .object(part)
    }

    static func call(_ call: ToolCall) -> JSON {
        var function = JSONObject()
        if let id = call.id { function.append("id", .string(id)) }
        function.append("name", .string(call.name))
        function.append("args", geminiArguments(call.arguments))
        var part = JSONObject()
        part.append("functionCall", .object(function))
        if let proof = call.signature?.geminiText() {
            part.append("thoughtSignature", .string(proof))
        }
        return .object(part)
    }
}
