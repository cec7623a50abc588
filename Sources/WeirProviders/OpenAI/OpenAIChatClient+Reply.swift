package import WeirCore

extension OpenAIChatClient {
    package func encode(_ reply: ChatReply, _ context: ReplyContext) -> [UInt8] {
        var body = JSONWriter(capacity: reply.text.utf8.count + 1_024)
        body.beginObject()
        body.member("id", answerID(context))
        body.member("object", "chat.completion")
        body.member("created", context.createdAt.milliseconds / 1_000)
        body.member("model", context.model.description)
        body.name("choices")
        body.beginArray()
        body.beginObject()
        body.member("index", Int64(0))
        body.name("message")
        write(reply, context, to: &body)
        body.member("logprobs", JSON.null)
        body.member("finish_reason", finishWord(reply.finish))
        body.endObject()
        body.endArray()
        let usage: TokenUsage
        if case .reported(let reported) = reply.usage { usage = reported } else { usage = .zero }
        body.member("service_tier", tierWord(usage.serviceTier))
        body.member("system_fingerprint", JSON.null)
        body.name("usage")
        write(usage, to: &body)
        body.endObject()
        return body.bytes
    }

    private func write(
        _ reply: ChatReply, _ context: ReplyContext, to body: inout JSONWriter
    ) {
        body.beginObject()
        body.member("role", "assistant")
        body.name("content")
        if reply.text.isEmpty, !reply.toolCalls.isEmpty {
            body.null()
        } else {
            body.string(reply.text)
        }
        body.member("refusal", JSON.null)
        body.member("annotations", [])
        let thoughts = reply.thinking.map(\.text).joined()
        if !thoughts.isEmpty { body.member("reasoning_content", thoughts) }
        let details = reply.thinking.enumerated().flatMap { thoughtDetails($1, index: Int64($0)) }
        // Without a proof there is nothing that the text alone doesn't say.
        if reply.thinking.contains(where: { $0.signature != nil || $0.redacted != nil }) {
            body.member("reasoning_details", .array(details))
        }
        if !reply.toolCalls.isEmpty {
            body.name("tool_calls")
            body.beginArray()
            for (index, call) in reply.toolCalls.enumerated() {
                body.write(
                    call, id: call.id ?? callID(context, Int64(index)),
                    signature: call.signature.map { $0.text(for: wire) })
            }
            body.endArray()
        }
        body.endObject()
    }

    /// All parts that the reference documents, where they are known; 0 where there are none.
    func write(_ usage: TokenUsage, to body: inout JSONWriter) {
        body.beginObject()
        body.member("prompt_tokens", usage.input)
        body.member("completion_tokens", usage.output)
        body.member("total_tokens", usage.total)
        body.name("prompt_tokens_details")
        body.beginObject()
        body.member("cached_tokens", usage.cacheRead)
        body.member("cache_write_tokens", usage.cacheWrite5m + usage.cacheWrite1h)
        body.member("audio_tokens", Int64(0))
        body.endObject()
        body.name("completion_tokens_details")
        body.beginObject()
        body.member("reasoning_tokens", usage.reasoning)
        body.member("audio_tokens", Int64(0))
        body.member("accepted_prediction_tokens", Int64(0))
        body.member("rejected_prediction_tokens", Int64(0))
        body.endObject()
        body.endObject()
    }

    func answerID(_ context: ReplyContext) -> String { "chatcmpl-\(context.request)" }

    /// An id for a call that its provider gave none.
    func callID(_ context: ReplyContext, _ index: Int64) -> String {
        "call_\(context.request)_\(index)"
    }

    /// Proofs in the form of OpenRouter's `reasoning_details`, which clients send back whole.
    func thoughtDetails(_ thinking: Thinking, index: Int64) -> [JSON] {
        if let redacted = thinking.redacted {
            return [
                [
                    "type": "reasoning.encrypted", "index": JSON(index),
                    "data": .string(redacted.text(for: wire)),
                ]
            ]
        }
        var detail: JSONObject = JSONObject([
            .init(name: "type", value: "reasoning.text"),
            .init(name: "index", value: JSON(index)),
            .init(name: "text", value: .string(thinking.text)),
        ])
        if let signature = thinking.signature {
            detail.append("signature", .string(signature.text(for: wire)))
        }
        return [.object(detail)]
    }
}

/// The form has five words; a turn that was paused or ended strangely has just stopped.
func finishWord(_ finish: FinishReason) -> String {
    switch finish {
    case .length: "length"
    case .toolCalls: "tool_calls"
    case .contentFilter: "content_filter"
    case .stop, .pause, .other: "stop"
    }
}

func tierWord(_ tier: ServiceTier?) -> String {
    switch tier {
    case .flex: "flex"
    case .priority, .fast: "priority"
    case nil, .batch: "default"
    }
}
