import WeirCore

/// Reads a streamed message.
///
/// Usage is cumulative: `message_start` has what was read, `message_delta` all that was used so
/// far, where a member that it leaves out keeps its value. Only `message_stop` completes an answer;
/// the stop reason is kept back with it: a client that has read it takes the answer for complete.
struct AnthropicReplyStream: EventStreamDecoder {
    var lines = ServerSentEvents()
    var pending: ReplyDefect?
    private var usage = AnthropicStreamUsage()
    /// The calls whose blocks are open, by the block's index.
    private var calls: [Int64: OpenCall] = [:]
    private var callCount = 0
    private var isStarted = false
    /// The answer is complete, or the provider gave up: nothing that follows counts.
    private var isOver = false

    private struct OpenCall {
        let number: Int
        let input: JSON?
        var hasArguments = false
    }

    mutating func step(_ name: String?, _ data: [UInt8]) throws(ReplyDefect) -> StreamStep {
        if isOver { return StreamStep(name: name, data: data, events: [], relay: .drop) }
        let event = try object(data)
        let type = event["type"]?.string
        // Clients go by the name or by the type: what either says must not slip through.
        if name == "error" || type == "error" {
            isOver = true
            return StreamStep(
                name: name, data: data, events: [.failed(failure(event, data))], relay: .drop)
        }
        if name == "message_stop" || type == "message_stop" {
            guard isStarted else { throw defect("the message ends before it starts") }
            isOver = true
            return StreamStep(name: name, data: data, events: [.ended], relay: .withhold)
        }
        let told = try events(type ?? name, event)
        let isStop = told.contains { if case .finish = $0 { true } else { false } }
        return StreamStep(
            name: name, data: data, events: told, relay: isStop ? .withhold : .forward)
    }

    private func object(_ data: [UInt8]) throws(ReplyDefect) -> JSONObject {
        let json: JSON
        do throws(JSONError) {
            json = try JSONParser.parse(data, .reply)
        } catch {
            throw defect("an event is not JSON: \(error.reason) at byte \(error.offset)")
        }
        guard let object = json.object else { throw defect("an event is \(json.kind)") }
        return object
    }

    private mutating func events(
        _ type: String?, _ event: JSONObject
    ) throws(ReplyDefect) -> [ChatEvent] {
        switch type {
        case "message_start":
            isStarted = true
            guard let message = event["message"]?.object else {
                throw defect("message_start has no message")
            }
            let model = message["model"]?.string
            return [.started(model: model)] + usage.events(after: message)
        case "content_block_start": return try start(event)
        case "content_block_delta": return try delta(event)
        case "content_block_stop":
            guard let call = calls.removeValue(forKey: try index(event)), !call.hasArguments else {
                return []
            }
            let input = call.input ?? .object(JSONObject())
            return [.toolArguments(index: call.number, input.text)]
        case "message_delta":
            var events: [ChatEvent] = []
            if let word = event["delta"]?["stop_reason"]?.string {
                events.append(
                    .finish(
                        FinishReason(anthropic: word),
                        stopSequence: event["delta"]?["stop_sequence"]?.string))
            }
            return events + usage.events(after: event)
        default: return []
        }
    }

    private mutating func start(_ event: JSONObject) throws(ReplyDefect) -> [ChatEvent] {
        guard let block = event["content_block"]?.object else {
            throw defect("content_block_start has no block")
        }
        switch block["type"]?.string {
        case "text": return block["text"]?.string.nonEmpty.map { [.text($0)] } ?? []
        case "thinking":
            let thought = block["thinking"]?.string.nonEmpty.map(ChatEvent.thinking)
            return [thought, block["signature"]?.string.nonEmpty.map(proof)].compactMap { $0 }
        case "redacted_thinking":
            guard let data = block["data"]?.string else { return [] }
            return [.redactedThinking(ThoughtSignature(origin: .messages, value: data))]
        case "tool_use":
            guard let name = block["name"]?.string else { throw defect("a call has no name") }
            let number = callCount
            callCount += 1
            calls[try index(event)] = OpenCall(number: number, input: block["input"])
            return [
                .toolCall(index: number, id: block["id"]?.string, name: name, signature: nil)
            ]
        // Tools that the provider runs itself are no part of the answer.
        default: return []
        }
    }

    private mutating func delta(_ event: JSONObject) throws(ReplyDefect) -> [ChatEvent] {
        guard let delta = event["delta"]?.object else { throw defect("a delta is missing") }
        switch delta["type"]?.string {
        case "text_delta":
            let text = try text("text", of: delta)
            return text.isEmpty ? [] : [.text(text)]
        case "thinking_delta":
            let text = try text("thinking", of: delta)
            return text.isEmpty ? [] : [.thinking(text)]
        case "signature_delta":
            let text = try text("signature", of: delta)
            return text.isEmpty ? [] : [proof(text)]
        case "input_json_delta":
            let text = try text("partial_json", of: delta)
            let index = try index(event)
            guard !text.isEmpty, let call = calls[index] else { return [] }
            calls[index]?.hasArguments = true
            return [.toolArguments(index: call.number, text)]
        default: return []
        }
    }

    private func proof(_ text: String) -> ChatEvent {
        .thinkingSignature(ThoughtSignature(origin: .messages, value: text))
    }

    private func text(_ name: String, of delta: JSONObject) throws(ReplyDefect) -> String {
        guard let text = delta[name]?.string else { throw defect("a delta has no \(name)") }
        return text
    }

    private func index(_ event: JSONObject) throws(ReplyDefect) -> Int64 {
        guard let index = event["index"]?.integer else { throw defect("an event has no index") }
        return index
    }

    private func failure(_ event: JSONObject, _ data: [UInt8]) -> ProviderFailure {
        let status = AnthropicErrorType(rawValue: event["error"]?["type"]?.string ?? "")?.status
        return AnthropicDialect().decodeFailure(status: status ?? 0, body: data)
    }

    private func defect(_ reason: String) -> ReplyDefect {
        ReplyDefect(reason, usage: usage.reported)
    }
}

extension String? {
    /// Nil where there is nothing in it.
    fileprivate var nonEmpty: String? {
        guard let self, !self.isEmpty else { return nil }
        return self
    }
}
