import WeirCore

/// Writes an answer as `chat.completion.chunk`s.
struct ChatStreamEncoder: ClientStreamEncoder {
    private let client: OpenAIChatClient
    private let context: ReplyContext
    private let includesUsage: Bool
    /// What every chunk begins with, up to its choices.
    private let head: [UInt8]
    private var hasBegun = false
    /// The call that goes on, as long as it has no arguments: clients parse what they get, and that
    /// can't be nothing.
    private var bareCall: Int?
    /// What was thought since the last proof: it goes with the next one once more, since clients
    /// send the two back together.
    private var thoughts = ""
    private var proofCount: Int64 = 0

    init(_ client: OpenAIChatClient, _ context: ReplyContext, _ options: StreamOptions) {
        self.client = client
        self.context = context
        includesUsage = options.includesUsage
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", client.answerID(context))
        writer.member("object", "chat.completion.chunk")
        writer.member("created", context.createdAt.milliseconds / 1_000)
        writer.member("model", context.model.description)
        writer.member("service_tier", "default")
        writer.member("system_fingerprint", JSON.null)
        writer.name("choices")
        head = Array("data: ".utf8) + writer.bytes
    }

    var contentType: String { "text/event-stream" }

    mutating func encode(_ events: [ChatEvent]) -> [UInt8] {
        var bytes: [UInt8] = []
        for event in events { encode(event, to: &bytes) }
        return bytes
    }

    mutating func relay(_ step: StreamStep) -> [UInt8] {
        guard step != .keepAlive else { return EventFrame.keepAlive }
        guard step.relay == .forward else { return [] }
        var bytes: [UInt8] = []
        EventFrame.append(name: step.name, data: step.data, to: &bytes)
        return bytes
    }

    mutating func complete(_ end: StreamEnd, withheld: [StreamStep]) -> [UInt8] {
        var bytes: [UInt8] = []
        guard withheld.isEmpty else {
            for step in withheld { EventFrame.append(name: step.name, data: step.data, to: &bytes) }
            return bytes
        }
        begin(&bytes)
        endCall(&bytes)
        append(delta: JSONObject(), finish: finishWord(end.finish), to: &bytes)
        if includesUsage { append(end.usage, to: &bytes) }
        bytes.append(contentsOf: "data: [DONE]\n\n".utf8)
        return bytes
    }

    mutating func fail(_ error: WeirError) -> [UInt8] {
        var bytes: [UInt8] = []
        EventFrame.append(name: nil, data: client.errorBody(error).encoded, to: &bytes)
        return bytes
    }

    private mutating func encode(_ event: ChatEvent, to bytes: inout [UInt8]) {
        switch event {
        case .started: begin(&bytes)
        case .text(let text): append("content", text, to: &bytes)
        case .thinking(let text):
            thoughts += text
            append("reasoning_content", text, to: &bytes)
        case .thinkingSignature(let signature):
            append(proof: Thinking(text: thoughts, signature: signature), to: &bytes)
            thoughts = ""
        case .redactedThinking(let data):
            append(proof: Thinking(text: "", redacted: data), to: &bytes)
        case .toolCall(let index, let id, let name, let signature):
            endCall(&bytes)
            bareCall = index
            append(call: index, id: id, name: name, signature, to: &bytes)
        case .toolArguments(let index, let text):
            guard !text.isEmpty else { return }
            if bareCall == index { bareCall = nil }
            append(arguments: text, call: index, to: &bytes)
        case .finish, .usage, .failed, .ended: return
        }
    }

    /// The first delta of an answer holds its role.
    private mutating func begin(_ bytes: inout [UInt8]) {
        guard !hasBegun else { return }
        hasBegun = true
        append(
            delta: JSONObject([
                .init(name: "role", value: "assistant"), .init(name: "content", value: ""),
                .init(name: "refusal", value: .null),
            ]), to: &bytes)
    }

    /// SDKs take a call for whole where another one begins.
    private mutating func endCall(_ bytes: inout [UInt8]) {
        guard let index = bareCall else { return }
        bareCall = nil
        append(arguments: "{}", call: index, to: &bytes)
    }

    private mutating func append(_ name: String, _ text: String, to bytes: inout [UInt8]) {
        guard !text.isEmpty else { return }
        begin(&bytes)
        append(delta: JSONObject([.init(name: name, value: .string(text))]), to: &bytes)
    }

    private mutating func append(proof thinking: Thinking, to bytes: inout [UInt8]) {
        begin(&bytes)
        let details = client.thoughtDetails(thinking, index: proofCount)
        proofCount += 1
        append(
            delta: JSONObject([.init(name: "reasoning_details", value: .array(details))]),
            to: &bytes)
    }

    private mutating func append(
        call index: Int, id: String?, name: String, _ signature: ThoughtSignature?,
        to bytes: inout [UInt8]
    ) {
        begin(&bytes)
        var call = JSONObject([
            .init(name: "index", value: JSON(index)),
            .init(name: "id", value: .string(id ?? client.callID(context, Int64(index)))),
            .init(name: "type", value: "function"),
            .init(name: "function", value: ["name": .string(name), "arguments": ""]),
        ])
        if let signature {
            call.append("extra_content", googleContent(signature.text(for: client.wire)))
        }
        append(call: call, to: &bytes)
    }

    private func append(arguments text: String, call index: Int, to bytes: inout [UInt8]) {
        let call = JSONObject([
            .init(name: "index", value: JSON(index)),
            .init(name: "function", value: ["arguments": .string(text)]),
        ])
        append(call: call, to: &bytes)
    }

    private func append(call: JSONObject, to bytes: inout [UInt8]) {
        append(
            delta: JSONObject([.init(name: "tool_calls", value: .array([.object(call)]))]),
            to: &bytes)
    }
}

extension ChatStreamEncoder {
    private func append(delta: JSONObject, finish: String? = nil, to bytes: inout [UInt8]) {
        var choices = JSONWriter()
        choices.beginArray()
        choices.beginObject()
        choices.member("index", Int64(0))
        choices.member("delta", JSON.object(delta))
        choices.member("logprobs", JSON.null)
        choices.member("finish_reason", finish.map(JSON.string) ?? JSON.null)
        choices.endObject()
        choices.endArray()
        bytes.append(contentsOf: head)
        bytes.append(contentsOf: choices.bytes)
        if includesUsage { bytes.append(contentsOf: ",\"usage\":null".utf8) }
        bytes.append(contentsOf: "}\n\n".utf8)
    }

    /// The chunk that OpenAI sends last where usage was asked for: it has no choice.
    private func append(_ usage: TokenUsage, to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        client.write(usage, to: &writer)
        bytes.append(contentsOf: head)
        bytes.append(contentsOf: "[],\"usage\":".utf8)
        bytes.append(contentsOf: writer.bytes)
        bytes.append(contentsOf: "}\n\n".utf8)
    }
}
