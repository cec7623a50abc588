import WeirCore

/// Writes a request for chat completions in the words of one family of servers.
struct ChatRequestWriter {
    private(set) var body = JSONWriter(capacity: 1024)
    private let family: OpenAIDialect.Family
    private let outputCap: OpenAIDialect.OutputCap

    init(family: OpenAIDialect.Family, outputCap: OpenAIDialect.OutputCap) {
        self.family = family
        self.outputCap = outputCap
    }

    mutating func write(_ request: ChatRequest, isStream: Bool) throws(WeirError) {
        body.beginObject()
        body.member("model", request.model.description)
        var messages = ChatMessageWriter(
            family: family, isThinking: effortWord(request.reasoning) != "none", body: body)
        try messages.write(request)
        body = messages.body
        body.member(outputCap.rawValue, request.maxTokens)
        try writeSampling(request)
        writeTools(request)
        try writeFormat(request.format)
        writeReasoning(request.reasoning)
        if isStream {
            body.member("stream", true)
            body.member("stream_options", ["include_usage": true])
        }
        body.endObject()
    }

    private mutating func writeSampling(_ request: ChatRequest) throws(WeirError) {
        if let temperature = request.temperature { body.member("temperature", temperature) }
        if let topP = request.topP { body.member("top_p", topP) }
        if let topK = request.topK {
            guard family == .compatible else { throw uncarried("top_k") }
            body.member("top_k", topK)
        }
        body.member("stop", unlessEmpty: request.stop)
        if let penalty = request.frequencyPenalty { body.member("frequency_penalty", penalty) }
        if let penalty = request.presencePenalty { body.member("presence_penalty", penalty) }
        if let seed = request.seed { body.member("seed", seed) }
    }

    private mutating func writeTools(_ request: ChatRequest) {
        guard !request.tools.isEmpty else { return }
        body.name("tools")
        body.beginArray()
        for tool in request.tools { write(tool) }
        body.endArray()
        switch request.toolChoice {
        case nil: break
        case .automatic: body.member("tool_choice", "auto")
        case .some(.none): body.member("tool_choice", "none")
        case .required: body.member("tool_choice", "required")
        case .named(let name):
            body.member(
                "tool_choice", ["type": "function", "function": ["name": .string(name)]])
        }
        if let isParallel = request.parallelToolCalls {
            body.member("parallel_tool_calls", .bool(isParallel))
        }
    }

    private mutating func write(_ tool: ChatTool) {
        body.beginObject()
        body.member("type", "function")
        body.name("function")
        body.beginObject()
        body.member("name", tool.name)
        if let description = tool.description { body.member("description", description) }
        if let parameters = tool.parameters { body.member("parameters", parameters) }
        if let isStrict = tool.isStrict { body.member("strict", .bool(isStrict)) }
        body.endObject()
        body.endObject()
    }

    /// DeepSeek knows the form without a schema only.
    private mutating func writeFormat(_ format: OutputFormat?) throws(WeirError) {
        switch format {
        case nil: return
        case .json: body.member("response_format", ["type": "json_object"])
        case .schema(let name, let schema, let isStrict):
            guard family != .deepSeek else { throw uncarried("response_format") }
            body.name("response_format")
            body.beginObject()
            body.member("type", "json_schema")
            body.name("json_schema")
            body.beginObject()
            body.member("name", name ?? "answer")
            body.member("schema", schema)
            if let isStrict { body.member("strict", .bool(isStrict)) }
            body.endObject()
            body.endObject()
        }
    }

    /// DeepSeek thinks unless told otherwise, and has a switch of its own for that.
    /// https://api-docs.deepseek.com/guides/thinking_mode
    private mutating func writeReasoning(_ reasoning: ReasoningEffort?) {
        guard let reasoning else { return }
        let effort = effortWord(reasoning)
        if family == .deepSeek {
            let word: JSON = effort == "none" ? "disabled" : "enabled"
            body.member("thinking", ["type": word])
            if effort == "none" { return }
        }
        if let effort { body.member("reasoning_effort", effort) }
    }
}

/// The word for an effort; nil leaves it to the model. What a number of tokens amounts to is taken
/// from Gemini's door for OpenAI's clients, the only vendor that says it.
/// https://ai.google.dev/gemini-api/docs/openai
private func effortWord(_ reasoning: ReasoningEffort?) -> String? {
    switch reasoning {
    case nil, .adaptive: nil
    case .word(let word): word
    case .tokens(let tokens):
        switch tokens {
        case ...0: "none"
        case ...1_024: "low"
        case ...8_192: "medium"
        default: "high"
        }
    }
}

/// The refusal of what this form has no place for: a field, or something in it.
func uncarried(_ name: String, _ thing: String? = nil) -> WeirError {
    let subject = thing.map { "\($0) in \(name)" } ?? name
    return WeirError(
        .invalidRequest, "\(subject) can't be carried to the provider of this model", param: name)
}
