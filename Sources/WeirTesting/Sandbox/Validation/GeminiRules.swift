/// What `:generateContent`, `:streamGenerateContent` and `:countTokens` accept; names in
/// `camelCase` or `snake_case`.
enum GeminiRules {
    private static let voice = SandboxVoice(provider: .gemini)

    static func check(
        _ body: SandboxJSON, isCount: Bool
    ) throws(SandboxFailure) {
        var body = body
        if isCount {
            try countFields.check(body, in: voice)
            if let inner = body.field("generateContentRequest", voice) { body = inner }
        }
        try fields.check(body, in: voice)
        guard let contents = body.field("contents", voice) else { return }
        for (index, content) in (contents.array ?? [contents]).enumerated() {
            try checkContent(content, "contents[\(index)]", needsParts: true)
        }
        if let system = body.field("systemInstruction", voice), system.string == nil {
            try checkContent(system, "system_instruction", needsParts: true)
        }
        if let config = body.field("generationConfig", voice) {
            try configFields.check(config, at: "generation_config", in: voice)
        }
        if let tools = body.field("tools", voice) {
            for (index, tool) in (tools.array ?? [tools]).enumerated() {
                try checkTool(tool, "tools[\(index)]")
            }
        }
        if let choice = body.field("toolConfig", voice) {
            try toolConfigFields.check(choice, at: "tool_config", in: voice)
        }
    }

    static func checkContent(
        _ content: SandboxJSON, _ path: String, needsParts: Bool
    ) throws(SandboxFailure) {
        try contentFields.check(content, at: path, in: voice)
        if let role = content.field("role", voice)?.string,
            !["user", "model", "function", "system"].contains(role)
        {
            throw SandboxFailure(status: 400, "Please use a valid role: user, model.")
        }
        let parts = content.field("parts", voice)
        let list = parts?.array ?? parts.map { [$0] } ?? []
        guard !list.isEmpty || !needsParts else {
            throw voice.value("\(path).parts", "contents.parts must not be empty.")
        }
        for (index, part) in list.enumerated() {
            let place = "\(path).parts[\(index)]"
            try partFields.check(part, at: place, in: voice)
            let data = dataFields.filter { part.field($0, voice) != nil }
            guard data.count == 1 || part.field("thoughtSignature", voice) != nil else {
                throw voice.value(
                    "\(place).data", "required oneof field 'data' must have one initialized field")
            }
        }
    }

    private static func checkTool(
        _ tool: SandboxJSON, _ path: String
    ) throws(SandboxFailure) {
        try toolFields.check(tool, at: path, in: voice)
        let functions = tool.field("functionDeclarations", voice)?.array ?? []
        for (index, function) in functions.enumerated() {
            let place = "\(path).function_declarations[\(index)]"
            try functionFields.check(function, at: place, in: voice)
            guard let name = function["name"]?.string, !name.isEmpty, name.utf8.count <= 128
            else { throw voice.value("\(place).name", "Invalid function name.") }
        }
    }

    private static let fields = SandboxFields(
        known: [
            "contents": .either(.array(nonEmpty: true), .object),
            "tools": .either(.list, .object), "toolConfig": .object, "safetySettings": .list,
            "systemInstruction": .either(.object, .text), "generationConfig": .object,
            "cachedContent": .text, "labels": .object, "model": .text, "store": .boolean,
            "serviceTier": .text,
        ], required: ["contents"])

    private static let countFields = SandboxFields(
        known: fields.known.merging(["generateContentRequest": .object]) { first, _ in first })

    private static let contentFields = SandboxFields(
        known: ["role": .text, "parts": .either(.list, .object)])

    private static let dataFields = [
        "text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode",
        "codeExecutionResult", "toolCall", "toolResponse",
    ]

    private static let partFields = SandboxFields(
        known: [
            "text": .text, "inlineData": .object, "fileData": .object, "functionCall": .object,
            "functionResponse": .object, "executableCode": .object,
            "codeExecutionResult": .object, "toolCall": .object, "toolResponse": .object,
            "thought": .boolean, "thoughtSignature": .text, "videoMetadata": .object,
            "mediaResolution": .any, "partMetadata": .object,
        ])

    private static let configFields = SandboxFields(
        known: [
            "temperature": .number(0...2), "topP": .number(0...1),
            "topK": .number(0...1_000_000), "candidateCount": .integer(1...8),
            "maxOutputTokens": .whole(from: 1), "stopSequences": .list,
            "responseMimeType": .text, "responseSchema": .object, "responseJsonSchema": .any,
            "responseModalities": .list, "presencePenalty": .number(-2...2),
            "frequencyPenalty": .number(-2...2), "responseLogprobs": .boolean,
            "logprobs": .integer(0...20), "seed": .integer(Int.min...Int.max),
            "speechConfig": .object, "thinkingConfig": .object, "imageConfig": .object,
            "mediaResolution": .text, "enableEnhancedCivicAnswers": .boolean,
        ])

    private static let toolFields = SandboxFields(
        known: [
            "functionDeclarations": .list, "googleSearch": .object,
            "googleSearchRetrieval": .object, "codeExecution": .object, "urlContext": .object,
            "fileSearch": .object, "computerUse": .object, "googleMaps": .object,
            "mcpServers": .list,
        ])

    private static let functionFields = SandboxFields(
        known: [
            "name": .text, "description": .text, "parameters": .object,
            "parametersJsonSchema": .any, "response": .object, "responseJsonSchema": .any,
            "behavior": .text,
        ], required: ["name"])

    private static let toolConfigFields = SandboxFields(
        known: [
            "functionCallingConfig": .object, "retrievalConfig": .object,
            "includeServerSideToolInvocations": .boolean,
        ])
}
