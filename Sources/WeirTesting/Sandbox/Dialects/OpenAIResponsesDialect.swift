/// The Responses API.
enum OpenAIResponsesDialect: SandboxDialect {
    static func validate(
        _ body: SandboxJSON, _ route: SandboxRoute
    ) throws(SandboxFailure) {
        try OpenAIResponsesRules.check(body, route.provider)
    }

    static func call(_ body: SandboxJSON, _ route: SandboxRoute) -> SandboxCall {
        var call = SandboxCall(
            provider: route.provider, endpoint: .responses, model: body["model"]?.string ?? "")
        if let text = body["input"]?.string {
            call.lastUserText = text
            call.inputTokens = SandboxTokenizer.perMessage + SandboxTokenizer.tokens(text)
        }
        for item in body["input"]?.array ?? [] { read(item, into: &call) }
        call.inputTokens += SandboxTokenizer.tokens(body["instructions"]?.string ?? "")
        call.inputTokens += SandboxTokenizer.tokens(definitions: body["tools"])
        let functions = (body["tools"]?.array ?? []).filter { $0["type"]?.string == "function" }
        call.firstTool = functions.first?["name"]?.string
        call.outputCap = body["max_output_tokens"]?.integer
        let format = body["text"]?["format"]?["type"]?.string
        call.wantsJSON = format == "json_object" || format == "json_schema"
        call.isStream = body["stream"]?.bool ?? false
        return call
    }

    static func reply(_ turn: SandboxTurn) -> SandboxReply {
        if turn.call.isStream { return stream(turn) }
        return SandboxReply(body: response(turn), reportsUsage: turn.report.isReported)
    }

    /// The whole response object.
    static func response(_ turn: SandboxTurn) -> String {
        envelope(turn, status: status(turn), output: turn.isEmpty ? "" : item(turn), usage(turn))
    }

    static func envelope(
        _ turn: SandboxTurn, status: String, output: String, _ usage: String
    ) -> String {
        let cut = status == "incomplete"
        let reason = turn.finish == .length ? "max_output_tokens" : "content_filter"
        let done = status == "in_progress" ? "null" : String(turn.identifier.seconds)
        let cap = turn.call.outputCap.map(String.init) ?? "null"
        return "{\"id\":\"resp_\(turn.identifier.letters(48))\",\"object\":\"response\","
            + "\"created_at\":\(turn.identifier.seconds),\"status\":\"\(status)\","
            + "\"background\":false,\"completed_at\":\(done),\"error\":null,"
            + "\"incomplete_details\":\(cut ? "{\"reason\":\"\(reason)\"}" : "null"),"
            + "\"instructions\":null,\"max_output_tokens\":\(cap),\"max_tool_calls\":null,"
            + "\"model\":\(SandboxJSON.quote(turn.call.model)),\"output\":[\(output)],"
            + "\"parallel_tool_calls\":true,\"previous_response_id\":null,"
            + "\"prompt_cache_key\":null,\"reasoning\":{\"effort\":null,\"summary\":null},"
            + "\"safety_identifier\":null,\"service_tier\":\"default\",\"store\":true,"
            + "\"temperature\":1.0,\"text\":{\"format\":{\"type\":\"text\"},"
            + "\"verbosity\":\"medium\"},\"tool_choice\":\"auto\",\"tools\":[],"
            + "\"top_logprobs\":0,\"top_p\":1.0,\"truncation\":\"disabled\",\"user\":null,"
            + "\"metadata\":{}\(usage)}"
    }

    static func status(_ turn: SandboxTurn) -> String {
        switch turn.finish {
        case .complete, .tool: "completed"
        case .length: "incomplete"
        case .given(let status): status
        }
    }

    /// The one output item: a message or a function call.
    static func item(_ turn: SandboxTurn, isDone: Bool = true) -> String {
        let status = isDone ? "completed" : "in_progress"
        if let tool = turn.tool {
            let arguments = isDone ? turn.arguments : ""
            return "{\"id\":\"\(itemID(turn))\",\"type\":\"function_call\",\"status\":"
                + "\"\(status)\",\"arguments\":\(SandboxJSON.quote(arguments)),"
                + "\"call_id\":\"call_\(turn.identifier.letters(24))\","
                + "\"name\":\(SandboxJSON.quote(tool))}"
        }
        return "{\"id\":\"\(itemID(turn))\",\"type\":\"message\",\"status\":\"\(status)\","
            + "\"role\":\"assistant\",\"content\":[\(isDone ? part(turn.text) : "")]}"
    }

    static func part(_ text: String) -> String {
        "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":"
            + "\(SandboxJSON.quote(text))}"
    }

    static func itemID(_ turn: SandboxTurn) -> String {
        (turn.tool == nil ? "msg_" : "fc_") + turn.identifier.letters(48, salt: 1)
    }

    static func usage(_ turn: SandboxTurn) -> String {
        let report = turn.report
        let told = report.told
        return report.member(
            "usage",
            [
                ("input_tokens", report.count(told.input)),
                (
                    "input_tokens_details",
                    "{\"cached_tokens\":\(report.count(told.cached)),"
                        + "\"cache_write_tokens\":\(report.count(told.cacheWrite))}"
                ),
                ("output_tokens", report.count(told.output, isOutput: true)),
                (
                    "output_tokens_details",
                    "{\"reasoning_tokens\":\(report.count(told.reasoning, isOutput: true))}"
                ),
                ("total_tokens", report.count(told.input + told.output, isOutput: true)),
            ])
    }

    private static func read(_ item: SandboxJSON, into call: inout SandboxCall) {
        call.inputTokens += SandboxTokenizer.perMessage
        let isUser = item["role"]?.string == "user"
        if isUser { call.lastUserText = "" }
        for name in ["arguments", "output", "content"] {
            for part in item[name]?.array ?? [item[name] ?? .null] {
                if let text = part.string ?? part["text"]?.string {
                    call.inputTokens += SandboxTokenizer.tokens(text)
                    if isUser { call.lastUserText += text }
                } else if part != .null {
                    call.inputTokens += SandboxTokenizer.perMedia
                }
            }
        }
    }
}
