/// What a chat message may be.
enum OpenAIMessageRules {
    static func check(
        _ message: SandboxJSON, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        guard message.members != nil else { throw voice.wrongType(path, "an object", message) }
        guard let role = message["role"]?.string else { throw voice.missing("\(path).role") }
        let roles =
            voice.provider == .deepseek
            ? ["system", "user", "assistant", "tool"]
            : ["system", "developer", "user", "assistant", "tool", "function"]
        guard roles.contains(role) else {
            throw voice.value("\(path).role", "'\(role)' is not one of \(roles)")
        }
        if voice.provider != .compatible {
            try fields(of: voice).check(message, at: path, in: voice)
        }
        try checkContent(message, role, path, voice)
        let calls = message["tool_calls"]
        if let calls, calls != .null {
            guard role == "assistant", let calls = calls.array, !calls.isEmpty else {
                throw voice.value("\(path).tool_calls", "a non-empty array, of assistants only")
            }
            for (index, call) in calls.enumerated() {
                try checkCall(call, "\(path).tool_calls[\(index)]", voice)
            }
        }
        if role == "tool", message["tool_call_id"]?.string == nil {
            throw voice.missing("\(path).tool_call_id")
        }
    }

    /// Every tool call is answered by the messages right behind it, and nothing else is.
    static func checkToolPairs(
        _ messages: [SandboxJSON], _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        var open: Set<String> = []
        for (index, message) in messages.enumerated() {
            if message["role"]?.string == "tool" {
                let id = message["tool_call_id"]?.string ?? ""
                guard open.remove(id) != nil else {
                    throw voice.value(
                        "messages[\(index)].role",
                        "messages with role 'tool' must be a response to a preceding message "
                            + "with 'tool_calls'")
                }
                continue
            }
            guard open.isEmpty else { throw unanswered(index, open, voice) }
            for call in message["tool_calls"]?.array ?? [] {
                open.insert(call["id"]?.string ?? "")
            }
        }
        guard open.isEmpty else { throw unanswered(messages.count, open, voice) }
    }

    private static func unanswered(
        _ index: Int, _ open: Set<String>, _ voice: SandboxVoice
    ) -> SandboxFailure {
        voice.value(
            "messages[\(index)]",
            "an assistant message with 'tool_calls' must be followed by tool messages responding "
                + "to each 'tool_call_id': \(open.sorted().joined(separator: ", "))")
    }

    private static func checkContent(
        _ message: SandboxJSON, _ role: String, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        let content = message["content"] ?? .null
        switch content {
        case .string: return
        case .null:
            let isOptional = role == "assistant"
            guard isOptional, message["tool_calls"] != nil || message["content"] != nil else {
                throw voice.wrongType("\(path).content", "a string", content)
            }
        case .array(let parts):
            guard !parts.isEmpty || voice.provider == .compatible else {
                throw voice.empty("\(path).content")
            }
            for (index, part) in parts.enumerated() {
                try checkPart(part, role, "\(path).content[\(index)]", voice)
            }
        default:
            throw voice.wrongType("\(path).content", "a string or an array", content)
        }
    }

    private static func checkPart(
        _ part: SandboxJSON, _ role: String, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        guard let type = part["type"]?.string else { throw voice.missing("\(path).type") }
        var known = ["text"]
        if role == "user" { known += ["image_url", "input_audio", "file"] }
        if role == "assistant" { known += ["refusal"] }
        let isKnown = known.contains(type) || voice.provider == .compatible
        guard isKnown, voice.provider != .deepseek || type == "text" else {
            throw voice.value("\(path).type", "'\(type)' is not one of \(known)")
        }
        if type == "text", part["text"]?.string == nil { throw voice.missing("\(path).text") }
        if type == "image_url", part["image_url"]?["url"]?.string == nil,
            voice.provider != .compatible
        {
            throw voice.missing("\(path).image_url.url")
        }
    }

    private static func checkCall(
        _ call: SandboxJSON, _ path: String, _ voice: SandboxVoice
    ) throws(SandboxFailure) {
        guard call["id"]?.string != nil else { throw voice.missing("\(path).id") }
        guard let type = call["type"]?.string else { throw voice.missing("\(path).type") }
        guard type == "function" else { return }
        guard call["function"]?["name"]?.string != nil else {
            throw voice.missing("\(path).function.name")
        }
        guard call["function"]?["arguments"]?.string != nil else {
            throw voice.missing("\(path).function.arguments")
        }
    }

    private static func fields(of voice: SandboxVoice) -> SandboxFields {
        voice.provider == .deepseek ? deepSeek : openAI
    }

    private static let openAI = SandboxFields(
        known: [
            "role": .text, "content": .any, "name": .text, "tool_calls": .list,
            "tool_call_id": .text, "refusal": .text, "audio": .object, "function_call": .object,
            "annotations": .list,
        ], required: ["role"])

    private static let deepSeek = SandboxFields(
        known: [
            "role": .text, "content": .any, "name": .text, "tool_calls": .list,
            "tool_call_id": .text, "reasoning_content": .text, "prefix": .boolean,
        ], required: ["role"])
}
