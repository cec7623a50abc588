import WeirCore

/// Writes one streamed message. Blocks follow one another: each is ended before the next begins,
/// but for a call that has no arguments yet, since some providers tell the names of all calls
/// before the arguments of the first.
struct AnthropicStreamEncoder: ClientStreamEncoder {
    var contentType: String { "text/event-stream" }

    private let context: ReplyContext
    private var isStarted = false
    private var open: Block?
    private var nextIndex = 0
    /// The blocks of the calls so far, by the call's number.
    private var callBlocks: [Int: Int] = [:]

    /// The blocks of calls that haven't ended.
    private var openCalls: [OpenCall] = []

    private enum Block: Equatable {
        case text
        case thinking
    }

    private struct OpenCall {
        let index: Int
        var hasArguments = false
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
        endBlocks(&bytes)
        let word = end.finish.anthropicWord(
            stopSequence: end.stopSequence, hasCalls: !callBlocks.isEmpty)
        append("message_delta", to: &bytes) { body in
            body.name("delta")
            body.beginObject()
            body.writeStop(word, end.stopSequence)
            body.endObject()
            body.write(end.usage, as: .end)
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
            endBlocks(&bytes)
        case .redactedThinking(let proof): seal(proof, &bytes)
        case .toolCall(let number, let id, let name, let proof):
            if let proof { seal(proof, &bytes) }
            begin(call: number, id, name, &bytes)
        case .toolArguments(let number, let text):
            guard !text.isEmpty, let index = callBlocks[number] else { return }
            if let place = openCalls.firstIndex(where: { $0.index == index }) {
                openCalls[place].hasArguments = true
            }
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
            body.write(TokenUsage.zero, as: .beginning)
            body.endObject()
        }
    }

    /// Begins a block of text or thoughts, unless it is open already.
    private mutating func begin(_ block: Block, _ bytes: inout [UInt8]) {
        guard open != block else { return }
        endBlocks(&bytes)
        beginBlock(&bytes) { body in
            switch block {
            case .text:
                body.member("type", "text")
                body.member("text", "")
            case .thinking:
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
        endBlocks(&bytes, but: { !$0.hasArguments })
        beginBlock(&bytes) { body in
            body.member("type", "tool_use")
            body.member("id", id)
            body.member("name", name)
            body.member("input", JSON.object(JSONObject()))
        }
        callBlocks[number] = nextIndex - 1
        openCalls.append(OpenCall(index: nextIndex - 1))
    }

    /// A block that is whole as soon as it begins.
    private mutating func seal(_ proof: ThoughtSignature, _ bytes: inout [UInt8]) {
        endBlocks(&bytes, but: { !$0.hasArguments })
        beginBlock(&bytes) { body in
            body.member("type", "redacted_thinking")
            body.member("data", proof.text(for: .messages))
        }
        end(block: nextIndex - 1, &bytes)
    }

    private mutating func beginBlock(
        _ bytes: inout [UInt8], _ write: (inout JSONWriter) -> Void
    ) {
        start(&bytes)
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

    /// Ends the blocks that are open, but for such calls as are to stay.
    private mutating func endBlocks(
        _ bytes: inout [UInt8], but stays: (OpenCall) -> Bool = { _ in false }
    ) {
        if open != nil {
            open = nil
            end(block: nextIndex - 1, &bytes)
        }
        for call in openCalls where !stays(call) {
            // Clients put a call's input together from its deltas: there has to be one.
            if !call.hasArguments {
                delta("input_json_delta", "partial_json", "{}", at: call.index, to: &bytes)
            }
            end(block: call.index, &bytes)
        }
        openCalls.removeAll { !stays($0) }
    }

    private func end(block index: Int, _ bytes: inout [UInt8]) {
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
