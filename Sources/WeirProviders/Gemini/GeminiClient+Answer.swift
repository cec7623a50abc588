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
