/// What a message and its content blocks may be.
enum AnthropicMessageRules {
    static func check(
        _ message: SandboxJSON, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        try fields.check(message, at: path, in: voice)
        guard let role = message["role"]?.string, ["user", "assistant", "system"].contains(role)
        else { throw voice.value("\(path).role", "Input should be 'user' or 'assistant'") }
        if let text = message["content"]?.string {
            guard !text.isEmpty || role == "assistant" else {
                throw voice.value(path, "user messages must have non-empty content")
            }
            return
        }
        let blocks = message["content"]?.array ?? []
        guard !blocks.isEmpty || role == "assistant" else {
            throw voice.value(path, "user messages must have non-empty content")
        }
        for (index, block) in blocks.enumerated() {
            try checkBlock(block, "\(path).content[\(index)]", voice)
        }
    }

    /// A tool's result stands in the message right after the call, and every call has one.
    static func checkToolPairs(
        _ messages: [SandboxJSON], _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        var open: Set<String> = []
        for (index, message) in messages.enumerated() {
            let blocks = message["content"]?.array ?? []
            for block in blocks where block["type"]?.string == "tool_result" {
                let id = block["tool_use_id"]?.string ?? ""
                guard open.remove(id) != nil else {
                    throw voice.value(
                        "messages[\(index)].content",
                        "unexpected `tool_use_id` found in `tool_result` blocks: \(id)")
                }
            }
            // A result may follow in the next turn of the same role, or after a system turn.
            guard open.isEmpty || message["role"]?.string != "assistant" else {
                throw unanswered(index, open, voice)
            }
            for block in blocks where block["type"]?.string == "tool_use" {
                open.insert(block["id"]?.string ?? "")
            }
        }
        guard open.isEmpty else { throw unanswered(messages.count, open, voice) }
    }

    private static func unanswered(
        _ index: Int, _ open: Set<String>, _ voice: SandboxVoice
    ) -> SandboxFailure {
        voice.value(
            "messages[\(index)]",
            "`tool_use` ids were found without `tool_result` blocks immediately after: "
                + open.sorted().joined(separator: ", "))
    }

    private static func checkBlock(
        _ block: SandboxJSON, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        guard let type = block["type"]?.string else { throw voice.missing("\(path).type") }
        let required: [String]
        switch type {
        case "text":
            guard let text = block["text"]?.string else { throw voice.missing("\(path).text") }
            guard !text.isEmpty else { throw AnthropicRules.emptyText("messages") }
            required = []
        case "image", "document": required = ["source"]
        case "thinking": required = ["thinking", "signature"]
        case "redacted_thinking": required = ["data"]
        case "tool_use", "server_tool_use", "mcp_tool_use":
            required = ["id", "name", "input"]
            if let input = block["input"], input.members == nil {
                throw voice.wrongType("\(path).input", "a dictionary", input)
            }
        case "tool_result": required = ["tool_use_id"]
        case "container_upload": required = ["file_id"]
        case "search_result": required = ["source", "title", "content"]
        case "tool_addition", "tool_removal", "compaction": required = []
        case _ where type.hasSuffix("_tool_result"): required = ["tool_use_id", "content"]
        default:
            throw voice.value("\(path)", "Input tag '\(type)' found using 'type' is unknown")
        }
        for name in required where block[name] == nil {
            throw voice.missing("\(path).\(type).\(name)")
        }
    }

    private static let fields = SandboxFields(
        known: ["role": .text, "content": .either(.text, .list)],
        required: ["role", "content"], allowsNull: false)
}
