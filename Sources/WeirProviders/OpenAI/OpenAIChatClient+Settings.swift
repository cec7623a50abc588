import WeirCore

extension OpenAIChatClient {
    func readTools(
        _ request: ClientObject, into chat: inout ChatRequest, _ tally: inout ChatTally
    ) throws(WeirError) {
        for tool in try request.objects("tools", limit: 1_024) ?? [] {
            tally.items += 1
            tally.growth += JSON.object(tool.members).escapeGrowth
            try tool.refusePricedCaching()
            // Mistral's SDK leaves the type out.
            switch try tool.text("type") ?? "function" {
            case "function": chat.tools.append(try function(tool, &tally))
            case "custom":
                tally.toolOverheads += 1
                tally.uncarried.append(tool.param("type"))
            default:
                throw tool.error(
                    "type", "is not supported here: what the provider runs has no price")
            }
        }
        // The older form, which no other wire has.
        for function in try request.objects("functions", limit: 1_024) ?? [] {
            tally.items += 1
            tally.growth += JSON.object(function.members).escapeGrowth
        }
        if request["tools"] != nil || request["functions"] != nil { tally.toolOverheads += 1 }
        try readChoice(request, into: &chat, &tally)
        chat.parallelToolCalls = try request.bool("parallel_tool_calls")
    }

    private func function(
        _ tool: ClientObject, _ tally: inout ChatTally
    ) throws(WeirError) -> ChatTool {
        let function = try tool.required("function", tool.object("function"))
        tally.uncarried += tool.others(than: ["type", "function", "cache_control"])
        tally.uncarried += function.others(
            than: ["name", "description", "parameters", "strict", "cache_control"])
        try function.refusePricedCaching()
        let parameters = try function.object("parameters").map { JSON.object($0.members) }
        return ChatTool(
            name: try function.required("name", function.text("name")),
            description: try function.text("description"), parameters: parameters,
            isStrict: try function.bool("strict"))
    }

    private func readChoice(
        _ request: ClientObject, into chat: inout ChatRequest, _ tally: inout ChatTally
    ) throws(WeirError) {
        switch request["tool_choice"] {
        case nil: return
        case "auto": chat.toolChoice = .automatic
        case "none": chat.toolChoice = ToolChoice.none
        // Mistral's word is the second one.
        case "required", "any": chat.toolChoice = .required
        case .object:
            let choice = try request.required("tool_choice", request.object("tool_choice"))
            guard try choice.text("type") == "function" else {
                tally.uncarried.append("tool_choice")
                return
            }
            let function = try choice.required("function", choice.object("function"))
            chat.toolChoice = .named(try function.required("name", function.text("name")))
        default:
            throw request.error("tool_choice", "must be none, auto, required or an object")
        }
    }

    /// OpenAI's word; OpenRouter's `reasoning`, with a word or a number of tokens; the switch
    /// `thinking` of DeepSeek and Z.ai.
    func readReasoning(
        _ request: ClientObject, into chat: inout ChatRequest, _ tally: inout ChatTally
    ) throws(WeirError) {
        if let thinking = try request.object("thinking") {
            let budget = try thinking.integer("budget_tokens", in: 0...TokenUsage.largestCount)
            switch try thinking.text("type") {
            case "disabled": chat.reasoning = .word("none")
            case nil: chat.reasoning = budget.map(ReasoningEffort.tokens)
            default: chat.reasoning = budget.map(ReasoningEffort.tokens) ?? .adaptive
            }
            tally.uncarried += thinking.others(than: ["type", "budget_tokens"])
        }
        if let reasoning = try request.object("reasoning") {
            if try reasoning.bool("enabled") == true { chat.reasoning = .adaptive }
            if try reasoning.bool("enabled") == false { chat.reasoning = .word("none") }
            if let word = try reasoning.text("effort") { chat.reasoning = .word(word) }
            let budget = try reasoning.integer("max_tokens", in: 0...TokenUsage.largestCount)
            if let budget { chat.reasoning = .tokens(budget) }
            tally.uncarried += reasoning.others(than: ["enabled", "effort", "max_tokens"])
        }
        guard let word = try request.text("reasoning_effort") else { return }
        if chat.reasoning != .word("none") { chat.reasoning = .word(word) }
    }

    func readFormat(
        _ request: ClientObject, into chat: inout ChatRequest, _ tally: inout ChatTally
    ) throws(WeirError) {
        guard let format = try request.object("response_format") else { return }
        tally.growth += JSON.object(format.members).escapeGrowth
        switch try format.required("type", format.text("type")) {
        case "text": return
        case "json_object": chat.format = .json
        case "json_schema":
            let holder = try format.required("json_schema", format.object("json_schema"))
            var schema = try holder.object("schema")?.members ?? JSONObject()
            if let description = try holder.text("description"), schema["description"] == nil {
                schema.append("description", .string(description))
            }
            chat.format = .schema(
                name: try holder.text("name"), schema: .object(schema),
                isStrict: try holder.bool("strict"))
        default: tally.uncarried.append("response_format")
        }
    }
}
