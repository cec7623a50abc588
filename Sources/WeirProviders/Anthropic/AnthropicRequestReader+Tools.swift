import WeirCore

extension AnthropicRequestReader {
    mutating func readTools(
        of request: ClientObject, into chat: inout ChatRequest
    ) throws(WeirError) {
        let tools = try request.objects("tools") ?? []
        if !tools.isEmpty { countOverhead() }
        for tool in tools {
            if let tool = try self.tool(tool) { chat.tools.append(tool) }
        }
        guard let choice = try request.object("tool_choice") else { return }
        note(choice, but: ["name", "disable_parallel_tool_use"])
        chat.parallelToolCalls = try choice.bool("disable_parallel_tool_use").map { !$0 }
        switch try choice.required("type", try choice.text("type")) {
        case "auto": chat.toolChoice = .automatic
        case "any": chat.toolChoice = .required
        case "none": chat.toolChoice = ToolChoice.none
        case "tool":
            chat.toolChoice = .named(try choice.required("name", try choice.text("name")))
        default: throw choice.error("type", "must be auto, any, tool or none")
        }
    }

    /// A change of tools in mid-conversation: by name, or with a definition of its own.
    mutating func readToolChange(_ block: ClientObject) throws(WeirError) {
        let tool = try block.required("tool", try block.object("tool"))
        switch try tool.required("type", try tool.text("type")) {
        case "tool_reference": return
        case "tool_definition":
            let definition = try tool.required("definition", try tool.object("definition"))
            countOverhead()
            _ = try self.tool(definition)
        default: throw tool.error("type", "is not supported here: \(AnthropicRefusals.providerRun)")
        }
    }

    /// Nil where it is one of Anthropic's own make, which clients run but other providers don't
    /// know.
    private mutating func tool(_ tool: ClientObject) throws(WeirError) -> ChatTool? {
        countItem()
        countJSON(.object(tool.members))
        let type = try tool.text("type") ?? "custom"
        guard type == "custom" else {
            try readTyped(tool, type)
            return nil
        }
        note(
            tool,
            but: ["name", "description", "input_schema", "strict", "eager_input_streaming"])
        let schema = try tool.required("input_schema", try tool.object("input_schema"))
        return ChatTool(
            name: try tool.required("name", try tool.text("name")),
            description: try tool.text("description"), parameters: .object(schema.members),
            isStrict: try tool.bool("strict"))
    }

    private mutating func readTyped(_ tool: ClientObject, _ type: String) throws(WeirError) {
        switch AnthropicRequestReader.family(type) {
        case "bash", "text_editor", "memory", "computer": countOverhead()
        // A whole set of tools, whose definitions are the provider's own.
        case "computer_toolset", "browser_toolset": countOpen()
        default:
            throw tool.error("type", "is not supported here: \(AnthropicRefusals.providerRun)")
        }
        note([tool.param("type")])
    }

    /// `bash` of `bash_20250124`; nil where no date of eight digits ends it.
    private static func family(_ type: String) -> String? {
        let bytes = Array(type.utf8)
        guard bytes.count > 9, bytes[bytes.count - 9] == UInt8(ascii: "_"),
            bytes.suffix(8).allSatisfy(isDigit)
        else { return nil }
        return String(decoding: bytes.dropLast(9), as: UTF8.self)
    }
}
