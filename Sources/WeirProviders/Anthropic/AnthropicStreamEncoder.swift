import WeirCore

/// Writes one streamed message. Blocks follow one another: each is ended before the next begins.
struct AnthropicStreamEncoder: ClientStreamEncoder {
    var contentType: String { "text/event-stream" }

    private let context: ReplyContext
    private var isStarted = false
    private var open: Block?
    private var nextIndex = 0
    /// The blocks of the calls so far, by the call's number.
    private var callBlocks: [Int: Int] = [:]

    private enum Block: Equatable {
        case text
        case thinking
        case call(hasArguments: Bool)
    }

    init(_ context: ReplyContext) { self.context = context }

    mutating func encode(_ events: [ChatEvent]) -> [UInt8] {
        var bytes: [UInt8] = []
        for event in events { write(event, to: &bytes) }
        return bytes
    }

    mutating func relay(_ step: StreamStep) -> [UInt8] {
        guard step.relay == .forward else { return [] }
        guard !step.data.isEmpty else { return EventFrame.keepAlive }
        isStarted = true
        return frame(step)
    }

    mutating func complete(_ end: StreamEnd, withheld: [StreamStep]) -> [UInt8] {
        guard withheld.isEmpty else { return withheld.flatMap(frame) }
        var bytes: [UInt8] = []
        start(&bytes)
        endBlock(&bytes)
        let word = end.finish.anthropicWord(
            stopSequence: end.stopSequence, hasCalls: !callBlocks.isEmpty)
        append("message_delta", to: &bytes) { body in
            body.name("delta")
            body.beginObject()
            body.writeStop(word, end.stopSequence)
            body.endObject()
            body.write(end.usage, isWhole: false)
        }
        append("message_stop", to: &bytes) { _ in }
        return bytes
    }

    mutating func fail(_ error: WeirError) -> [UInt8] {
        var bytes: [UInt8] = []
        let data = AnthropicClient().encode(error, request: context.request)
        EventFrame.append(name: "error", data: data, to: &bytes)
        return bytes
    }

    private mutating func write(_ event: ChatEvent, to bytes: inout [UInt8]) {
        switch event {
        case .started: start(&bytes)
        case .text(let text):
            guard !text.isEmpty else { return }
            begin(.text, &bytes)
            delta("text_delta", "text", text, to: &bytes)
        case .thinking(let text):
            guard !text.isEmpty else { return }
            begin(.thinking, &bytes)
            delta("thinking_delta", "thinking", text, to: &bytes)
        case .thinkingSignature(let proof):
            begin(.thinking, &bytes)
            delta("signature_delta", "signature", proof.text(for: .messages), to: &bytes)
            endBlock(&bytes)
        case .redactedThinking(let proof): seal(proof, &bytes)
        case .toolCall(let number, let id, let name, let proof):
            if let proof { seal(proof, &bytes) }
            begin(call: number, id, name, &bytes)
        case .toolArguments(let number, let text):
            guard !text.isEmpty, let index = callBlocks[number] else { return }
            if index == nextIndex - 1, open != nil { open = .call(hasArguments: true) }
            delta("input_json_delta", "partial_json", text, at: index, to: &bytes)
        case .finish, .usage, .failed, .ended: return
        }
    }

    /// The real counts come at the end; they replace these.
    private mutating func start(_ bytes: inout [UInt8]) {
        guard !isStarted else { return }
        isStarted = true
        append("message_start", to: &bytes) { body in
            body.name("message")
            body.beginObject()
            body.beginMessage(context)
            body.member("content", JSON.array([]))
            body.writeStop(nil, nil)
            body.write(TokenUsage.zero, isWhole: true)
            body.endObject()
        }
    }

    /// Begins a block of text or thoughts, unless it is open already.
    private mutating func begin(_ block: Block, _ bytes: inout [UInt8]) {
        guard open != block else { return }
        beginBlock(&bytes) { body in
            switch block {
            case .text:
                body.member("type", "text")
                body.member("text", "")
            case .thinking, .call:
                body.member("type", "thinking")
                body.member("thinking", "")
                body.member("signature", "")
            }
        }
        open = block
    }

    private mutating func begin(
        call number: Int, _ id: String?, _ name: String, _ bytes: inout [UInt8]
    ) {
        let id = AnthropicClient.callID(id, number, context)
        beginBlock(&bytes) { body in
            body.member("type", "tool_use")
            body.member("id", id)
            body.member("name", name)
            body.member("input", JSON.object(JSONObject()))
        }
        open = .call(hasArguments: false)
        callBlocks[number] = nextIndex - 1
    }

    /// A block that is whole as soon as it begins.
    private mutating func seal(_ proof: ThoughtSignature, _ bytes: inout [UInt8]) {
        beginBlock(&bytes) { body in
            body.member("type", "redacted_thinking")
            body.member("data", proof.text(for: .messages))
        }
        open = .thinking
        endBlock(&bytes)
    }

    private mutating func beginBlock(
        _ bytes: inout [UInt8], _ write: (inout JSONWriter) -> Void
    ) {
        start(&bytes)
        endBlock(&bytes)
        let index = nextIndex
        nextIndex += 1
        append("content_block_start", to: &bytes) { body in
            body.member("index", Int64(index))
            body.name("content_block")
            body.beginObject()
            write(&body)
            body.endObject()
        }
    }

    private mutating func endBlock(_ bytes: inout [UInt8]) {
        guard let block = open else { return }
        open = nil
        // Clients put a call's input together from its deltas: there has to be one.
        if block == .call(hasArguments: false) {
            delta("input_json_delta", "partial_json", "{}", to: &bytes)
        }
        let index = nextIndex - 1
        append("content_block_stop", to: &bytes) { $0.member("index", Int64(index)) }
    }

    /// - Parameter index: the block; nil is the last one.
    private func delta(
        _ type: String, _ name: String, _ text: String, at index: Int? = nil,
        to bytes: inout [UInt8]
    ) {
        append("content_block_delta", to: &bytes) { body in
            body.member("index", Int64(index ?? nextIndex - 1))
            body.name("delta")
            body.beginObject()
            body.member("type", type)
            body.member(name, text)
            body.endObject()
        }
    }

    private func append(
        _ type: String, to bytes: inout [UInt8], _ write: (inout JSONWriter) -> Void
    ) {
        var body = JSONWriter()
        body.beginObject()
        body.member("type", type)
        write(&body)
        body.endObject()
        EventFrame.append(name: type, data: body.bytes, to: &bytes)
    }

    private func frame(_ step: StreamStep) -> [UInt8] {
        var bytes: [UInt8] = []
        EventFrame.append(name: step.name, data: step.data, to: &bytes)
        return bytes
    }
}
