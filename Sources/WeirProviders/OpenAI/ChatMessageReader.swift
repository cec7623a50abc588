import WeirCore

/// Reads a conversation in OpenAI's form, message by message.
struct ChatMessageReader {
    private(set) var messages: [ChatMessage] = []
    private(set) var tally: ChatTally
    private var systemTexts: [String] = []
    /// The functions' names by the ids of their calls: a tool's answer tells the id only.
    private var names: [String: String] = [:]
    /// Whether the last message was a tool's answer, which the next one belongs to.
    private var isAfterTool = false

    init(_ tally: ChatTally) { self.tally = tally }

    var system: String? { systemTexts.isEmpty ? nil : systemTexts.joined(separator: "\n\n") }

    mutating func read(_ message: ClientObject) throws(WeirError) {
        tally.items += 1
        try message.refusePricedCaching()
        let role = try message.required("role", message.text("role"))
        var known: Set<String> = ["role", "content", "cache_control", "prompt_cache_breakpoint"]
        switch role {
        case "system", "developer":
            let content = try message.required("content", try content(of: message))
            for part in content {
                guard case .text(let text) = part else {
                    throw message.error("content", "must be text in a message of role \(role)")
                }
                systemTexts.append(text)
            }
        case "user":
            let content = try message.required("content", try content(of: message))
            messages.append(ChatMessage(role: .user, parts: content))
        case "assistant":
            known.formUnion(assistantFields)
            messages.append(ChatMessage(role: .assistant, parts: try assistantParts(message)))
        case "tool":
            known.formUnion(["tool_call_id", "name"])
            try readAnswer(message)
        case "function": tally.uncarried.append(message.param("role"))
        default:
            throw message.error(
                "role", "must be system, developer, user, assistant or tool")
        }
        isAfterTool = role == "tool"
        if message["prefix"] == false { known.insert("prefix") }
        tally.uncarried += message.others(than: known)
    }

    /// A string, or a list of parts; nil where there is none.
    private mutating func content(of message: ClientObject) throws(WeirError) -> [ChatPart]? {
        if let text = message["content"]?.string { return [.text(text)] }
        guard message["content"]?.array != nil || message["content"] == nil else {
            throw message.error("content", "must be a string or an array of parts")
        }
        guard let list = try message.objects("content") else { return nil }
        var parts: [ChatPart] = []
        for part in list { parts.append(try tally.read(part)) }
        return parts
    }

    /// Answers to the calls of one turn are one message of the user.
    private mutating func readAnswer(_ message: ClientObject) throws(WeirError) {
        let id = try message.required("tool_call_id", message.text("tool_call_id"))
        let content = try message.required("content", try content(of: message))
        let name = try message.text("name") ?? names[id]
        let part = ChatPart.toolResult(ToolResult(callID: id, name: name, content: content))
        if isAfterTool, let last = messages.indices.last {
            messages[last].parts.append(part)
        } else {
            messages.append(ChatMessage(role: .user, parts: [part]))
        }
    }

    private mutating func assistantParts(
        _ message: ClientObject
    ) throws(WeirError) -> [ChatPart] {
        try message.refuse("audio", "sound has no price")
        var parts = try thoughts(message)
        for part in try content(of: message) ?? [] where part != .text("") { parts.append(part) }
        if let refusal = try message.text("refusal") { parts.append(.text(refusal)) }
        for member in try message.objects("tool_calls") ?? [] {
            let call = try toolCall(member)
            if let id = call.id { names[id] = call.name }
            parts.append(.toolCall(call))
        }
        return parts
    }

    /// Details, where there are any, hold the same text with its proofs.
    private func thoughts(_ message: ClientObject) throws(WeirError) -> [ChatPart] {
        var parts: [ChatPart] = []
        for detail in try message.objects("reasoning_details") ?? [] {
            let summary = try detail.text("summary") ?? ""
            let text = try detail.text("text") ?? summary
            let proof = try detail.text("signature").map(ownProof)
            let sealed = try detail.text("data").map(ownProof)
            guard !text.isEmpty || proof != nil || sealed != nil else { continue }
            parts.append(.thinking(Thinking(text: text, signature: proof, redacted: sealed)))
        }
        guard parts.isEmpty else { return parts }
        for name in ["reasoning_content", "reasoning"] {
            guard let text = try message.text(name), !text.isEmpty else { continue }
            return [.thinking(Thinking(text: text))]
        }
        return []
    }

    private mutating func toolCall(_ call: ClientObject) throws(WeirError) -> ToolCall {
        tally.items += 1
        let id = try call.required("id", call.text("id"))
        if try call.text("type") == "custom" {
            let custom = try call.required("custom", call.object("custom"))
            let name = try custom.required("name", custom.text("name"))
            tally.uncarried.append(call.param("custom"))
            return ToolCall(id: id, name: name, arguments: .string(try custom.text("input") ?? ""))
        }
        let function = try call.required("function", call.object("function"))
        let name = try function.required("name", function.text("name"))
        tally.growth += function["arguments"]?.escapeGrowth ?? 0
        tally.uncarried += call.others(
            than: ["id", "type", "index", "function", "extra_content", "cache_control"])
        let google = try call.object("extra_content")?.object("google")
        return ToolCall(
            id: id, name: name, arguments: functionArguments(function["arguments"]),
            signature: try google?.text("thought_signature").map(ownProof))
    }
}

/// Notes on an earlier answer that a client sends back with it are no content of it.
private let assistantFields: Set<String> = [
    "refusal", "tool_calls", "annotations", "reasoning_content", "reasoning", "reasoning_details",
]

private func ownProof(_ text: String) -> ThoughtSignature {
    ThoughtSignature(text, from: .chatCompletions)
}
