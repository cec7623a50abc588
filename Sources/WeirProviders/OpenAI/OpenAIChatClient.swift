package import WeirCore

/// Clients that speak OpenAI's chat completions.
package struct OpenAIChatClient: ClientDialect {
    package init() {}

    package var wire: Wire { .chatCompletions }

    package func decode(
        _ body: JSONObject, model: ModelName?, isStream: Bool?
    ) throws(WeirError) -> ClientRequest {
        let request = ClientObject(body)
        try refuseUnpriced(request)
        var tally = ChatTally()
        let named = if let model { model } else { try request.model() }
        let streams = try request.bool("stream") ?? false
        let options = try request.object("stream_options")
        let includesUsage = try options?.bool("include_usage") ?? false
        let choices = try request.integer("n", in: 1...128) ?? 1
        if choices > 1 { tally.uncarried.append("n") }
        let maxTokens = try cap(request)

        var reader = ChatMessageReader(tally)
        let list = try request.required("messages", request.objects("messages"))
        for message in list { try reader.read(message) }
        tally = reader.tally

        var chat = ChatRequest(
            model: named, system: reader.system, messages: reader.messages,
            maxTokens: maxTokens ?? 0)
        try readTools(request, into: &chat, &tally)
        try readSampling(request, into: &chat)
        try readReasoning(request, into: &chat, &tally)
        try readFormat(request, into: &chat, &tally)
        tally.uncarried += unknownFields(request)
        return ClientRequest(
            chat: chat, maxTokens: maxTokens,
            stream: isStream ?? streams ? StreamOptions(includesUsage: includesUsage) : nil,
            input: tally.bound(body), choices: choices, uncarried: tally.uncarried, body: body)
    }

    /// The newer name counts where both are given; a pass-through replaces both.
    private func cap(_ request: ClientObject) throws(WeirError) -> Int64? {
        let newer = try request.integer("max_completion_tokens", in: 1...TokenUsage.largestCount)
        let older = try request.integer("max_tokens", in: 1...TokenUsage.largestCount)
        return newer ?? older
    }

    private func readSampling(
        _ request: ClientObject, into chat: inout ChatRequest
    ) throws(WeirError) {
        chat.temperature = try request.decimal("temperature", in: 0...2)
        chat.topP = try request.decimal("top_p", in: 0...1)
        chat.topK = try request.decimal("top_k", in: -1...1_000_000)
        chat.frequencyPenalty = try request.decimal("frequency_penalty", in: -2...2)
        chat.presencePenalty = try request.decimal("presence_penalty", in: -2...2)
        if try request.integer("seed", in: .min ... .max) != nil, let seed = request["seed"] {
            chat.seed = DecimalNumber(
                seed, in: -.greatestFiniteMagnitude ... .greatestFiniteMagnitude)
        }
        if let word = request["stop"]?.string {
            chat.stop = [word]
        } else if let words = try request.array("stop", limit: 64) {
            for (index, word) in words.enumerated() {
                chat.stop.append(try request.string(word, "stop[\(index)]"))
            }
        }
    }

    private func unknownFields(_ request: ClientObject) -> [String] {
        request.others(than: carriedFields.union(hintFields)).filter { name in
            // Asks for nothing.
            name != "logprobs" || request["logprobs"] != false
        }
    }
}

/// Fields whose meaning the canonical request has a place for.
private let carriedFields: Set<String> = [
    "model", "messages", "stream", "n", "max_tokens", "max_completion_tokens", "temperature",
    "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed", "stop", "tools",
    "tool_choice", "parallel_tool_calls", "reasoning_effort", "reasoning", "thinking",
    "response_format", "modalities", "service_tier",
]

/// Fields without a bearing on the answer.
private let hintFields: Set<String> = [
    "user", "user_id", "metadata", "store", "prompt_cache_key", "prompt_cache_retention",
    "prompt_cache_options", "safety_identifier", "stream_options", "cache_control", "usage",
]

extension ClientObject {
    /// An element of a list that has to be a string.
    func string(_ value: JSON, _ name: String) throws(WeirError) -> String {
        guard let text = value.string else {
            throw error(name, "must be a string, not \(value.kind)")
        }
        return text
    }
}
