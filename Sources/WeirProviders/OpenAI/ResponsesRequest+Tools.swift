import WeirCore

extension ResponsesRequest {
    /// A tool of the request's own list.
    mutating func read(tool: ClientObject) throws(WeirError) {
        guard try count(tool: tool) == "function" else {
            tally.uncarried.append(tool.path)
            return
        }
        let members: Set = ["type", "name", "description", "parameters", "strict"]
        for name in tool.members.members.map(\.name)
        where !members.contains(name) && tool[name] != nil && tool[name] != false {
            tally.uncarried.append(tool.param(name))
        }
        tools.append(
            ChatTool(
                name: try tool.required("name", try tool.text("name")),
                description: try tool.text("description"),
                parameters: try tool.object("parameters").map { .object($0.members) },
                isStrict: try tool.bool("strict")))
    }

    /// Counts a tool, wherever the request has it, and gives its type. Throws where the provider
    /// would run it.
    @discardableResult
    mutating func count(tool: ClientObject) throws(WeirError) -> String {
        let type = try tool.required("type", try tool.text("type"))
        tally.items += 1
        if tally.toolOverheads == 0 { tally.toolOverheads = 1 }
        tally.growth += JSON.object(tool.members).escapeGrowth
        switch type {
        case "function", "custom": break
        case "namespace":
            for inner in try tool.objects("tools") ?? [] { try count(tool: inner) }
        case "local_shell", "apply_patch", "computer", "computer_use_preview":
            tally.toolOverheads += 1
        case "shell":
            tally.toolOverheads += 1
            let environment = try tool.object("environment")
            guard try environment?.text("type") == "local" else {
                throw tool.error("environment", "must be local: \(ResponsesRequest.hosted)")
            }
        case "tool_search":
            tally.toolOverheads += 1
            guard try tool.text("execution") == "client" else {
                throw tool.error("execution", "must be client: \(ResponsesRequest.hosted)")
            }
        default:
            throw tool.error("type", "is not supported here: \(ResponsesRequest.hosted)")
        }
        return type
    }
}
