import WeirCore

/// Writes a canonical request in Anthropic's form.
struct AnthropicRequestWriter {
    var body = JSONWriter(capacity: 1024)
    private var ids = AnthropicCallIDs()

    /// What is read: the members that a request for an answer and one for a count share.
    mutating func write(conversation request: ChatRequest) throws(WeirError) {
        if let system = request.system, !system.isEmpty { body.member("system", system) }
        let turns = AnthropicTurns.merged(request.messages)
        guard !turns.isEmpty else {
            throw uncarried("messages", "its provider needs one that isn't empty")
        }
        body.name("messages")
        body.beginArray()
        for message in turns {
            body.beginObject()
            body.member("role", message.role.rawValue)
            body.name("content")
            if message.parts.count == 1, case .text(let text) = message.parts[0] {
                body.string(text)
            } else {
                try write(content: message.parts)
            }
            body.endObject()
        }
        body.endArray()
        write(tools: request.tools)
        write(choice: request)
    }

    mutating func write(_ thinking: AnthropicThinking) {
        switch thinking.mode {
        case .unsaid: return
        case .disabled: body.member("thinking", ["type": "disabled"])
        case .adaptive: body.member("thinking", ["type": "adaptive"])
        case .budget(let tokens):
            body.member("thinking", ["type": "enabled", "budget_tokens": JSON(tokens)])
        }
    }

    /// The schema's name is a label; the provider always holds the model to the schema.
    mutating func write(effort: String?, format: OutputFormat?) throws(WeirError) {
        guard effort != nil || format != nil else { return }
        body.name("output_config")
        body.beginObject()
        if let effort { body.member("effort", effort) }
        switch format {
        case nil: break
        case .json:
            throw uncarried(
                "response_format", "its provider takes JSON with a schema only, not any JSON")
        case .schema(_, let schema, _):
            body.member("format", ["type": "json_schema", "schema": schema])
        }
        body.endObject()
    }

    private mutating func write(content parts: [ChatPart]) throws(WeirError) {
        body.beginArray()
        for part in parts { try write(part) }
        body.endArray()
    }

    private mutating func write(_ part: ChatPart) throws(WeirError) {
        switch part {
        case .text(let text):
            begin("text")
            body.member("text", text)
        case .image(let media):
            begin("image")
            try write(source: media)
        case .document(let media, let name):
            begin("document")
            try write(source: media)
            if let name { body.member("title", name) }
        case .toolCall(let call):
            begin("tool_use")
            body.member("id", ids.id(of: call))
            body.member("name", call.name)
            body.member("input", call.arguments.asToolInput)
        case .toolResult(let result):
            begin("tool_result")
            try write(result)
        case .thinking(let thinking):
            if let redacted = thinking.redacted {
                begin("redacted_thinking")
                body.member("data", redacted.value)
            } else {
                begin("thinking")
                body.member("thinking", thinking.text)
                body.member("signature", thinking.signature?.value ?? "")
            }
        }
        body.endObject()
    }

    private mutating func begin(_ type: String) {
        body.beginObject()
        body.member("type", type)
    }

    private mutating func write(_ result: ToolResult) throws(WeirError) {
        body.member("tool_use_id", ids.id(of: result))
        let parts = result.content.filter { $0 != .text("") }
        if parts.count == 1, case .text(let text) = parts[0] {
            body.member("content", text)
        } else if !parts.isEmpty {
            body.name("content")
            try write(content: parts)
        }
        if result.isError { body.member("is_error", true) }
    }

    private mutating func write(source media: ChatMedia) throws(WeirError) {
        switch media.source {
        case .base64(let data):
            guard let type = media.mediaType else {
                throw uncarried("media_type", "its provider takes no data of an unnamed kind")
            }
            body.member(
                "source", ["type": "base64", "media_type": .string(type), "data": .string(data)])
        case .url(let address):
            body.member("source", ["type": "url", "url": .string(address)])
        case .text(let text):
            body.member(
                "source", ["type": "text", "media_type": "text/plain", "data": .string(text)])
        }
    }
}
