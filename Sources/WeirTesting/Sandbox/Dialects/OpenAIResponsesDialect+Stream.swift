extension OpenAIResponsesDialect {
    /// Typed events with sequence numbers; the last one carries the whole response. No `[DONE]`.
    static func stream(_ turn: SandboxTurn) -> SandboxReply {
        var events: [SandboxEvent] = []
        func send(_ type: String, _ fields: String, _ generated: Int = 0) {
            let text =
                "event: \(type)\ndata: {\"type\":\"\(type)\",\(fields),"
                + "\"sequence_number\":\(events.count)}\n\n"
            events.append(SandboxEvent(text, generated: generated))
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
        events[events.count - 1].tellsUsage = true
        let error =
            "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":"
            + "\"The server had an error while processing your request.\",\"param\":null,"
            + "\"sequence_number\":\(events.count)}\n\n"
        return SandboxReply(
            events: events, errorEvent: error, reportsUsage: turn.report.isReported)
    }

    /// Takes a type, its fields, and the bytes of the answer in it.
    private typealias Send = (String, String, Int) -> Void

    private static func sendText(
        _ turn: SandboxTurn, _ place: String, _ send: Send
    ) {
        let place = "\(place),\"content_index\":0"
        send("response.content_part.added", "\(place),\"part\":\(part(""))", 0)
        for word in turn.words {
            send(
                "response.output_text.delta",
                "\(place),\"delta\":\(SandboxJSON.quote(word)),\"logprobs\":[]", word.utf8.count)
        }
        send(
            "response.output_text.done",
            "\(place),\"text\":\(SandboxJSON.quote(turn.text)),\"logprobs\":[]", 0)
        send("response.content_part.done", "\(place),\"part\":\(part(turn.text))", 0)
    }

    private static func sendCall(
        _ turn: SandboxTurn, _ place: String, _ send: Send
    ) {
        for word in SandboxTurn.pieces(of: turn.arguments) {
            send(
                "response.function_call_arguments.delta",
                "\(place),\"delta\":\(SandboxJSON.quote(word))", word.utf8.count)
        }
        send(
            "response.function_call_arguments.done",
            "\(place),\"name\":\(SandboxJSON.quote(turn.tool)),"
                + "\"arguments\":\(SandboxJSON.quote(turn.arguments))", 0)
    }
}
