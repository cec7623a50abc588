package import WeirCore

/// How callers of `/ai/complete` are answered, exactly as the contract has it.
package struct CompleteDialect: ClientReplyDialect {
    package init() {}

    package var wire: Wire { .complete }

    package func encode(_ reply: ChatReply, _ context: ReplyContext) -> [UInt8] {
        var usage = TokenUsage.zero
        if case .reported(let reported) = reply.usage { usage = reported }
        var writer = JSONWriter(capacity: reply.text.utf8.count + 160)
        writer.beginObject()
        writer.member("content", reply.text)
        CompleteDialect.write(usage, context.cost, context.request, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    package func stream(
        _ context: ReplyContext, _ options: StreamOptions
    ) -> any ClientStreamEncoder {
        CompleteStreamEncoder(request: context.request)
    }

    package func encode(_ error: WeirError, request: RequestID) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("error", error.code.rawValue)
        writer.member("message", error.message)
        if let param = error.param { writer.member("param", param) }
        for detail in error.details { writer.member(detail.name, detail.value) }
        writer.member("request_id", request.description)
        writer.endObject()
        return writer.bytes
    }

    fileprivate static func write(
        _ usage: TokenUsage, _ cost: Money, _ request: RequestID, to writer: inout JSONWriter
    ) {
        writer.member("input_tokens", usage.input)
        writer.member("output_tokens", usage.output)
        writer.name("cost_usd")
        writer.raw(cost.usd)
        writer.member("request_id", request.description)
    }
}

/// `token` events with a delta each, then `done` with the envelope, or `error`.
private struct CompleteStreamEncoder: ClientStreamEncoder {
    let request: RequestID

    var contentType: String { "text/event-stream" }

    mutating func encode(_ events: [ChatEvent]) -> [UInt8] {
        var bytes: [UInt8] = []
        for case .text(let text) in events where !text.isEmpty {
            var writer = JSONWriter(capacity: text.utf8.count + 16)
            writer.beginObject()
            writer.member("delta", text)
            writer.endObject()
            append("token", writer.bytes, to: &bytes)
        }
        return bytes
    }

    /// No provider speaks this wire; what comes here keeps the connection alive.
    mutating func relay(_ step: StreamStep) -> [UInt8] { Array(": keep-alive\n\n".utf8) }

    mutating func complete(_ end: StreamEnd, withheld: [StreamStep]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        CompleteDialect.write(end.usage, end.cost, request, to: &writer)
        writer.endObject()
        var bytes: [UInt8] = []
        append("done", writer.bytes, to: &bytes)
        return bytes
    }

    mutating func fail(_ error: WeirError) -> [UInt8] {
        var bytes: [UInt8] = []
        append("error", CompleteDialect().encode(error, request: request), to: &bytes)
        return bytes
    }

    private func append(_ name: String, _ data: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "event: \(name)\ndata: ".utf8)
        bytes.append(contentsOf: data)
        bytes.append(contentsOf: "\n\n".utf8)
    }
}
