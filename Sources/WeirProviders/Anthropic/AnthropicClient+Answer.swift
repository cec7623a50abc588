package import WeirCore

extension AnthropicClient {
    package func encode(_ reply: ChatReply, _ context: ReplyContext) -> [UInt8] {
        var body = JSONWriter(capacity: 512 + reply.text.utf8.count)
        body.beginObject()
        body.beginMessage(context)
        body.name("content")
        body.beginArray()
        for thinking in reply.thinking { body.write(thinking) }
        if !reply.text.isEmpty {
            body.beginObject()
            body.member("type", "text")
            body.member("text", reply.text)
            body.endObject()
        }
        for (index, call) in reply.toolCalls.enumerated() {
            if let proof = call.signature { body.write(Thinking(text: "", redacted: proof)) }
            body.beginObject()
            body.member("type", "tool_use")
            body.member("id", AnthropicClient.callID(call.id, index, context))
            body.member("name", call.name)
            body.member("input", call.arguments.asToolInput)
            body.endObject()
        }
        body.endArray()
        let word = reply.finish.anthropicWord(
            stopSequence: reply.stopSequence, hasCalls: !reply.toolCalls.isEmpty)
        body.writeStop(word, reply.stopSequence)
        if case .reported(let usage) = reply.usage {
            body.write(usage, as: .whole)
        } else {
            body.write(.zero, as: .whole)
        }
        body.endObject()
        return body.bytes
    }

    package func stream(
        _ context: ReplyContext, _ options: StreamOptions
    ) -> any ClientStreamEncoder {
        AnthropicStreamEncoder(context)
    }

    package func encode(_ error: WeirError, request: RequestID) -> [UInt8] {
        var body = JSONWriter()
        body.beginObject()
        body.member("type", "error")
        body.name("error")
        body.beginObject()
        body.member("type", AnthropicErrorType(error.code).rawValue)
        body.member("message", error.message)
        // Where Anthropic's SDKs look for a stable code that names the cause.
        body.name("details")
        body.beginObject()
        body.member("error_code", error.code.rawValue)
        if let param = error.param { body.member("param", param) }
        body.endObject()
        body.endObject()
        body.member("request_id", request.description)
        body.endObject()
        return body.bytes
    }

    package func encode(count: Int64) -> [UInt8] {
        var body = JSONWriter()
        body.beginObject()
        body.member("input_tokens", count)
        body.endObject()
        return body.bytes
    }

    /// The provider's id, or where it gives none one that no other call of any turn has.
    static func callID(_ id: String?, _ index: Int, _ context: ReplyContext) -> String {
        id ?? "toolu_\(context.request)_\(index)"
    }
}

extension JSONWriter {
    mutating func beginMessage(_ context: ReplyContext) {
        member("id", "msg_\(context.request)")
        member("type", "message")
        member("role", "assistant")
        member("model", context.model.description)
    }

    mutating func writeStop(_ word: String?, _ sequence: String?) {
        member("stop_reason", word.map(JSON.string) ?? .null)
        let isSequence = word == "stop_sequence"
        member("stop_sequence", (isSequence ? sequence : nil).map(JSON.string) ?? .null)
    }

    /// A block of thoughts; a proof that another wire gave is marked, to be known again.
    mutating func write(_ thinking: Thinking) {
        beginObject()
        if let redacted = thinking.redacted {
            member("type", "redacted_thinking")
            member("data", redacted.text(for: .messages))
        } else {
            member("type", "thinking")
            member("thinking", thinking.text)
            member("signature", thinking.signature?.text(for: .messages) ?? "")
        }
        endObject()
    }

    /// The counts of Anthropic's form, where `input_tokens` leaves out what a cache read or wrote.
    mutating func write(_ usage: TokenUsage, as form: AnthropicUsageForm) {
        name("usage")
        beginObject()
        member("input_tokens", usage.uncachedInput)
        member("cache_creation_input_tokens", usage.cacheWrite5m + usage.cacheWrite1h)
        member("cache_read_input_tokens", usage.cacheRead)
        let lifetimes: JSON = [
            "ephemeral_5m_input_tokens": JSON(usage.cacheWrite5m),
            "ephemeral_1h_input_tokens": JSON(usage.cacheWrite1h),
        ]
        member("cache_creation", form == .beginning ? .null : lifetimes)
        member("output_tokens", usage.output)
        member("output_tokens_details", ["thinking_tokens": JSON(usage.reasoning)])
        let searches: JSON = [
            "web_search_requests": JSON(usage.webSearches), "web_fetch_requests": 0,
        ]
        member("server_tool_use", searches)
        if form != .end {
            // Anthropic's clients know no other tiers.
            let known = usage.serviceTier.flatMap { [.batch, .priority].contains($0) ? $0 : nil }
            member("service_tier", known?.rawValue ?? "standard")
            member("inference_geo", JSON.null)
        }
        endObject()
    }
}

/// Where usage stands. SDKs replace most counts of a stream's beginning by those of its end, but
/// not `cache_creation`: the beginning must not claim to know it.
enum AnthropicUsageForm {
    case whole, beginning, end
}
