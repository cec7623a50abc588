extension AnthropicDialect {
    /// `message_start` … `message_stop`; the output count in `message_delta` is the whole one.
    static func stream(_ turn: SandboxTurn) -> SandboxReply {
        var events = [
            event(
                "message_start",
                "\"message\":{\(head(turn)),\"content\":[],\"stop_reason\":null,"
                    + "\"stop_sequence\":null\(usage(turn, output: min(1, turn.usage.output)))}")
        ]
        if !turn.isEmpty {
            let start = block(turn, isEmpty: true)
            events.append(
                event("content_block_start", "\"index\":0,\"content_block\":\(start)"))
            events.append(SandboxEvent("event: ping\ndata: {\"type\":\"ping\"}\n\n"))
            let isTool = turn.tool != nil
            for word in isTool ? SandboxTurn.pieces(of: turn.arguments) : turn.words {
                let delta =
                    isTool
                    ? "\"type\":\"input_json_delta\",\"partial_json\":"
                    : "\"type\":\"text_delta\",\"text\":"
                var block = event(
                    "content_block_delta",
                    "\"index\":0,\"delta\":{\(delta)\(SandboxJSON.quote(word))}")
                block.generated = word.utf8.count
                events.append(block)
            }
            events.append(event("content_block_stop", "\"index\":0"))
        }
        var end = event(
            "message_delta",
            "\"delta\":{\"stop_reason\":\(SandboxJSON.quote(stopReason(turn))),"
                + "\"stop_sequence\":null}\(usage(turn))")
        end.tellsUsage = true
        events.append(end)
        events.append(
            SandboxEvent("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"))
        let failure = SandboxFailure(status: 529, "Overloaded")
        return SandboxReply(
            events: events,
            errorEvent: "event: error\ndata: \(SandboxErrorBody.anthropic(failure))\n\n",
            reportsUsage: turn.report.isReported)
    }

    private static func event(_ type: String, _ fields: String) -> SandboxEvent {
        SandboxEvent("event: \(type)\ndata: {\"type\":\"\(type)\",\(fields)}\n\n")
    }
}
