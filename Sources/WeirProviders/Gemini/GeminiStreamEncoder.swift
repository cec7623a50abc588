import WeirCore

/// Writes an answer to a Gemini client as server-sent events, or as one JSON array where the
/// client didn't ask for `alt=sse`.
///
/// Function calls go out whole, and so in the last chunk, with the finish reason and the usage.
struct GeminiStreamEncoder: ClientStreamEncoder {
    private let isArray: Bool
    private let request: RequestID
    private var form: GeminiResponse
    private var usage = TokenUsage.zero
    private var calls: [Call] = []
    private var hasBegun = false

    private struct Call {
        let id: String?
        let name: String
        let signature: ThoughtSignature?
        var arguments = ""
    }

    init(_ context: ReplyContext, isArray: Bool) {
        self.isArray = isArray
        request = context.request
        form = GeminiResponse(model: context.model.description, request: context.request)
    }

    var contentType: String { isArray ? "application/json" : "text/event-stream" }

    mutating func encode(_ events: [ChatEvent]) -> [UInt8] {
        var parts = StreamedParts()
        for event in events {
            switch event {
            case .started(let model): form.model = model ?? form.model
            case .text(let text): parts.add(text)
            case .thinking(let text): parts.think(text)
            case .thinkingSignature(let proof): parts.prove(proof)
            case .redactedThinking(let proof):
                parts.append(Thinking(text: "", redacted: proof))
            case .toolCall(_, let id, let name, let signature):
                calls.append(Call(id: id, name: name, signature: signature))
            case .toolArguments(let index, let text):
                if calls.indices.contains(index) { calls[index].arguments += text }
            case .usage(.reported(let usage)): self.usage = usage
            case .usage, .finish, .failed, .ended: continue
            }
        }
        let written = parts.written
        return written.isEmpty
            ? [] : framed(form.encode(written, finish: nil, usage: usage))
    }

    mutating func relay(_ step: StreamStep) -> [UInt8] {
        // Google's SDKs take a comment for JSON, but read over an event of nothing.
        if step.data.isEmpty { return isArray ? [] : [0x0A, 0x0A] }
        return framed(step.data, name: step.name)
    }

    mutating func complete(_ end: StreamEnd, withheld: [StreamStep]) -> [UInt8] {
        var bytes: [UInt8] = []
        for step in withheld where !step.data.isEmpty {
            bytes += framed(step.data, name: step.name)
        }
        if withheld.isEmpty {
            let parts = calls.map { call in
                GeminiPart.call(
                    ToolCall(
                        id: call.id, name: call.name, arguments: toolArguments(call.arguments),
                        signature: call.signature))
            }
            bytes = framed(form.encode(parts, finish: end.finish, usage: end.usage))
        }
        return bytes + closing
    }

    /// An element of the array like any other; behind events the error's JSON alone, which ends
    /// the body. So Gemini does it, and so SDKs in all languages raise it.
    mutating func fail(_ error: WeirError) -> [UInt8] {
        let data = GeminiError.encode(error, request: request)
        return isArray ? framed(data) + closing : data + [0x0A]
    }

    private var closing: [UInt8] { isArray ? [UInt8(ascii: "]")] : [] }

    private mutating func framed(_ data: [UInt8], name: String? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        if isArray {
            bytes.append(UInt8(ascii: hasBegun ? "," : "["))
            bytes += data
        } else {
            EventFrame.append(name: name, data: data, to: &bytes)
        }
        hasBegun = true
        return bytes
    }
}

/// The parts of one chunk; pieces of the same kind go together.
private struct StreamedParts {
    private var parts: [ChatPart] = []

    var written: [JSON] {
        parts.compactMap { part in
            switch part {
            case .text(let text): GeminiPart.text(text)
            case .thinking(let thinking): GeminiPart.thought(thinking)
            default: nil
            }
        }
    }

    mutating func add(_ text: String) {
        guard case .text(let before)? = parts.last else { return parts.append(.text(text)) }
        parts[parts.count - 1] = .text(before + text)
    }

    mutating func think(_ text: String) {
        guard case .thinking(var thinking)? = parts.last, thinking.signature == nil,
            thinking.redacted == nil
        else { return append(Thinking(text: text)) }
        thinking.text += text
        parts[parts.count - 1] = .thinking(thinking)
    }

    /// Behind thoughts of an earlier chunk the proof stands alone.
    mutating func prove(_ proof: ThoughtSignature) {
        guard case .thinking(var thinking)? = parts.last, thinking.signature == nil,
            thinking.redacted == nil
        else { return append(Thinking(text: "", signature: proof)) }
        thinking.signature = proof
        parts[parts.count - 1] = .thinking(thinking)
    }

    mutating func append(_ thinking: Thinking) { parts.append(.thinking(thinking)) }
}
