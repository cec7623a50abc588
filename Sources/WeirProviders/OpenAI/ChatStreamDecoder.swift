import WeirCore

/// Reads a stream of `chat.completion.chunk`s, which `[DONE]` completes.
///
/// What further choices say is told too, since it was generated and is billed; how an answer ended
/// is told of the first choice. The chunk by which no choice is left open is kept back, and all
/// behind it: a client that has read it takes the answer for complete.
struct ChatStreamDecoder: EventStreamDecoder {
    private let dialect: OpenAIDialect
    private let includesUsage: Bool
    var lines = ServerSentEvents()
    var pending: ReplyDefect?
    private var calls = ChatStreamCalls()
    private var hasStarted = false
    private var isRefused = false
    /// The choices that have begun, and whether they go on.
    private var isOpen: [Int64: Bool] = [:]
    /// Nothing counts behind `[DONE]` or an error.
    private var isOver = false
    private var tier: String?

    init(_ dialect: OpenAIDialect, includesUsage: Bool) {
        self.dialect = dialect
        self.includesUsage = includesUsage
    }

    mutating func step(_ name: String?, _ data: [UInt8]) throws(ReplyDefect) -> StreamStep {
        if data.allSatisfy({ isBlank($0) || $0 == 0x0A }) { return .keepAlive }
        if isOver { return StreamStep(name: name, data: data, events: [], relay: .drop) }
        if data.starts(with: "[DONE]".utf8) {
            isOver = true
            return StreamStep(name: name, data: data, events: [.ended], relay: .withhold)
        }
        let chunk = try replyObject(data)
        if name == "error" || chunk["error"].map({ !$0.isNull }) == true {
            isOver = true
            let failure = dialect.decodeStreamFailure(data, chunk)
            return StreamStep(name: name, data: data, events: [.failed(failure)], relay: .drop)
        }
        return try read(name, data, chunk)
    }

    private mutating func read(
        _ name: String?, _ data: [UInt8], _ chunk: JSONObject
    ) throws(ReplyDefect) -> StreamStep {
        tier = chunk["service_tier"]?.string ?? tier
        let usage = dialect.chatUsage(of: chunk, tier: tier)
        var step = StreamStep(name: name, data: data, events: [])
        if !hasStarted {
            hasStarted = true
            step.events.append(.started(model: chunk["model"]?.string))
        }
        let choices = try list(chunk["choices"], usage)
        for choice in choices {
            guard let choice = choice.object else {
                throw ReplyDefect("a choice is \(choice.kind)", usage: usage)
            }
            try read(choice, usage, into: &step.events)
        }
        if !isOpen.isEmpty, !isOpen.values.contains(true) { step.relay = .withhold }
        if usage != .absent {
            step.events.append(.usage(usage))
            if choices.isEmpty, !includesUsage { step.relay = .drop }
        }
        return step
    }

    private mutating func read(
        _ choice: JSONObject, _ usage: ReportedUsage, into events: inout [ChatEvent]
    ) throws(ReplyDefect) {
        let number = choice["index"]?.integer ?? 0
        if let delta = choice["delta"]?.object {
            guard let content = ChatContent(delta["content"]) else {
                throw ReplyDefect("the content is neither text nor parts", usage: usage)
            }
            let thoughts = openThoughts(delta) ?? content.thoughts
            if !thoughts.isEmpty { events.append(.thinking(thoughts)) }
            if !content.text.isEmpty { events.append(.text(content.text)) }
            if let refusal = delta["refusal"]?.string, !refusal.isEmpty {
                isRefused = isRefused || number == 0
                events.append(.text(refusal))
            }
            for call in try list(delta["tool_calls"], usage) {
                try calls.read(call, choice: number, usage, into: &events)
            }
        }
        let word = finishWord(of: choice)
        guard isOpen[number] != nil || isOpen.count < 128 else {
            throw ReplyDefect("more than 128 choices", usage: usage)
        }
        // Some servers send more about a choice that has finished.
        isOpen[number] = word == nil && isOpen[number] != false
        guard number == 0, let word else { return }
        let reason = chatFinish(word, hasCalls: calls.hasCalls(choice: 0), isRefused: isRefused)
        events.append(.finish(reason, stopSequence: choice["stop_reason"]?.string))
    }

    /// Nil where the choice goes on; some servers say that by an empty text.
    private func finishWord(of choice: JSONObject) -> String? {
        guard let word = choice["finish_reason"]?.string, !word.isEmpty else { return nil }
        return word
    }

    private func list(
        _ json: JSON?, _ usage: ReportedUsage
    ) throws(ReplyDefect) -> [JSON] {
        guard let json, !json.isNull else { return [] }
        guard let list = json.array else {
            throw ReplyDefect("a list is \(json.kind)", usage: usage)
        }
        return list
    }
}
