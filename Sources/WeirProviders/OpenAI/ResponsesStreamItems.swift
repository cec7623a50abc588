import WeirCore

/// What the output items of a streamed response add up to, event by event.
///
/// Servers that imitate the API leave out the deltas of short items, or the items' beginnings; what
/// a later event repeats is told only where no earlier one did.
struct ResponsesStreamItems: Sendable {
    private var calls: [Int64: Call] = [:]
    private var lastCall: Int64 = -1
    /// The places among the output of which text, and of which thoughts have been told.
    private var texts: Set<Int64> = []
    private var thoughts: Set<Int64> = []
    private var isRefused = false
    private(set) var webSearches: Int64 = 0

    private struct Call: Sendable {
        let index: Int
        let isCustom: Bool
        var hasArguments = false
    }

    /// What an event between the first and the last one means.
    mutating func read(_ event: JSONObject, _ type: String) -> [ChatEvent] {
        switch type {
        case "response.output_text.delta": return text(event)
        case "response.refusal.delta":
            isRefused = true
            return text(event)
        case "response.reasoning_summary_part.added":
            return thoughts.contains(place(event)) ? [.thinking(Thinking.separator)] : []
        case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
            guard let delta = event["delta"]?.string, !delta.isEmpty else { return [] }
            thoughts.insert(place(event))
            return [.thinking(delta)]
        case "response.output_item.added":
            guard let item = event["item"]?.object else { return [] }
            return begin(item, at: place(event))
        case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta":
            return arguments(event["delta"]?.string ?? "", at: event["output_index"]?.integer)
        case "response.output_item.done":
            guard let item = event["item"]?.object else { return [] }
            return end(item, at: place(event))
        default: return []
        }
    }

    /// What only the whole output at the end tells.
    mutating func missed(_ output: [JSON]) -> [ChatEvent] {
        guard calls.isEmpty, texts.isEmpty, thoughts.isEmpty else { return [] }
        var events: [ChatEvent] = []
        for (place, item) in output.enumerated() {
            guard let item = item.object else { continue }
            events += end(item, at: Int64(place))
        }
        return events
    }

    /// Nil where the response is no answer.
    func finish(_ response: JSONObject) -> FinishReason? {
        guard let finish = ResponsesAnswer().finish(response) else { return nil }
        guard finish == .stop else { return finish }
        return !calls.isEmpty ? .toolCalls : isRefused ? .contentFilter : .stop
    }

    private func place(_ event: JSONObject) -> Int64 { event["output_index"]?.integer ?? 0 }

    private mutating func text(_ event: JSONObject) -> [ChatEvent] {
        guard let delta = event["delta"]?.string, !delta.isEmpty else { return [] }
        texts.insert(place(event))
        return [.text(delta)]
    }

    private mutating func begin(_ item: JSONObject, at place: Int64) -> [ChatEvent] {
        let isCustom = item["type"]?.string == "custom_tool_call"
        guard isCustom || item["type"]?.string == "function_call", calls[place] == nil,
            let name = item["name"]?.string
        else { return [] }
        let index = calls.count
        calls[place] = Call(index: index, isCustom: isCustom)
        lastCall = place
        return [.toolCall(index: index, id: item["call_id"]?.string, name: name, signature: nil)]
    }

    /// A custom tool's input is plain text: it is told as a JSON string, quote by quote.
    private mutating func arguments(_ delta: String, at place: Int64?) -> [ChatEvent] {
        let place = place ?? lastCall
        guard var call = calls[place], !delta.isEmpty else { return [] }
        var text = delta
        if call.isCustom {
            let quoted = JSON.string(delta).encoded
            text = String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
            if !call.hasArguments { text = "\"" + text }
        }
        call.hasArguments = true
        calls[place] = call
        return [.toolArguments(index: call.index, text)]
    }

    private mutating func end(_ item: JSONObject, at place: Int64) -> [ChatEvent] {
        switch item["type"]?.string {
        case "message": return endMessage(item, at: place)
        case "reasoning": return endReasoning(item, at: place)
        case "function_call", "custom_tool_call": return endCall(item, at: place)
        default:
            if isWebSearch(.object(item)) { webSearches += 1 }
            return []
        }
    }

    private mutating func endMessage(_ item: JSONObject, at place: Int64) -> [ChatEvent] {
        var answer = ResponsesAnswer()
        guard answer.add(item) else { return [] }
        isRefused = isRefused || answer.isRefused
        guard !answer.text.isEmpty, texts.insert(place).inserted else { return [] }
        return [.text(answer.text)]
    }

    private mutating func endReasoning(_ item: JSONObject, at place: Int64) -> [ChatEvent] {
        let thinking = Thinking(responsesItem: item)
        var events: [ChatEvent] = []
        if !thinking.text.isEmpty, thoughts.insert(place).inserted {
            events.append(.thinking(thinking.text))
        }
        if let signature = thinking.signature { events.append(.thinkingSignature(signature)) }
        return events
    }

    private mutating func endCall(_ item: JSONObject, at place: Int64) -> [ChatEvent] {
        var events = begin(item, at: place)
        guard let call = calls[place] else { return events }
        if !call.hasArguments {
            let whole = item["arguments"]?.string ?? item["input"]?.string ?? ""
            events += arguments(whole, at: place)
        }
        if call.isCustom {
            let isBegun = calls[place]?.hasArguments == true
            events.append(.toolArguments(index: call.index, isBegun ? "\"" : "\"\""))
        }
        return events
    }
}
