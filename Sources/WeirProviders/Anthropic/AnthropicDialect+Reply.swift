package import WeirCore

extension AnthropicDialect {
    /// Reads a whole message. An empty content with a stop reason is an answer: the model had
    /// nothing to add.
    package func decodeReply(_ body: [UInt8], wire: Wire) throws(ReplyDefect) -> ChatReply {
        let reply = try replyObject(body)
        let usage = usage(of: reply)
        guard let blocks = reply["content"]?.array else {
            throw ReplyDefect("the reply has no content", usage: usage)
        }
        var answer = ChatReply(
            text: "", finish: .other, usage: usage, model: reply["model"]?.string)
        for block in blocks { try read(block, into: &answer) }
        let word = reply["stop_reason"]?.string
        guard word != nil || !answer.text.isEmpty || !answer.toolCalls.isEmpty else {
            throw ReplyDefect("the content is empty", usage: usage)
        }
        answer.finish = FinishReason(anthropic: word)
        answer.stopSequence = reply["stop_sequence"]?.string
        return answer
    }

    private func read(_ block: JSON, into answer: inout ChatReply) throws(ReplyDefect) {
        switch block["type"]?.string {
        case "text":
            guard let part = block["text"]?.string else {
                throw ReplyDefect("a text block has no text", usage: answer.usage)
            }
            answer.text += part
        case "tool_use":
            guard let name = block["name"]?.string else {
                throw ReplyDefect("a tool call has no name", usage: answer.usage)
            }
            let input = block["input"] ?? .object(JSONObject())
            answer.toolCalls.append(
                ToolCall(id: block["id"]?.string, name: name, arguments: input))
        case "thinking":
            let proof = block["signature"]?.string ?? ""
            answer.thinking.append(
                Thinking(
                    text: block["thinking"]?.string ?? "",
                    signature: proof.isEmpty
                        ? nil : ThoughtSignature(origin: .messages, value: proof)))
        case "redacted_thinking":
            guard let data = block["data"]?.string else { return }
            answer.thinking.append(
                Thinking(text: "", redacted: ThoughtSignature(origin: .messages, value: data)))
        case nil: throw ReplyDefect("a block has no type", usage: answer.usage)
        // What tools answered that the provider runs itself is no part of the answer.
        default: return
        }
    }
}

extension FinishReason {
    /// Anthropic's `stop_reason`.
    init(anthropic word: String?) {
        switch word {
        case "end_turn", "stop_sequence": self = .stop
        case "max_tokens", "model_context_window_exceeded": self = .length
        case "tool_use": self = .toolCalls
        case "refusal": self = .contentFilter
        case "pause_turn", "compaction": self = .pause
        default: self = .other
        }
    }

    /// As Anthropic's clients know it. A turn with calls in it ends in `tool_use`, whatever the
    /// provider's own word is: loops over tools go by that.
    func anthropicWord(stopSequence: String?, hasCalls: Bool) -> String {
        switch self {
        case .stop, .other:
            hasCalls ? "tool_use" : stopSequence == nil ? "end_turn" : "stop_sequence"
        case .length: "max_tokens"
        case .toolCalls: "tool_use"
        case .contentFilter: "refusal"
        case .pause: "pause_turn"
        }
    }
}
