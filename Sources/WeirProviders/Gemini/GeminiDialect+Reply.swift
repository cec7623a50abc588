package import WeirCore

extension GeminiDialect {
    /// Reads a GenerateContentResponse. Of several candidates the first counts; usage covers them
    /// all. A blocked prompt has no candidate and is an answer nevertheless: an empty one.
    package func decodeReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
        let reply = try replyObject(body)
        let usage = usage(of: reply)
        let model = reply["modelVersion"]?.string
        guard let candidate = reply["candidates"]?.array?.first?.object else {
            guard reply["promptFeedback"]?["blockReason"]?.string != nil else {
                throw ReplyDefect("the reply has no candidate", usage: usage)
            }
            return ChatReply(text: "", finish: .contentFilter, usage: usage, model: model)
        }
        guard let parts = parts(of: candidate) else {
            throw ReplyDefect("the content has no parts", usage: usage)
        }
        var text = ""
        var toolCalls: [ToolCall] = []
        for part in parts {
            guard let part = part.object else {
                throw ReplyDefect("a part is \(part.kind)", usage: usage)
            }
            if let call = part["functionCall"] {
                guard let call = toolCall(call) else {
                    throw ReplyDefect("a tool call has no name", usage: usage)
                }
                toolCalls.append(call)
            } else if part["thought"]?.bool != true {
                // Code that Gemini ran and tools that it called itself have no text of their own.
                text += part["text"]?.string ?? ""
            }
        }
        let word = candidate["finishReason"]?.string
        guard word != nil || !text.isEmpty || !toolCalls.isEmpty else {
            throw ReplyDefect("the candidate is empty", usage: usage)
        }
        return ChatReply(
            text: text, toolCalls: toolCalls, finish: finish(word, hasCalls: !toolCalls.isEmpty),
            usage: usage, model: model)
    }

    /// Reads what batchEmbedContents or embedContent answers. Older models report no usage.
    package func decodeEmbeddingsReply(_ body: [UInt8]) throws(ReplyDefect) -> EmbeddingsReply {
        let reply = try replyObject(body)
        let usage = embeddingsUsage(of: reply)
        let count = reply["embeddings"]?.array?.count ?? (reply["embedding"]?.object == nil ? 0 : 1)
        guard count > 0 else { throw ReplyDefect("the reply has no embedding", usage: usage) }
        return EmbeddingsReply(count: count, usage: usage)
    }
}

/// Content is left out, or comes without parts, where a limit or a filter left nothing; nil where
/// it is there in a wrong shape.
private func parts(of candidate: JSONObject) -> [JSON]? {
    guard let content = candidate["content"], !content.isNull else { return [] }
    guard let object = content.object else { return nil }
    guard let parts = object["parts"] else { return [] }
    return parts.array
}

private func toolCall(_ call: JSON) -> ToolCall? {
    guard let name = call["name"]?.string else { return nil }
    return ToolCall(
        id: call["id"]?.string, name: name, arguments: call["args"] ?? .object(JSONObject()))
}

private func finish(_ word: String?, hasCalls: Bool) -> FinishReason {
    switch word {
    case "STOP": hasCalls ? .toolCalls : .stop
    case "MAX_TOKENS": .length
    case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
        .contentFilter
    default: .other
    }
}
