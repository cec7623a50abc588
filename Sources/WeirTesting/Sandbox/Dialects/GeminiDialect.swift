/// Gemini's `generateContent`, its stream, and its token counting.
enum GeminiDialect: SandboxDialect {
    private static let voice = SandboxVoice(provider: .gemini)

    static func validate(
        _ body: SandboxJSON, _ route: SandboxRoute
    ) throws(SandboxFailure) {
        try GeminiRules.check(body, isCount: route.endpoint == .countTokens)
    }

    static func call(_ body: SandboxJSON, _ route: SandboxRoute) -> SandboxCall {
        var call = SandboxCall(
            provider: .gemini, endpoint: route.endpoint, model: route.model ?? "")
        let body = body.field("generateContentRequest", voice) ?? body
        let contents = body.field("contents", voice) ?? .null
        for content in contents.array ?? [contents] {
            call.inputTokens += SandboxTokenizer.perMessage
            let isUser = content["role"]?.string != "model"
            if isUser { call.lastUserText = "" }
            for part in parts(of: content) {
                call.inputTokens += tokens(part)
                if isUser, let text = part["text"]?.string { call.lastUserText += text }
            }
        }
        if let system = body.field("systemInstruction", voice) {
            call.inputTokens += SandboxTokenizer.tokens(system.string ?? "")
            for part in parts(of: system) { call.inputTokens += tokens(part) }
        }
        let tools = body.field("tools", voice)
        call.inputTokens += SandboxTokenizer.tokens(definitions: tools)
        for tool in tools?.array ?? [tools ?? .null] where call.firstTool == nil {
            let functions = tool.field("functionDeclarations", voice)?.array
            call.firstTool = functions?.first?["name"]?.string
        }
        let config = body.field("generationConfig", voice)
        call.outputCap = config?.field("maxOutputTokens", voice)?.integer
        call.choices = config?.field("candidateCount", voice)?.integer ?? 1
        call.wantsJSON =
            config?.field("responseMimeType", voice)?.string == "application/json"
        call.isStream = route.endpoint == .streamGenerateContent
        return call
    }

    static func reply(_ turn: SandboxTurn) -> SandboxReply {
        if turn.call.endpoint == .countTokens {
            let count = turn.report.count(turn.report.told.input)
            return SandboxReply(
                body: "{\"totalTokens\":\(count),\"promptTokensDetails\":"
                    + "[{\"modality\":\"TEXT\",\"tokenCount\":\(count)}]}")
        }
        if turn.call.isStream { return stream(turn) }
        let part = turn.tool == nil ? text(turn.text) : functionCall(turn)
        var reply = SandboxReply(
            body: chunk(turn, part: turn.isEmpty ? nil : part, isLast: true),
            reportsUsage: turn.report.isReported)
        reply.contentType = "application/json; charset=UTF-8"
        return reply
    }

    /// Chunks are whole responses; an array of them unless `alt=sse` was asked for.
    private static func stream(_ turn: SandboxTurn) -> SandboxReply {
        var parts = turn.tool == nil ? turn.words.map { text($0) } : [functionCall(turn)]
        if turn.isEmpty { parts = [] }
        var chunks = parts.enumerated().map { index, part in
            chunk(turn, part: part, isLast: index == parts.count - 1)
        }
        if chunks.isEmpty { chunks = [chunk(turn, part: nil, isLast: true)] }
        let failure = SandboxErrorBody.gemini(
            .init(status: 503, "The model is overloaded. Please try again later."))
        let isArray = turn.call.isArrayStream
        let words = turn.isEmpty ? [] : turn.tool == nil ? turn.words : [turn.arguments]
        var events = chunks.enumerated().map { index, chunk in
            SandboxEvent(
                isArray ? (index == 0 ? "[" : ",\r\n") + chunk : "data: \(chunk)\r\n\r\n",
                generated: words.isEmpty ? 0 : words[index].utf8.count * turn.call.choices,
                tellsUsage: index == chunks.count - 1)
        }
        if isArray { events.append(SandboxEvent("]")) }
        var reply = SandboxReply(
            events: events,
            errorEvent: isArray ? ",\r\n\(failure)" : "data: \(failure)\r\n\r\n",
            reportsUsage: turn.report.isReported)
        reply.contentType = isArray ? "application/json; charset=UTF-8" : "text/event-stream"
        return reply
    }

    private static func chunk(_ turn: SandboxTurn, part: String?, isLast: Bool) -> String {
        var candidates = ""
        if let part {
            let finish = isLast ? ",\"finishReason\":\(SandboxJSON.quote(finish(turn)))" : ""
            let list = (0..<turn.call.choices).map { index in
                "{\"content\":{\"parts\":[\(part)],\"role\":\"model\"}\(finish),"
                    + "\"index\":\(index)}"
            }
            candidates = "\"candidates\":[\(list.joined(separator: ","))],"
        }
        return "{\(candidates)\"modelVersion\":\(SandboxJSON.quote(turn.call.model)),"
            + "\"responseId\":\"\(turn.identifier.letters(22))\"\(usage(turn, isLast: isLast))}"
    }

    private static func finish(_ turn: SandboxTurn) -> String {
        switch turn.finish {
        // Gemini stops at a function call as at any other end.
        case .complete, .tool: "STOP"
        case .length: "MAX_TOKENS"
        case .given(let reason): reason
        }
    }

    /// Candidates exclude thoughts; the prompt includes what was cached. Zeros are left out.
    private static func usage(_ turn: SandboxTurn, isLast: Bool) -> String {
        let report = turn.report
        let told = report.told
        let output: (Int) -> String = { report.count($0, isOutput: true) }
        let visible = told.output - told.reasoning
        var fields = [("promptTokenCount", report.count(told.input))]
        if told.cached > 0 {
            fields.append(("cachedContentTokenCount", report.count(told.cached)))
        }
        if isLast { fields.append(("candidatesTokenCount", output(visible))) }
        if isLast, told.reasoning > 0 {
            fields.append(("thoughtsTokenCount", output(told.reasoning)))
        }
        fields.append(("totalTokenCount", output(told.input + (isLast ? told.output : 0))))
        fields.append(
            (
                "promptTokensDetails",
                "[{\"modality\":\"TEXT\",\"tokenCount\":\(report.count(told.input))}]"
            ))
        fields.append(("serviceTier", "\"standard\""))
        return report.member("usageMetadata", fields)
    }

    private static func text(_ text: String) -> String {
        "{\"text\":\(SandboxJSON.quote(text))}"
    }

    private static func functionCall(_ turn: SandboxTurn) -> String {
        "{\"functionCall\":{\"name\":\(SandboxJSON.quote(turn.tool)),"
            + "\"args\":\(turn.arguments)},\"thoughtSignature\":\"c2FuZGJveA==\"}"
    }

    private static func parts(of content: SandboxJSON) -> [SandboxJSON] {
        let parts = content["parts"]
        return parts?.array ?? parts.map { [$0] } ?? []
    }

    private static func tokens(_ part: SandboxJSON) -> Int {
        if let text = part["text"]?.string { return SandboxTokenizer.tokens(text) }
        for name in ["functionCall", "functionResponse"] {
            if let value = part.field(name, voice) {
                let payload = value["args"] ?? value["response"] ?? .null
                return SandboxTokenizer.tokens(payload.text())
            }
        }
        return SandboxTokenizer.perMedia
    }
}
