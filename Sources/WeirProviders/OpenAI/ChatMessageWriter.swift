import WeirCore

/// Writes a conversation in OpenAI's form: a tool's answer is a message of its own.
struct ChatMessageWriter {
    var body: JSONWriter
    let family: OpenAIDialect.Family
    private let isThinking: Bool
    /// The calls of the last turn that have no answer yet. Where a wire tells no ids, answers are
    /// matched by name and order.
    private var open: [(id: String, name: String)] = []
    private var callCount = 0

    init(family: OpenAIDialect.Family, isThinking: Bool, body: JSONWriter) {
        self.family = family
        self.isThinking = isThinking
        self.body = body
    }

    mutating func write(_ request: ChatRequest) throws(WeirError) {
        body.name("messages")
        body.beginArray()
        if let system = request.system, !system.isEmpty {
            body.beginObject()
            body.member("role", "system")
            body.member("content", system)
            body.endObject()
        }
        for message in request.messages {
            switch message.role {
            case .user: try writeUser(message.parts)
            case .assistant: try writeAssistant(message.parts)
            }
        }
        body.endArray()
    }

    /// The answers of tools come first: they have to follow their calls. Pictures among them, which
    /// a tool's message can't hold, go into the user's message behind them.
    private mutating func writeUser(_ parts: [ChatPart]) throws(WeirError) {
        var rest: [ChatPart] = []
        var hasAnswers = false
        for part in parts {
            guard case .toolResult(let result) = part else {
                rest.append(part)
                continue
            }
            hasAnswers = true
            try write(result)
        }
        var pictures: [ChatPart] = []
        for case .toolResult(let result) in parts {
            pictures += result.content.filter { !isProse($0) }
        }
        rest = pictures + rest
        if hasAnswers, rest.isEmpty { return }
        body.beginObject()
        body.member("role", "user")
        body.name("content")
        if rest.allSatisfy(isProse) {
            body.string(ChatMessage(role: .user, parts: rest).text)
        } else {
            body.beginArray()
            for part in rest { try writePart(part) }
            body.endArray()
        }
        body.endObject()
    }

    /// The form has no flag for what went wrong; the text says it.
    private mutating func write(_ result: ToolResult) throws(WeirError) {
        let text = ChatMessage(role: .user, parts: result.content).text
        body.beginObject()
        body.member("role", "tool")
        body.member("tool_call_id", try callID(of: result))
        body.member("content", result.isError ? "Error: \(text)" : text)
        body.endObject()
    }

    private mutating func callID(of result: ToolResult) throws(WeirError) -> String {
        if let id = result.callID {
            open.removeAll { $0.id == id }
            return id
        }
        let place = open.firstIndex { result.name == nil || $0.name == result.name }
        guard let place else {
            throw WeirError(
                .invalidRequest, "messages has a tool's answer without its call",
                param: "messages")
        }
        return open.remove(at: place).id
    }

    private mutating func writeAssistant(_ parts: [ChatPart]) throws(WeirError) {
        var texts: [ChatPart] = []
        var calls: [ToolCall] = []
        var thoughts = ""
        for part in parts {
            switch part {
            case .text: texts.append(part)
            case .toolCall(let call): calls.append(call)
            case .thinking(let thinking): thoughts += isOwn(thinking) ? thinking.text : ""
            case .image, .document, .toolResult:
                throw uncarried("messages", "a part of an assistant's turn other than text")
            }
        }
        // Nothing but thoughts is no message in this form.
        if texts.isEmpty, calls.isEmpty { return }
        body.beginObject()
        body.member("role", "assistant")
        body.name("content")
        if texts.isEmpty {
            body.null()
        } else {
            body.string(ChatMessage(role: .assistant, parts: texts).text)
        }
        // While it thinks, DeepSeek insists on its thoughts with every call, empty ones too, and
        // ignores them elsewhere.
        if family == .deepSeek, isThinking, !calls.isEmpty {
            body.member("reasoning_content", thoughts)
        }
        if !calls.isEmpty { write(calls) }
        body.endObject()
    }

    private mutating func write(_ calls: [ToolCall]) {
        open = []
        body.name("tool_calls")
        body.beginArray()
        for call in calls {
            callCount += 1
            let id = call.id ?? "call_\(callCount)"
            open.append((id, call.name))
            let signature = call.signature.flatMap {
                $0.origin == .chatCompletions ? $0.value : nil
            }
            body.write(call, id: id, signature: signature)
        }
        body.endArray()
    }
}

/// Text, and documents that are nothing else: a message's text has both.
private func isProse(_ part: ChatPart) -> Bool {
    switch part {
    case .text: true
    case .document(let media, _): if case .text = media.source { true } else { false }
    case .image, .toolCall, .toolResult, .thinking: false
    }
}

/// Whether thoughts came without a proof, as they do in this form, or with one of this wire.
private func isOwn(_ thinking: Thinking) -> Bool {
    guard thinking.redacted == nil else { return false }
    return thinking.signature.map { $0.origin == .chatCompletions } ?? true
}

extension JSONWriter {
    /// A call as requests and answers of this form have it.
    ///
    /// - Parameter signature: its proof, in the words for who reads it.
    mutating func write(_ call: ToolCall, id: String, signature: String?) {
        beginObject()
        member("id", id)
        member("type", "function")
        name("function")
        beginObject()
        member("name", call.name)
        member("arguments", argumentsText(call.arguments))
        endObject()
        if let signature { member("extra_content", googleContent(signature)) }
        endObject()
    }
}

/// Arguments as the text that carries them; text that never was JSON goes back as it came.
func argumentsText(_ arguments: JSON) -> String { arguments.string ?? arguments.text }

/// Where Gemini's door for OpenAI's clients keeps the proof of a call.
/// https://ai.google.dev/gemini-api/docs/thought-signatures
func googleContent(_ signature: String) -> JSON {
    ["google": ["thought_signature": .string(signature)]]
}
