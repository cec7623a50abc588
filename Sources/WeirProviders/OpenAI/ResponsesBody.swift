import WeirCore

/// The `response` object, with every field that OpenAI's own has.
struct ResponsesBody: Sendable {
    let context: ReplyContext
    let names: ResponsesItemNames
    private let echo: ResponsesEcho

    init(_ context: ReplyContext) {
        self.context = context
        echo = ResponsesEcho(context.asked)
        names = ResponsesItemNames(context.request)
    }

    enum Status: Sendable {
        case inProgress
        case completed
        /// `max_output_tokens` or `content_filter`
        case incomplete(String)

        init(_ finish: FinishReason) {
            switch finish {
            case .length: self = .incomplete("max_output_tokens")
            case .contentFilter: self = .incomplete("content_filter")
            case .stop, .toolCalls, .pause, .other: self = .completed
            }
        }

        var isComplete: Bool {
            if case .completed = self { true } else { false }
        }

        var word: String {
            switch self {
            case .inProgress: "in_progress"
            case .completed: "completed"
            case .incomplete: "incomplete"
            }
        }
    }

    func encode(_ reply: ChatReply) -> [UInt8] {
        var usage = TokenUsage.zero
        if case .reported(let reported) = reply.usage { usage = reported }
        var writer = JSONWriter(capacity: 2_048 + reply.text.utf8.count)
        write(Status(reply.finish), items(of: reply), usage, to: &writer)
        return writer.bytes
    }

    private func items(of reply: ChatReply) -> [ResponsesItem] {
        var names = names
        var items: [ResponsesItem] = []
        func add(_ prefix: String, _ kind: ResponsesItem.Kind, _ text: String = "") {
            let id = names.item(prefix, at: items.count)
            items.append(ResponsesItem(id: id, kind: kind, text: text))
        }
        for thinking in reply.thinking {
            if let thoughts = thinking.redacted {
                add("rs", .reasoning(seal: .redacted(thoughts)))
            } else {
                let seal = thinking.signature.map { ResponsesSeal.thought($0) }
                add("rs", .reasoning(seal: seal), thinking.text)
            }
        }
        // An answer of nothing is an empty message, unless it was cut short.
        if !reply.text.isEmpty || (reply.toolCalls.isEmpty && Status(reply.finish).isComplete) {
            add("msg", .message, reply.text)
        }
        for call in reply.toolCalls {
            if let signature = call.signature { add("rs", .reasoning(seal: .call(signature))) }
            let id = names.call(call.id, at: items.count)
            let arguments = call.arguments.string ?? call.arguments.text
            add("fc", .call(id: id, name: call.name), arguments)
        }
        return items
    }

    /// - Parameter usage: nil while the answer is being given.
    func write(
        _ status: Status, _ items: [ResponsesItem], _ usage: TokenUsage?,
        to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("id", names.response)
        writer.member("object", "response")
        writer.member("created_at", context.createdAt.milliseconds / 1_000)
        writer.member("status", status.word)
        writer.member("background", false)
        writer.member("completed_at", .null)
        writer.member("error", .null)
        writer.name("incomplete_details")
        if case .incomplete(let reason) = status {
            writer.value(["reason": .string(reason)])
        } else {
            writer.null()
        }
        writer.member("instructions", echo.setting("instructions"))
        writer.member("max_output_tokens", echo.setting("max_output_tokens"))
        writer.member("max_tool_calls", echo.maxToolCalls)
        writer.member("model", context.model.description)
        writer.name("output")
        writer.beginArray()
        for item in items { item.write(status: itemStatus(status, item, items), to: &writer) }
        writer.endArray()
        writeSettings(to: &writer)
        writer.name("usage")
        if let usage { write(usage, to: &writer) } else { writer.null() }
        writer.member("user", echo.text("user"))
        writer.member("metadata", echo.metadata)
        writer.endObject()
    }

    /// A cut answer was cut in its last item.
    private func itemStatus(
        _ status: Status, _ item: ResponsesItem, _ items: [ResponsesItem]
    ) -> String {
        item.id == items.last?.id ? status.word : Status.completed.word
    }

    /// Nothing is stored, whatever was asked; what only OpenAI can be told never gets here.
    private func writeSettings(to writer: inout JSONWriter) {
        writer.member("parallel_tool_calls", echo.setting("parallel_tool_calls", else: true))
        writer.member("previous_response_id", .null)
        writer.member("prompt_cache_key", echo.text("prompt_cache_key"))
        writer.member("prompt_cache_retention", echo.text("prompt_cache_retention"))
        writer.member("reasoning", echo.reasoning)
        writer.member("safety_identifier", echo.text("safety_identifier"))
        writer.member("service_tier", "default")
        writer.member("store", false)
        writer.member("temperature", echo.setting("temperature"))
        writer.member("text", echo.format)
        writer.member("tool_choice", echo.setting("tool_choice", else: "auto"))
        writer.member("tools", echo.tools)
        writer.member("top_logprobs", 0 as Int64)
        writer.member("top_p", echo.setting("top_p"))
        writer.member("truncation", "disabled")
    }

    private func write(_ usage: TokenUsage, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("input_tokens", usage.input)
        writer.name("input_tokens_details")
        writer.beginObject()
        writer.member("cached_tokens", usage.cacheRead)
        writer.member("cache_write_tokens", usage.cacheWrite5m + usage.cacheWrite1h)
        writer.endObject()
        writer.member("output_tokens", usage.output)
        writer.name("output_tokens_details")
        writer.beginObject()
        writer.member("reasoning_tokens", usage.reasoning)
        writer.endObject()
        writer.member("total_tokens", usage.total)
        writer.endObject()
    }
}
