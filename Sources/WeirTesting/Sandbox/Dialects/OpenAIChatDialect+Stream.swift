extension OpenAIChatDialect {
    /// `chat.completion.chunk` events: the role first, words, the finish, usage if asked for,
    /// `[DONE]`.
    static func stream(_ turn: SandboxTurn) -> SandboxReply {
        let isDeepSeek = turn.call.provider == .deepseek
        let told = usage(turn)
        let start = "data: {\(head(turn, "chat.completion.chunk")),\"choices\":["
        let withUsage = turn.call.reportsStreamUsage
        // Once usage is asked for, every chunk but the last says null.
        let end = "]\(withUsage && !isDeepSeek ? ",\"usage\":null" : "")}\n\n"
        var events: [SandboxEvent] = []
        for index in 0..<(turn.isEmpty ? 0 : turn.call.choices) {
            for (delta, generated, finish) in deltas(turn) {
                // DeepSeek puts usage on the chunk that finishes.
                let isLast = isDeepSeek && finish != nil && index == turn.call.choices - 1
                events.append(
                    SandboxEvent(
                        start + "{\"index\":\(index),\"delta\":{\(delta)},\"logprobs\":null,"
                            + "\"finish_reason\":\(SandboxJSON.quote(finish))}"
                            + (isLast ? "]\(told)}\n\n" : end),
                        generated: generated, tellsUsage: isLast))
            }
        }
        if withUsage, !isDeepSeek || turn.isEmpty {
            events.append(SandboxEvent("\(start)]\(told)}\n\n", tellsUsage: true))
        }
        events.append(SandboxEvent("data: [DONE]\n\n"))
        let failure = SandboxFailure(
            status: 500, "The server had an error while processing your request.")
        return SandboxReply(
            events: events,
            errorEvent: "data: \(SandboxErrorBody.openAI(failure, turn.call.provider))\n\n",
            reportsUsage: withUsage && turn.report.isReported)
    }

    /// What each chunk adds, the bytes of the answer in it, and the finish reason.
    private static func deltas(
        _ turn: SandboxTurn
    ) -> [(delta: String, generated: Int, finish: String?)] {
        var deltas: [(String, Int, String?)] = []
        if let tool = turn.tool {
            let call = toolCall(tool, turn, arguments: "")
            deltas.append(
                (
                    "\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,"
                        + "\(call.dropFirst())]", 0, nil
                ))
            deltas += SandboxTurn.pieces(of: turn.arguments).map {
                (
                    "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
                        + "\(SandboxJSON.quote($0))}}]", $0.utf8.count, nil
                )
            }
        } else {
            deltas.append(("\"role\":\"assistant\",\"content\":\"\"", 0, nil))
            if turn.call.provider == .deepseek, turn.usage.reasoning > 0 {
                let thoughts = SandboxJSON.quote(turn.thoughts)
                deltas.append(("\"content\":null,\"reasoning_content\":\(thoughts)", 0, nil))
            }
            deltas += turn.words.map {
                ("\"content\":\(SandboxJSON.quote($0))", $0.utf8.count, nil)
            }
        }
        return deltas + [("", 0, finish(turn))]
    }
}
