import WeirCore

extension GeminiDialect {
    /// A GenerateContentRequest.
    ///
    /// - Parameter isCount: it is only to be counted, so that no output cap is told.
    func write(
        _ request: ChatRequest, isCount: Bool = false, to body: inout JSONWriter
    ) throws(WeirError) {
        let model = GeminiModel(request.model)
        body.beginObject()
        if isCount { body.member("model", geminiName(request.model)) }
        if let system = request.system, !system.isEmpty {
            body.member("systemInstruction", ["parts": [["text": .string(system)]]])
        }
        var contents = GeminiContents(model)
        for message in request.messages { try contents.add(message) }
        body.member("contents", contents.finished())
        try writeTools(request, model, to: &body)
        let media = contents.areAllImagesLow ? "MEDIA_RESOLUTION_LOW" : nil
        try writeSettings(request, model, isCount, mediaResolution: media, to: &body)
        body.endObject()
    }

    private func writeTools(
        _ request: ChatRequest, _ model: GeminiModel, to body: inout JSONWriter
    ) throws(WeirError) {
        guard !request.tools.isEmpty else { return }
        guard request.parallelToolCalls != false else {
            throw WeirError(
                .invalidRequest, "Gemini can't be kept from calling several tools in one turn",
                param: "parallel_tool_calls")
        }
        body.member("tools", [["functionDeclarations": .array(request.tools.map(declaration))]])
        guard let choice = choice(request, model) else { return }
        body.member("toolConfig", ["functionCallingConfig": choice])
    }

    private func declaration(_ tool: ChatTool) -> JSON {
        var declaration = JSONObject()
        declaration.append("name", .string(tool.name))
        if let description = tool.description {
            declaration.append("description", .string(description))
        }
        // What a JSON schema has and Gemini's own doesn't is taken here.
        if let schema = tool.parameters { declaration.append("parametersJsonSchema", schema) }
        return .object(declaration)
    }

    /// Every forced call is held to its schema anyway.
    private func choice(_ request: ChatRequest, _ model: GeminiModel) -> JSON? {
        switch request.toolChoice {
        case nil, .automatic:
            let isStrict = request.tools.contains { $0.isStrict == true }
            if isStrict, model.validatesCalls { return ["mode": "VALIDATED"] }
            return request.toolChoice == nil ? nil : ["mode": "AUTO"]
        case .some(.none): return ["mode": "NONE"]
        case .required: return ["mode": "ANY"]
        case .named(let name):
            return ["mode": "ANY", "allowedFunctionNames": [.string(name)]]
        }
    }

    private func writeSettings(
        _ request: ChatRequest, _ model: GeminiModel, _ isCount: Bool, mediaResolution: String?,
        to body: inout JSONWriter
    ) throws(WeirError) {
        let thinking = try thinkingConfig(request.reasoning, model)
        body.name("generationConfig")
        body.beginObject()
        if !isCount { body.member("maxOutputTokens", request.maxTokens) }
        let numbers: [(String, DecimalNumber?)] = [
            ("temperature", request.temperature), ("topP", request.topP), ("topK", request.topK),
            ("seed", request.seed), ("frequencyPenalty", request.frequencyPenalty),
            ("presencePenalty", request.presencePenalty),
        ]
        for (name, number) in numbers {
            if let number { body.member(name, number) }
        }
        body.member("stopSequences", unlessEmpty: request.stop)
        switch request.format {
        case nil: break
        case .json: body.member("responseMimeType", "application/json")
        case .schema(_, let schema, _):
            body.member("responseMimeType", "application/json")
            body.member("responseJsonSchema", schema)
        }
        if let thinking { body.member("thinkingConfig", thinking) }
        if let mediaResolution { body.member("mediaResolution", mediaResolution) }
        body.endObject()
    }
}
