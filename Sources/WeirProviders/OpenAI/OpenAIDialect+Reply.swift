package import WeirCore

extension OpenAIDialect {
    /// Reads a `chat.completion`. Of several choices the first counts; usage covers them all.
    package func decodeReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
        let reply = try replyObject(body)
        let usage = chatUsage(of: reply)
        guard let choice = reply["choices"]?.array?.first?.object else {
            throw ReplyDefect("the reply has no choice", usage: usage)
        }
        guard let message = choice["message"]?.object else {
            throw ReplyDefect("the choice has no message", usage: usage)
        }
        guard let text = contentText(message["content"]) else {
            throw ReplyDefect("the content is neither text nor parts", usage: usage)
        }
        guard let toolCalls = toolCalls(message["tool_calls"]) else {
            throw ReplyDefect("a tool call has no name", usage: usage)
        }
        let refusal = message["refusal"]?.string ?? ""
        let word = choice["finish_reason"]?.string
        guard word != nil || !text.isEmpty || !toolCalls.isEmpty || !refusal.isEmpty else {
            throw ReplyDefect("the choice is empty", usage: usage)
        }
        return ChatReply(
            text: text.isEmpty ? refusal : text, toolCalls: toolCalls,
            finish: finish(word, hasCalls: !toolCalls.isEmpty, isRefused: !refusal.isEmpty),
            usage: usage, model: reply["model"]?.string)
    }

    /// Reads an embeddings reply; there is no output to pay for.
    package func decodeEmbeddingsReply(_ body: [UInt8]) throws(ReplyDefect) -> EmbeddingsReply {
        let reply = try replyObject(body)
        let usage = embeddingsUsage(of: reply)
        guard let vectors = reply["data"]?.array, !vectors.isEmpty else {
            throw ReplyDefect("the reply has no embedding", usage: usage)
        }
        return EmbeddingsReply(count: vectors.count, usage: usage, model: reply["model"]?.string)
    }
}

/// Text as it is, or the text parts of a list: Mistral's reasoning models send `thinking` parts
/// beside them. Null and missing are empty, as with tool calls; nil for anything else.
private func contentText(_ content: JSON?) -> String? {
    switch content {
    case nil, .null: return ""
    case .string(let text): return text
    case .array(let parts):
        var text = ""
        for part in parts {
            guard let part = part.object else { return nil }
            switch part["type"]?.string {
            case "text", "output_text": text += part["text"]?.string ?? ""
            case "refusal": text += part["refusal"]?.string ?? ""
            default: continue
            }
        }
        return text
    default: return nil
    }
}

/// Nil where a call can't be read. Other kinds than functions (custom tools) carry plain text.
private func toolCalls(_ json: JSON?) -> [ToolCall]? {
    guard let json, !json.isNull else { return [] }
    guard let list = json.array else { return nil }
    var calls: [ToolCall] = []
    for element in list {
        if let function = element["function"], let name = function["name"]?.string {
            calls.append(call(element, name, functionArguments(function["arguments"])))
        } else if let custom = element["custom"], let name = custom["name"]?.string {
            calls.append(call(element, name, custom["input"] ?? .string("")))
        } else {
            return nil
        }
    }
    return calls
}

private func call(_ element: JSON, _ name: String, _ arguments: JSON) -> ToolCall {
    ToolCall(id: element["id"]?.string, name: name, arguments: arguments)
}

/// JSON within a string; some servers leave it out for tools without arguments or send it bare.
private func functionArguments(_ json: JSON?) -> JSON {
    guard let json, !json.isNull else { return .object(JSONObject()) }
    guard let text = json.string else { return json }
    return toolArguments(text)
}

/// OpenAI's words and those of the servers that imitate it. A forced function call ends with
/// `stop`, and so does a refusal.
private func finish(_ word: String?, hasCalls: Bool, isRefused: Bool) -> FinishReason {
    switch word {
    case "stop", "eos", "stop_sequence", "end_turn":
        hasCalls ? .toolCalls : isRefused ? .contentFilter : .stop
    case "length", "max_tokens", "model_length", "model_context_window_exceeded": .length
    case "tool_calls", "function_call": .toolCalls
    case "content_filter", "sensitive": .contentFilter
    default: .other
    }
}
