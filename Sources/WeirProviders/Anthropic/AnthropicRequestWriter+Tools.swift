import WeirCore

extension AnthropicRequestWriter {
    mutating func write(tools: [ChatTool]) {
        guard !tools.isEmpty else { return }
        body.name("tools")
        body.beginArray()
        for tool in tools {
            body.beginObject()
            body.member("name", tool.name)
            if let description = tool.description { body.member("description", description) }
            body.member("input_schema", inputSchema(tool.parameters))
            // Models before 4.5 know no such member; not being strict is what they do anyway.
            if tool.isStrict == true { body.member("strict", true) }
            body.endObject()
        }
        body.endArray()
    }

    /// Without tools there is nothing to choose, and the provider refuses a choice.
    mutating func write(choice request: ChatRequest) {
        guard !request.tools.isEmpty else { return }
        let isSingle = request.parallelToolCalls == false
        var choice = JSONObject()
        switch request.toolChoice {
        case nil where !isSingle: return
        case nil, .automatic: choice.append("type", "auto")
        case .none?: choice.append("type", "none")
        case .required: choice.append("type", "any")
        case .named(let name):
            choice.append("type", "tool")
            choice.append("name", .string(name))
        }
        if isSingle, request.toolChoice != ToolChoice.none {
            choice.append("disable_parallel_tool_use", true)
        }
        body.member("tool_choice", .object(choice))
    }

    /// The schema of an object: other wires may leave it out, or its type.
    private func inputSchema(_ parameters: JSON?) -> JSON {
        guard var schema = parameters?.object else {
            return ["type": "object", "properties": [:]]
        }
        if schema["type"] == nil { schema.set("type", "object") }
        return .object(schema)
    }
}

extension JSON {
    /// A call's arguments as Anthropic has them, who knows objects only: text that a model failed
    /// to write as JSON stands under a name of its own.
    var asToolInput: JSON {
        switch self {
        case .object: self
        case .null: [:]
        default: ["arguments": self]
        }
    }
}

/// The ids of calls, which Anthropic wants on every call and result: letters, digits, `_` and `-`.
struct AnthropicCallIDs {
    /// Calls that came without an id and wait for their result.
    private var unanswered: [(name: String, id: String)] = []
    private var count = 0

    mutating func id(of call: ToolCall) -> String {
        if let id = call.id { return AnthropicCallIDs.allowed(id) }
        let id = "toolu_\(count)"
        count += 1
        unanswered.append((call.name, id))
        return id
    }

    /// A result without an id answers the oldest such call, of its name where it has one.
    mutating func id(of result: ToolResult) -> String {
        if let id = result.callID { return AnthropicCallIDs.allowed(id) }
        let place = unanswered.firstIndex { result.name == nil || $0.name == result.name }
        guard let place else { return "toolu_unknown" }
        return unanswered.remove(at: place).id
    }

    private static func allowed(_ id: String) -> String {
        if id.utf8.allSatisfy(isNameByte), !id.isEmpty { return id }
        return String(
            decoding: id.utf8.map { isNameByte($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    }
}

/// Turns as Anthropic takes them.
enum AnthropicTurns {
    /// Without empty texts, which it refuses, and without thoughts that it didn't prove itself.
    /// Neighbours of one role become one turn, but for plain texts: results of tools have to stand
    /// together, before anything else that the user says.
    static func merged(_ messages: [ChatMessage]) -> [ChatMessage] {
        var turns: [ChatMessage] = []
        for message in messages {
            let parts = message.parts.filter(isSendable)
            guard !parts.isEmpty else { continue }
            if let last = turns.last, last.role == message.role,
                !(isPlain(last.parts) && isPlain(parts))
            {
                turns[turns.count - 1].parts += parts
            } else {
                turns.append(ChatMessage(role: message.role, parts: parts))
            }
        }
        for index in turns.indices where turns[index].parts.contains(where: isResult) {
            let parts = turns[index].parts
            turns[index].parts = parts.filter(isResult) + parts.filter { !isResult($0) }
        }
        return turns
    }

    private static func isSendable(_ part: ChatPart) -> Bool {
        switch part {
        case .text(let text): !text.isEmpty
        case .thinking: part.isAnthropicThought
        case .image, .document, .toolCall, .toolResult: true
        }
    }

    private static func isPlain(_ parts: [ChatPart]) -> Bool {
        parts.allSatisfy { if case .text = $0 { true } else { false } }
    }

    private static func isResult(_ part: ChatPart) -> Bool {
        if case .toolResult = part { true } else { false }
    }
}
