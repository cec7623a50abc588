import WeirCore

extension GeminiReading {
    /// The functions that the model may ask for. Tools that the provider runs bill by themselves,
    /// or read what belongs to all tenants.
    mutating func tools(_ request: GeminiObject) throws(WeirError) -> [ChatTool] {
        var tools: [ChatTool] = []
        for list in try request.messages("tools") {
            for name in providerTools {
                try list.refuse(name, "tools that the provider runs have no price here")
            }
            for declaration in try list.messages("functionDeclarations") {
                tools.append(try tool(declaration))
            }
            leaveBehind(list, otherThan: ["functionDeclarations"])
        }
        if let written = request["tools"] { growth += written.escapeGrowth }
        self.tools += Int64(tools.count)
        return tools
    }

    /// Which of the tools the model is to use.
    mutating func choose(
        _ request: GeminiObject, for chat: inout ChatRequest
    ) throws(WeirError) {
        guard let settings = try request.message("toolConfig") else { return }
        // The tools that it speaks of are refused.
        leaveBehind(
            settings, otherThan: ["functionCallingConfig", "includeServerSideToolInvocations"])
        guard let choice = try settings.message("functionCallingConfig") else { return }
        leaveBehind(choice, otherThan: ["mode", "allowedFunctionNames"])
        let allowed = Set(try choice.texts("allowedFunctionNames"))
        let isLimited = !allowed.isEmpty && !chat.tools.allSatisfy { allowed.contains($0.name) }
        switch try choice.text("mode") {
        case nil, "MODE_UNSPECIFIED", "AUTO": chat.toolChoice = .automatic
        case "NONE": chat.toolChoice = ToolChoice.none
        case "VALIDATED":
            // The model is free to call, but held to the schemas if it does.
            chat.toolChoice = .automatic
            for index in chat.tools.indices { chat.tools[index].isStrict = true }
        case "ANY":
            if allowed.count == 1, let name = allowed.first {
                chat.toolChoice = .named(name)
                return
            }
            chat.toolChoice = .required
        default: throw choice.error("mode", "must be AUTO, ANY, NONE or VALIDATED")
        }
        if chat.tools.isEmpty { chat.toolChoice = nil }
        if isLimited { uncarried.append(choice.param("allowedFunctionNames")) }
    }

    private mutating func tool(_ declaration: GeminiObject) throws(WeirError) -> ChatTool {
        // What a function answers with is seen when it does; SDKs describe it unasked.
        leaveBehind(
            declaration,
            otherThan: [
                "name", "description", "parameters", "parametersJsonSchema", "response",
                "responseJsonSchema",
            ])
        let name = try declaration.required("name", try declaration.text("name"))
        let description = try declaration.text("description")
        return ChatTool(
            name: name, description: description,
            parameters: try schema(declaration, "parameters", "parametersJsonSchema"))
    }

    /// A schema in either of the two forms that Gemini takes, as a JSON schema.
    func schema(
        _ object: GeminiObject, _ own: String, _ standard: String
    ) throws(WeirError) -> JSON? {
        if let schema = object[standard] {
            guard object[own] == nil else {
                throw object.error(standard, "can't stand beside \(own)")
            }
            return schema
        }
        guard let schema = object[own] else { return nil }
        guard schema.object != nil else {
            throw object.error(own, "must be an object, not \(schema.kind)")
        }
        return GeminiSchema.jsonSchema(schema)
    }
}

private let providerTools = [
    "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext", "fileSearch",
    "googleMaps", "computerUse", "retrieval", "enterpriseWebSearch", "mcpServers",
    "parallelAiSearch", "exaAiSearch",
]
