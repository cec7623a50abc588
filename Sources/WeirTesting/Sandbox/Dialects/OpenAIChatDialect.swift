/// Chat Completions, as OpenAI, DeepSeek and compatible servers speak it.
enum OpenAIChatDialect: SandboxDialect {
    static func validate(
        _ body: SandboxJSON, _ route: SandboxRoute
    ) throws(SandboxFailure) {
        try OpenAIChatRules.check(body, route.provider)
    }

    static func call(_ body: SandboxJSON, _ route: SandboxRoute) -> SandboxCall {
        var call = SandboxCall(
            provider: route.provider, endpoint: .chat, model: body["model"]?.string ?? "")
        for message in body["messages"]?.array ?? [] {
            call.inputTokens += SandboxTokenizer.perMessage
            let role = message["role"]?.string
            if role == "user" { call.lastUserText = "" }
            for part in message["content"]?.array ?? [message["content"] ?? .null] {
                if let text = part.string ?? part["text"]?.string {
                    call.inputTokens += SandboxTokenizer.tokens(text)
                    if role == "user" { call.lastUserText += text }
                } else if part != .null {
                    call.inputTokens += SandboxTokenizer.perMedia
                }
            }
            for tool in message["tool_calls"]?.array ?? [] {
                let arguments = tool["function"]?["arguments"]?.string ?? ""
                call.inputTokens += SandboxTokenizer.tokens(arguments)
            }
        }
        call.inputTokens += SandboxTokenizer.tokens(definitions: body["tools"])
        call.firstTool = body["tools"]?.array?.first?["function"]?["name"]?.string
        call.outputCap = body["max_completion_tokens"]?.integer ?? body["max_tokens"]?.integer
        let format = body["response_format"]?["type"]?.string
        call.wantsJSON = format == "json_object" || format == "json_schema"
        call.choices = body["n"]?.integer ?? 1
        call.isStream = body["stream"]?.bool ?? false
        // DeepSeek ends a stream with usage whether asked to or not.
        call.reportsStreamUsage =
            route.provider == .deepseek || body["stream_options"]?["include_usage"]?.bool ?? false
        return call
    }

    static func reply(_ turn: SandboxTurn) -> SandboxReply {
        if turn.call.isStream { return stream(turn) }
        let choices = turn.isEmpty ? [] : (0..<turn.call.choices).map { choice($0, turn) }
        let body =
            "{\(head(turn, "chat.completion")),\"choices\":[\(choices.joined(separator: ","))]"
            + "\(usage(turn))}"
        return SandboxReply(body: body, reportsUsage: turn.report.isReported)
    }

    static func head(_ turn: SandboxTurn, _ object: String) -> String {
        let call = turn.call
        let tier = call.provider == .deepseek ? "" : "\"service_tier\":\"default\","
        return "\"id\":\"chatcmpl-\(turn.identifier.letters(29))\",\"object\":\"\(object)\","
            + "\"created\":\(turn.identifier.seconds),"
            + "\"model\":\(SandboxJSON.quote(call.model)),\(tier)"
            + "\"system_fingerprint\":\"fp_5a4db0c0de\""
    }

    static func finish(_ turn: SandboxTurn) -> String {
        switch turn.finish {
        case .complete: "stop"
        case .length: "length"
        case .tool: "tool_calls"
        case .given(let reason): reason
        }
    }

    static func usage(_ turn: SandboxTurn) -> String {
        let report = turn.report
        let told = report.told
        let input: (Int) -> String = { report.count($0) }
        let output: (Int) -> String = { report.count($0, isOutput: true) }
        var fields = [
            ("prompt_tokens", input(told.input)), ("completion_tokens", output(told.output)),
            ("total_tokens", output(told.input + told.output)),
            (
                "prompt_tokens_details",
                "{\"cached_tokens\":\(input(told.cached)),\"audio_tokens\":0,"
                    + "\"cache_write_tokens\":\(input(told.cacheWrite))}"
            ),
            (
                "completion_tokens_details",
                "{\"reasoning_tokens\":\(output(told.reasoning)),\"audio_tokens\":0,"
                    + "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}"
            ),
        ]
        if turn.call.provider == .deepseek {
            fields.append(("prompt_cache_hit_tokens", input(told.cached)))
            fields.append(("prompt_cache_miss_tokens", input(told.input - told.cached)))
        }
        return report.member("usage", fields)
    }

    static func toolCall(_ name: String, _ turn: SandboxTurn, arguments: String) -> String {
        "{\"id\":\"call_\(turn.identifier.letters(24))\",\"type\":\"function\",\"function\":"
            + "{\"name\":\(SandboxJSON.quote(name)),\"arguments\":\(SandboxJSON.quote(arguments))}}"
    }

    private static func choice(_ index: Int, _ turn: SandboxTurn) -> String {
        var message = "\"role\":\"assistant\",\"content\":"
        if let tool = turn.tool {
            message += "null,\"tool_calls\":[\(toolCall(tool, turn, arguments: turn.arguments))]"
        } else {
            message += SandboxJSON.quote(turn.text)
        }
        if turn.call.provider == .deepseek {
            if turn.usage.reasoning > 0 {
                message += ",\"reasoning_content\":\(SandboxJSON.quote(turn.thoughts))"
            }
        } else {
            message += ",\"refusal\":null,\"annotations\":[]"
        }
        return "{\"index\":\(index),\"message\":{\(message)},\"logprobs\":null,"
            + "\"finish_reason\":\(SandboxJSON.quote(finish(turn)))}"
    }
}
