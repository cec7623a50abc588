/// Anthropic's Messages API, and its token counting.
enum AnthropicDialect: SandboxDialect {
    static func validate(
        _ body: SandboxJSON, _ route: SandboxRoute
    ) throws(SandboxFailure) {
        try AnthropicRules.check(body, isCount: route.endpoint == .countMessageTokens)
    }

    static func call(_ body: SandboxJSON, _ route: SandboxRoute) -> SandboxCall {
        var call = SandboxCall(
            provider: .anthropic, endpoint: route.endpoint, model: body["model"]?.string ?? "")
        for message in body["messages"]?.array ?? [] {
            call.inputTokens += SandboxTokenizer.perMessage
            let isUser = message["role"]?.string == "user"
            if isUser { call.lastUserText = "" }
            for block in message["content"]?.array ?? [message["content"] ?? .null] {
                call.inputTokens += tokens(block)
                if isUser, let text = block.string ?? block["text"]?.string {
                    call.lastUserText += text
                }
            }
        }
        for block in body["system"]?.array ?? [body["system"] ?? .null] {
            call.inputTokens += tokens(block)
        }
        call.inputTokens += SandboxTokenizer.tokens(definitions: body["tools"])
        call.firstTool = body["tools"]?.array?.first?["name"]?.string
        call.outputCap = body["max_tokens"]?.integer
        call.wantsJSON = body["output_config"]?["format"]?["type"]?.string == "json_schema"
        call.isStream = body["stream"]?.bool ?? false
        return call
    }

    static func reply(_ turn: SandboxTurn) -> SandboxReply {
        if turn.call.endpoint == .countMessageTokens {
            return SandboxReply(
                body: "{\"input_tokens\":\(turn.report.count(turn.report.told.input))}")
        }
        if turn.call.isStream { return stream(turn) }
        let content = turn.isEmpty ? "" : block(turn)
        let body =
            "{\(head(turn)),\"content\":[\(content)],"
            + "\"stop_reason\":\(SandboxJSON.quote(stopReason(turn))),\"stop_sequence\":null"
            + "\(usage(turn))}"
        return SandboxReply(body: body, reportsUsage: turn.report.isReported)
    }

    static func head(_ turn: SandboxTurn) -> String {
        "\"id\":\"msg_01\(turn.identifier.letters(22))\",\"type\":\"message\","
            + "\"role\":\"assistant\",\"model\":\(SandboxJSON.quote(turn.call.model))"
    }

    static func block(_ turn: SandboxTurn, isEmpty: Bool = false) -> String {
        guard let tool = turn.tool else {
            return "{\"type\":\"text\",\"text\":\(SandboxJSON.quote(isEmpty ? "" : turn.text))}"
        }
        return "{\"type\":\"tool_use\",\"id\":\"toolu_01\(turn.identifier.letters(22, salt: 1))\","
            + "\"name\":\(SandboxJSON.quote(tool)),\"input\":\(isEmpty ? "{}" : turn.arguments)}"
    }

    static func stopReason(_ turn: SandboxTurn) -> String {
        switch turn.finish {
        case .complete: "end_turn"
        case .length: "max_tokens"
        case .tool: "tool_use"
        case .given(let reason): reason
        }
    }

    /// `input_tokens` is what was neither read from nor written to the cache. `output` overrides
    /// the count for the placeholder at a stream's start.
    static func usage(_ turn: SandboxTurn, output: Int? = nil) -> String {
        let report = turn.report
        let told = report.told
        let fresh = max(0, told.input - told.cached - told.cacheWrite)
        let write = report.count(told.cacheWrite)
        let thinking = report.count(told.reasoning, isOutput: true)
        return report.member(
            "usage",
            [
                ("input_tokens", report.count(fresh)), ("cache_creation_input_tokens", write),
                ("cache_read_input_tokens", report.count(told.cached)),
                (
                    "cache_creation",
                    "{\"ephemeral_5m_input_tokens\":\(write),\"ephemeral_1h_input_tokens\":0}"
                ),
                ("output_tokens", report.count(output ?? told.output, isOutput: true)),
                ("output_tokens_details", "{\"thinking_tokens\":\(thinking)}"),
                ("service_tier", "\"standard\""), ("inference_geo", "\"not_available\""),
            ])
    }

    private static func tokens(_ block: SandboxJSON) -> Int {
        if let text = block.string ?? block["text"]?.string ?? block["thinking"]?.string {
            return SandboxTokenizer.tokens(text)
        }
        if let input = block["input"] { return SandboxTokenizer.tokens(input.text()) }
        guard let content = block["content"] else {
            return block["source"] == nil ? 0 : SandboxTokenizer.perMedia
        }
        return (content.array ?? [content]).reduce(0) { sum, part in
            let text = part.string ?? part["text"]?.string
            let media = part["source"] == nil ? 0 : SandboxTokenizer.perMedia
            return sum + (text.map { SandboxTokenizer.tokens($0) } ?? media)
        }
    }
}
