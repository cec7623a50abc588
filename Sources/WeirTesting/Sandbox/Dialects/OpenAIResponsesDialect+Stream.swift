extension OpenAIResponsesDialect {
    /// Typed events with sequence numbers; the last one carries the whole response. No `[DONE]`.
    static func stream(_ turn: SandboxTurn) -> SandboxReply {
        var events: [String] = []
        func send(_ type: String, _ fields: String) {
            events.append(
                "event: \(type)\ndata: {\"type\":\"\(type)\",\(fields),"
                    + "\"sequence_number\":\(events.count)}\n\n")
        }
        let begun = envelope(turn, status: "in_progress", output: "", ",\"usage\":null")
        send("response.created", "\"response\":\(begun)")
        send("response.in_progress", "\"response\":\(begun)")
        if !turn.isEmpty {
            let place = "\"item_id\":\"\(itemID(turn))\",\"output_index\":0"
            send(
                "response.output_item.added",
                "\"output_index\":0,\"item\":\(item(turn, isDone: false))")
            if turn.tool == nil { sendText(turn, place, send) } else { sendCall(turn, place, send) }
            send("response.output_item.done", "\"output_index\":0,\"item\":\(item(turn))")
        }
        send("response.\(status(turn))", "\"response\":\(response(turn))")
        let error =
            "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":"
            + "\"The server had an error while processing your request.\",\"param\":null,"
            + "\"sequence_number\":\(events.count)}\n\n"
        return SandboxReply(
            events: events, errorEvent: error, reportsUsage: turn.report.isReported)
    }

    private static func sendText(
        _ turn: SandboxTurn, _ place: String, _ send: (String, String) -> Void
    ) {
        let place = "\(place),\"content_index\":0"
        send("response.content_part.added", "\(place),\"part\":\(part(""))")
        for word in turn.words {
            send(
                "response.output_text.delta",
                "\(place),\"delta\":\(SandboxJSON.quote(word)),\"logprobs\":[]")
        }
        send(
            "response.output_text.done",
            "\(place),\"text\":\(SandboxJSON.quote(turn.text)),\"logprobs\":[]")
        send("response.content_part.done", "\(place),\"part\":\(part(turn.text))")
    }

    private static func sendCall(
        _ turn: SandboxTurn, _ place: String, _ send: (String, String) -> Void
    ) {
        for word in SandboxTurn.pieces(of: turn.arguments) {
            send(
                "response.function_call_arguments.delta",
                "\(place),\"delta\":\(SandboxJSON.quote(word))")
        }
        send(
            "response.function_call_arguments.done",
            "\(place),\"name\":\(SandboxJSON.quote(turn.tool)),"
                + "\"arguments\":\(SandboxJSON.quote(turn.arguments))")
    }
}
