import WeirCore

/// A client's request to the Responses API while it is read: `input` and the tools add to it item
/// by item.
struct ResponsesRequest {
    let object: ClientObject
    var system: [String] = []
    var messages: [ChatMessage] = []
    var tools: [ChatTool] = []
    /// The proof that the next call's provider wants back with it.
    var callSignature: ThoughtSignature?
    var tally = ChatTally()

    init(_ body: JSONObject) { object = ClientObject(body) }

    mutating func read(
        model: ModelName?, isStream: Bool?
    ) throws(WeirError) -> ClientRequest {
        try refuse()
        let name = if let model { model } else { try object.model() }
        var chat = ChatRequest(model: name, messages: [], maxTokens: 0)
        let maxTokens = try object.integer("max_output_tokens", in: 1...TokenUsage.largestCount)
        chat.maxTokens = maxTokens ?? 0
        chat.temperature = try object.decimal("temperature", in: 0...2)
        chat.topP = try object.decimal("top_p", in: 0...1)
        chat.parallelToolCalls = try object.bool("parallel_tool_calls")
        chat.format = try readFormat()
        chat.reasoning = try readReasoning()
        if let instructions = try object.text("instructions") { system.append(instructions) }
        try readInput()
        for tool in try object.objects("tools") ?? [] { try read(tool: tool) }
        chat.toolChoice = try readToolChoice()
        try readHints()
        chat.system = system.isEmpty ? nil : system.joined(separator: "\n\n")
        chat.messages = messages
        chat.tools = tools
        if messages.isEmpty { tally.uncarried.append("input") }
        let wantsStream = try object.bool("stream")
        return ClientRequest(
            chat: chat, maxTokens: maxTokens,
            stream: isStream ?? wantsStream ?? false ? StreamOptions() : nil,
            input: tally.bound(object.members),
            uncarried: tally.uncarried, body: object.members)
    }

    /// Fields that are read here, or that have no bearing on the answer.
    private static let known: Set<String> = [
        "model", "input", "instructions", "stream", "stream_options", "max_output_tokens",
        "temperature", "top_p", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning",
        "store", "metadata", "user", "safety_identifier", "prompt_cache_key",
        "prompt_cache_options", "prompt_cache_retention", "service_tier", "background", "include",
        "max_tool_calls", "truncation", "top_logprobs",
    ]

    /// What only OpenAI can be told.
    private mutating func readHints() throws(WeirError) {
        _ = try object.bool("store")
        tally.uncarried += object.others(than: ResponsesRequest.known)
        if try object.text("truncation") == "auto" { tally.uncarried.append("truncation") }
        if try object.integer("top_logprobs", in: 0...20) ?? 0 > 0 {
            tally.uncarried.append("top_logprobs")
        }
        for entry in try object.array("include") ?? [] {
            guard let entry = entry.string else {
                throw object.error("include", "must be an array of strings")
            }
            // Sealed thoughts are always told; the rest belongs to tools that aren't there.
            if entry == "message.output_text.logprobs" { tally.uncarried.append("include") }
        }
    }
}
