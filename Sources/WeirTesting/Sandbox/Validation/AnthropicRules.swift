/// What `/v1/messages` and `/v1/messages/count_tokens` accept.
enum AnthropicRules {
    private static let voice = SandboxVoice(provider: .anthropic)

    static func check(
        _ body: SandboxJSON, isCount: Bool
    ) throws(SandboxFailure) {
        try (isCount ? countFields : fields).check(body, in: voice)
        for (index, message) in (body["messages"]?.array ?? []).enumerated() {
            try AnthropicMessageRules.check(message, "messages[\(index)]", voice)
        }
        try AnthropicMessageRules.checkToolPairs(body["messages"]?.array ?? [], voice)
        for (index, block) in (body["system"]?.array ?? []).enumerated() {
            guard block["type"]?.string == "text", let text = block["text"]?.string else {
                throw voice.value("system[\(index)].type", "Input should be 'text'")
            }
            guard !text.isEmpty else { throw emptyText("system") }
        }
        for (index, stop) in (body["stop_sequences"]?.array ?? []).enumerated() {
            guard let text = stop.string else {
                throw voice.wrongType("stop_sequences[\(index)]", "a string", stop)
            }
            guard text.utf8.contains(where: { $0 > 0x20 }) else {
                throw voice.value("stop_sequences", "each one must contain non-whitespace")
            }
        }
        for (index, tool) in (body["tools"]?.array ?? []).enumerated() {
            try checkTool(tool, "tools[\(index)]")
        }
        try checkToolChoice(body)
        try checkSampling(body)
    }

    static func emptyText(_ path: String) -> SandboxFailure {
        voice.value(path, "text content blocks must be non-empty")
    }

    private static func checkTool(_ tool: SandboxJSON, _ path: String) throws(SandboxFailure) {
        guard tool.members != nil else { throw voice.wrongType(path, "an object", tool) }
        let type = tool["type"]?.string ?? "custom"
        if type == "mcp_toolset" { return }
        guard let name = tool["name"]?.string else { throw voice.missing("\(path).name") }
        guard SandboxFields.isToolName(name, limit: 128) else {
            throw voice.value(
                "\(path).name", "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'")
        }
        guard type == "custom" else { return }
        try toolFields.check(tool, at: path, in: voice)
        guard tool["input_schema"]?["type"]?.string == "object" else {
            throw voice.value("\(path).custom.input_schema.type", "Input should be 'object'")
        }
    }

    private static func checkToolChoice(_ body: SandboxJSON) throws(SandboxFailure) {
        guard let choice = body["tool_choice"] else { return }
        let kinds = ["auto", "any", "tool", "none"]
        guard let type = choice["type"]?.string, kinds.contains(type) else {
            throw voice.value("tool_choice", "Input tag should be one of \(kinds)")
        }
        if type == "tool", choice["name"]?.string == nil {
            throw voice.missing("tool_choice.tool.name")
        }
        if body["tools"]?.array?.isEmpty ?? true, type != "none" {
            throw voice.value("tool_choice", "may only be specified while providing tools")
        }
    }

    /// Sampling values and a thinking budget exclude each other.
    private static func checkSampling(_ body: SandboxJSON) throws(SandboxFailure) {
        if let model = body["model"]?.string, body["temperature"] != nil, body["top_p"] != nil,
            ["-4-1", "-4-5", "-4-6"].contains(where: { model.contains($0) })
        {
            throw SandboxFailure(
                status: 400,
                "`temperature` and `top_p` cannot both be specified for this model. "
                    + "Please use only one.")
        }
        guard let thinking = body["thinking"] else { return }
        guard let type = thinking["type"]?.string,
            ["enabled", "disabled", "adaptive"].contains(type)
        else { throw voice.value("thinking.type", "Input tag is unknown") }
        guard type == "enabled" else { return }
        guard let budget = thinking["budget_tokens"]?.integer else {
            throw voice.missing("thinking.enabled.budget_tokens")
        }
        guard budget >= 1_024 else {
            throw voice.value(
                "thinking.enabled.budget_tokens",
                "Input should be greater than or equal to 1024")
        }
        if let cap = body["max_tokens"]?.integer, cap <= budget {
            throw SandboxFailure(
                status: 400, "`max_tokens` must be greater than `thinking.budget_tokens`.")
        }
        if let temperature = body["temperature"]?.double, temperature != 1 {
            throw SandboxFailure(
                status: 400, "`temperature` may only be set to 1 when thinking is enabled.")
        }
    }

    private static let toolFields = SandboxFields(
        known: [
            "type": .text, "name": .text, "description": .text, "input_schema": .object,
            "cache_control": .object, "strict": .boolean, "defer_loading": .boolean,
            "allowed_callers": .list, "input_examples": .list, "eager_input_streaming": .boolean,
        ], required: ["name", "input_schema"])

    private static let countFields = SandboxFields(
        known: [
            "model": .text, "messages": .array(nonEmpty: true), "system": .texts,
            "tools": .list, "tool_choice": .object, "thinking": .object, "mcp_servers": .list,
            "output_config": .object, "output_format": .object, "context_management": .object,
            "cache_control": .object, "speed": .text,
        ], required: ["model", "messages"], allowsNull: false)

    private static let fields = SandboxFields(
        known: countFields.known.merging([
            "max_tokens": .whole(from: 1), "stream": .boolean, "temperature": .number(0...1),
            "top_p": .number(0...1), "top_k": .whole(from: 0), "stop_sequences": .list,
            "metadata": .object, "service_tier": .text, "container": .either(.text, .object),
            "inference_geo": .text,
        ]) { first, _ in first },
        required: ["model", "max_tokens", "messages"], allowsNull: false)
}
