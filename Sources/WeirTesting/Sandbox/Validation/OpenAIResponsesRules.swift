/// What `/responses` accepts.
enum OpenAIResponsesRules {
    static func check(
        _ body: SandboxJSON, _ provider: SandboxProvider
    ) throws(SandboxFailure) {
        let voice = SandboxVoice(provider: provider)
        try fields.check(body, in: voice)
        guard let input = body["input"] else { return }
        if let items = input.array {
            for (index, item) in items.enumerated() {
                try checkItem(item, "input[\(index)]", voice)
            }
        }
        for (index, tool) in (body["tools"]?.array ?? []).enumerated() {
            guard let type = tool["type"]?.string else {
                throw voice.missing("tools[\(index)].type")
            }
            if type == "function" { try checkFunction(tool, "tools[\(index)]", voice) }
        }
        if let model = body["model"]?.string, provider == .openai,
            SandboxFields.isReasoningModel(model), let given = body["temperature"]?.double,
            given != 1
        {
            throw SandboxFailure(
                status: 400,
                "Unsupported parameter: 'temperature' is not supported with this model.",
                parameter: "temperature")
        }
    }

    private static func checkItem(
        _ item: SandboxJSON, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        guard item.members != nil else { throw voice.wrongType(path, "an object", item) }
        let type = item["type"]?.string ?? "message"
        switch type {
        case "message": try checkMessage(item, path, voice)
        case "function_call":
            for name in ["call_id", "name", "arguments"] where item[name]?.string == nil {
                throw voice.missing("\(path).\(name)")
            }
        case "function_call_output":
            guard item["call_id"]?.string != nil else { throw voice.missing("\(path).call_id") }
            guard item["output"]?.string != nil || item["output"]?.array != nil else {
                throw voice.missing("\(path).output")
            }
        default:
            guard otherItems.contains(type) else {
                throw voice.value("\(path).type", "'\(type)' is no supported item type")
            }
        }
    }

    private static func checkMessage(
        _ item: SandboxJSON, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        try messageFields.check(item, at: path, in: voice)
        let roles = ["user", "assistant", "system", "developer"]
        guard let role = item["role"]?.string, roles.contains(role) else {
            throw voice.value("\(path).role", "supported values are \(roles)")
        }
        guard let parts = item["content"]?.array else { return }
        let known =
            role == "assistant"
            ? ["output_text", "refusal"] : ["input_text", "input_image", "input_file"]
        for (index, part) in parts.enumerated() {
            let place = "\(path).content[\(index)]"
            guard let type = part["type"]?.string else { throw voice.missing("\(place).type") }
            guard known.contains(type) else {
                throw voice.value("\(place).type", "'\(type)' is not one of \(known)")
            }
            if type.hasSuffix("_text"), part["text"]?.string == nil {
                throw voice.missing("\(place).text")
            }
        }
    }

    private static func checkFunction(
        _ tool: SandboxJSON, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        guard let name = tool["name"]?.string else { throw voice.missing("\(path).name") }
        guard SandboxFields.isToolName(name, limit: 64) else {
            throw voice.value("\(path).name", "expected '^[a-zA-Z0-9_-]{1,64}$'")
        }
        guard let parameters = tool["parameters"],
            parameters.members != nil || parameters == .null
        else { throw voice.missing("\(path).parameters") }
    }

    private static let otherItems: Set<String> = [
        "reasoning", "item_reference", "compaction", "compaction_trigger", "web_search_call",
        "file_search_call", "code_interpreter_call", "computer_call", "computer_call_output",
        "image_generation_call", "local_shell_call", "local_shell_call_output", "shell_call",
        "shell_call_output", "apply_patch_call", "apply_patch_call_output", "mcp_call",
        "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "custom_tool_call",
        "custom_tool_call_output", "tool_search_call", "tool_search_output", "additional_tools",
    ]

    private static let messageFields = SandboxFields(
        known: [
            "type": .text, "role": .text, "content": .either(.text, .list), "id": .text,
            "status": .text, "phase": .text,
        ], required: ["role", "content"])

    private static let fields = SandboxFields(
        known: [
            "model": .text, "input": .either(.text, .list), "instructions": .text,
            "stream": .boolean, "stream_options": .object, "max_output_tokens": .whole(from: 16),
            "max_tool_calls": .whole(from: 1), "temperature": .number(0...2),
            "top_p": .number(0...1), "top_logprobs": .integer(0...20), "tools": .list,
            "tool_choice": .either(.text, .object), "parallel_tool_calls": .boolean,
            "text": .object, "reasoning": .object, "include": .list, "store": .boolean,
            "metadata": .object, "user": .text, "safety_identifier": .text,
            "prompt_cache_key": .text, "prompt_cache_retention": .text,
            "prompt_cache_options": .object, "service_tier": .text, "truncation": .text,
            "background": .boolean, "previous_response_id": .text,
            "conversation": .either(.text, .object), "prompt": .object,
            "context_management": .list, "moderation": .object, "provider": .object,
        ], required: ["model", "input"])
}
