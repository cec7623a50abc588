package import WeirCore

extension AnthropicDialect {
    /// Reads a whole message. An empty content with a stop reason is an answer: the model had
    /// nothing to add.
    package func decodeReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
        let reply = try replyObject(body)
        let usage = usage(of: reply)
        guard let blocks = reply["content"]?.array else {
            throw ReplyDefect("the reply has no content", usage: usage)
        }
        var text = ""
        var toolCalls: [ToolCall] = []
        for block in blocks {
            switch block["type"]?.string {
            case "text":
                guard let part = block["text"]?.string else {
                    throw ReplyDefect("a text block has no text", usage: usage)
                }
                text += part
            case "tool_use":
                guard let call = toolCall(block) else {
                    throw ReplyDefect("a tool call has no name", usage: usage)
                }
                toolCalls.append(call)
            case nil: throw ReplyDefect("a block has no type", usage: usage)
            // Thinking, and the tools that the provider runs itself, are no part of the answer.
            default: continue
            }
        }
        let word = reply["stop_reason"]?.string
        guard word != nil || !text.isEmpty || !toolCalls.isEmpty else {
            throw ReplyDefect("the content is empty", usage: usage)
        }
        return ChatReply(
            text: text, toolCalls: toolCalls, finish: finish(word), usage: usage,
            model: reply["model"]?.string)
    }

    /// Reads the answer of `/v1/messages/count_tokens`, which costs nothing.
    package func decodeTokenCountReply(_ body: [UInt8]) throws(ReplyDefect) -> Int64 {
        let reply = try replyObject(body)
        guard let count = reply["input_tokens"]?.integer,
            (0...TokenUsage.largestCount).contains(count), !reply.hasDuplicates
        else { throw ReplyDefect("the reply has no token count") }
        return count
    }
}

private func toolCall(_ block: JSON) -> ToolCall? {
    guard let name = block["name"]?.string else { return nil }
    return ToolCall(
        id: block["id"]?.string, name: name, arguments: block["input"] ?? .object(JSONObject()))
}

private func finish(_ word: String?) -> FinishReason {
    switch word {
    case "end_turn", "stop_sequence": .stop
    case "max_tokens", "model_context_window_exceeded": .length
    case "tool_use": .toolCalls
    case "refusal": .contentFilter
    case "pause_turn", "compaction": .pause
    default: .other
    }
}
