/// What `/chat/completions` accepts: OpenAI's fields, and what DeepSeek and compatible servers
/// know beside them.
enum OpenAIChatRules {
    static func check(
        _ body: SandboxJSON, _ provider: SandboxProvider
    ) throws(SandboxFailure) {
        let voice = SandboxVoice(provider: provider)
        try fields(of: provider).check(body, in: voice)
        try checkModelQuirks(body, voice)
        let messages = body["messages"]?.array ?? []
        for (index, message) in messages.enumerated() {
            try OpenAIMessageRules.check(message, "messages[\(index)]", voice)
        }
        if provider != .compatible { try OpenAIMessageRules.checkToolPairs(messages, voice) }
        for (index, tool) in (body["tools"]?.array ?? []).enumerated() {
            try checkTool(tool, "tools[\(index)]", voice)
        }
        if let stop = body["stop"]?.array, stop.count > 4 && provider == .openai {
            throw voice.value("stop", "array too long, expected at most 4 items")
        }
        if let options = body["stream_options"], options != .null, body["stream"]?.bool != true {
            throw voice.value("stream_options", "only allowed when 'stream' is enabled")
        }
        if let format = body["response_format"], format != .null {
            let kinds = ["text", "json_object", "json_schema"]
            guard let type = format["type"]?.string, kinds.contains(type) else {
                throw voice.value("response_format.type", "supported values are \(kinds)")
            }
            if type == "json_schema", format["json_schema"]?["name"]?.string == nil {
                throw voice.missing("response_format.json_schema.name")
            }
        }
    }

    private static func checkTool(
        _ tool: SandboxJSON, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        guard tool.members != nil else { throw voice.wrongType(path, "an object", tool) }
        let type = tool["type"]?.string
        // Compatible servers take tools of their own kinds, and some clients leave the type out.
        if voice.provider == .compatible, type != "function", tool["function"] == nil { return }
        if voice.provider == .openai, type == "custom" { return }
        guard type == "function" || voice.provider == .compatible else {
            throw voice.value("\(path).type", "supported values are 'function'")
        }
        guard let function = tool["function"] else { throw voice.missing("\(path).function") }
        guard let name = function["name"]?.string else {
            throw voice.missing("\(path).function.name")
        }
        try SandboxFields.functions.check(function, at: "\(path).function", in: voice)
        guard SandboxFields.isToolName(name, limit: 64) else {
            throw voice.value(
                "\(path).function.name", "expected a string that matches '^[a-zA-Z0-9_-]{1,64}$'")
        }
    }

    /// Reasoning models take neither `max_tokens` nor a temperature.
    private static func checkModelQuirks(
        _ body: SandboxJSON, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        guard voice.provider == .openai, let model = body["model"]?.string else { return }
        let isGiven: (String) -> Bool = { body[$0] != nil && body[$0] != .null }
        if isGiven("max_tokens") && isGiven("max_completion_tokens") {
            throw voice.value("max_tokens", "only one of max_tokens, max_completion_tokens")
        }
        guard SandboxFields.isReasoningModel(model) else { return }
        if isGiven("max_tokens") {
            throw SandboxFailure(
                status: 400,
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                    + "Use 'max_completion_tokens' instead.",
                parameter: "max_tokens", code: "unsupported_parameter")
        }
        if let temperature = body["temperature"]?.double, temperature != 1 {
            throw SandboxFailure(
                status: 400,
                "Unsupported value: 'temperature' does not support \(temperature) with this "
                    + "model. Only the default (1) value is supported.",
                parameter: "temperature", code: "unsupported_value")
        }
    }

    private static func fields(of provider: SandboxProvider) -> SandboxFields {
        switch provider {
        case .deepseek: deepSeek
        case .compatible: compatible
        default: openAI
        }
    }

    private static let common: [String: SandboxFields.Kind] = [
        "model": .text, "messages": .array(nonEmpty: true), "stream": .boolean,
        "stream_options": .object, "temperature": .number(0...2), "top_p": .number(0...1),
        "max_tokens": .whole(from: 1), "stop": .texts, "tools": .list,
        "tool_choice": .either(.text, .object), "response_format": .object,
        "frequency_penalty": .number(-2...2), "presence_penalty": .number(-2...2),
        "logprobs": .boolean, "top_logprobs": .integer(0...20),
    ]

    private static let openAI = SandboxFields(
        known: common.merging([
            "max_completion_tokens": .whole(from: 1), "n": .integer(1...128), "user": .text,
            "seed": .integer(Int.min...Int.max), "logit_bias": .object, "metadata": .object,
            "store": .boolean, "service_tier": .text, "reasoning_effort": .text,
            "parallel_tool_calls": .boolean, "modalities": .list, "audio": .object,
            "prediction": .object, "web_search_options": .object, "verbosity": .text,
            "safety_identifier": .text, "prompt_cache_key": .text,
            "prompt_cache_retention": .text, "prompt_cache_options": .object,
            "function_call": .either(.text, .object), "functions": .list, "moderation": .object,
        ]) { first, _ in first }, required: ["model", "messages"])

    private static let deepSeek = SandboxFields(
        known: common.merging([
            "thinking": .object, "reasoning_effort": .text, "user_id": .text, "user": .text,
        ]) { first, _ in first }, required: ["model", "messages"])

    private static let compatible = SandboxFields(
        known: openAI.known.merging([
            "thinking": .object, "clear_thinking": .boolean, "reasoning": .object,
            "provider": .object, "usage": .object, "models": .list, "transforms": .list,
            "plugins": .list, "route": .text, "top_k": .whole(from: 0), "min_p": .number(0...1),
            "top_a": .number(0...1), "repetition_penalty": .number(0...2),
            "safe_prompt": .boolean, "random_seed": .integer(Int.min...Int.max),
            "prompt_mode": .text, "reasoning_format": .text, "include_reasoning": .boolean,
            "disable_reasoning": .boolean, "do_sample": .boolean, "request_id": .text,
            "user_id": .text, "guided_json": .any, "chat_template_kwargs": .object,
        ]) { first, _ in first }, required: ["model", "messages"])
}

extension SandboxFields {
    static let functions = SandboxFields(
        known: [
            "name": .text, "description": .text, "parameters": .object, "strict": .boolean,
        ], required: ["name"])

    static func isToolName(_ name: String, limit: Int) -> Bool {
        1...limit ~= name.utf8.count
            && name.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
                    || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
    }

    /// o1, o3, o4 and the first GPT-5 family.
    static func isReasoningModel(_ model: String) -> Bool {
        let families = ["o1", "o3", "o4", "gpt-5"]
        return families.contains { model == $0 || model.hasPrefix($0 + "-") }
            && !model.hasPrefix("gpt-5-chat")
    }
}
