import WeirCore

extension OpenAIDialect {
    /// Reads a `chat.completion`. Of several choices the first counts; usage covers them all.
    func decodeChatReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
        let reply = try replyObject(body)
        let usage = chatUsage(of: reply)
        guard let choice = reply["choices"]?.array?.first?.object else {
            throw ReplyDefect("the reply has no choice", usage: usage)
        }
        guard let message = choice["message"]?.object else {
            throw ReplyDefect("the choice has no message", usage: usage)
        }
        guard let content = ChatContent(message["content"]) else {
            throw ReplyDefect("the content is neither text nor parts", usage: usage)
        }
        guard let toolCalls = toolCalls(message["tool_calls"]) else {
            throw ReplyDefect("a tool call has no name", usage: usage)
        }
        let refusal = message["refusal"]?.string ?? ""
        let word = choice["finish_reason"]?.string
        guard word != nil || !content.text.isEmpty || !toolCalls.isEmpty || !refusal.isEmpty else {
            throw ReplyDefect("the choice is empty", usage: usage)
        }
        let thoughts = openThoughts(message) ?? content.thoughts
        return ChatReply(
            text: content.text.isEmpty ? refusal : content.text,
            thinking: thoughts.isEmpty ? [] : [Thinking(text: thoughts)], toolCalls: toolCalls,
            finish: chatFinish(word, hasCalls: !toolCalls.isEmpty, isRefused: !refusal.isEmpty),
            stopSequence: choice["stop_reason"]?.string, usage: usage,
            model: reply["model"]?.string)
    }
}

/// What `content` holds, in a message or in a delta.
struct ChatContent {
    private(set) var text = ""
    private(set) var thoughts = ""

    /// Text as it is, or the parts of a list: Mistral's reasoning models send `thinking` parts
    /// beside text. Null and missing are empty; nil for anything else.
    init?(_ content: JSON?) {
        switch content {
        case nil, .null: return
        case .string(let text): self.text = text
        case .array(let parts):
            for part in parts {
                guard let part = part.object else { return nil }
                add(part)
            }
        default: return nil
        }
    }

    private mutating func add(_ part: JSONObject) {
        switch part["type"]?.string {
        case "text", "output_text": text += part["text"]?.string ?? ""
        case "refusal": text += part["refusal"]?.string ?? ""
        case "thinking":
            for thought in part["thinking"]?.array ?? [] {
                thoughts += thought["text"]?.string ?? ""
            }
        default: return
        }
    }
}

/// Thoughts beside the content, under the name that DeepSeek gave them or under OpenRouter's; nil
/// where there are none.
func openThoughts(_ message: JSONObject) -> String? {
    for name in ["reasoning_content", "reasoning"] {
        if let text = message[name]?.string, !text.isEmpty { return text }
    }
    return nil
}

/// The proof of a call, where Gemini's door for OpenAI's clients keeps it.
func googleSignature(_ call: JSON) -> String? {
    call["extra_content"]?["google"]?["thought_signature"]?.string
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
    ToolCall(
        id: element["id"]?.string, name: name, arguments: arguments,
        signature: googleSignature(element).map {
            ThoughtSignature(origin: .chatCompletions, value: $0)
        })
}

/// JSON within a string; some servers leave it out for tools without arguments or send it bare.
func functionArguments(_ json: JSON?) -> JSON {
    guard let json, !json.isNull else { return .object(JSONObject()) }
    guard let text = json.string else { return json }
    return toolArguments(text)
}

/// OpenAI's words and those of the servers that imitate it. A forced function call ends with
/// `stop`, and so does a refusal.
func chatFinish(_ word: String?, hasCalls: Bool, isRefused: Bool) -> FinishReason {
    switch word {
    case "stop", "eos", "stop_sequence", "end_turn":
        hasCalls ? .toolCalls : isRefused ? .contentFilter : .stop
    case "length", "max_tokens", "model_length", "model_context_window_exceeded": .length
    case "tool_calls", "function_call": .toolCalls
    case "content_filter", "sensitive": .contentFilter
    default: .other
    }
}
