import WeirCore

/// Writes a streamed answer as the Responses API's typed events.
///
/// An item ends where another kind begins; calls stay open to the end, since providers may tell
/// the arguments of several by turns.
struct ResponsesStreamEncoder: ClientStreamEncoder {
    let contentType = "text/event-stream"

    let body: ResponsesBody
    var names: ResponsesItemNames
    /// The number of the next event, without a gap from 0.
    private var sequence: Int64 = 0
    var hasBegun = false
    var items: [ResponsesItem] = []
    /// The place of the message or the thoughts that are being told.
    var open: Int?
    /// The places of the calls, by their number.
    var calls: [Int: Int] = [:]
    private var output: [UInt8] = []

    init(_ context: ReplyContext) {
        body = ResponsesBody(context)
        names = body.names
    }

    mutating func encode(_ events: [ChatEvent]) -> [UInt8] {
        for event in events { write(event) }
        return take()
    }

    mutating func relay(_ step: StreamStep) -> [UInt8] {
        guard !step.data.isEmpty else { return EventFrame.keepAlive }
        EventFrame.append(name: step.name, data: step.data, to: &output)
        sequence += 1
        return take()
    }

    mutating func complete(_ end: StreamEnd, withheld: [StreamStep]) -> [UInt8] {
        for step in withheld { EventFrame.append(name: step.name, data: step.data, to: &output) }
        if withheld.isEmpty { complete(end) }
        return take()
    }

    /// The reference has the error's fields side by side in the event, servers and SDKs have them
    /// in an object, which makes the SDKs throw: both are written.
    mutating func fail(_ error: WeirError) -> [UInt8] {
        let body = openAIErrorBody(error)
        send("error") { writer in
            for name in ["code", "message", "param"] {
                writer.member(name, body["error"]?[name] ?? .null)
            }
            writer.member("error", body["error"] ?? .null)
        }
        return take()
    }

    private mutating func write(_ event: ChatEvent) {
        switch event {
        case .started: begin()
        case .text(let text): write(text: text)
        case .thinking(let text): write(thinking: text)
        case .thinkingSignature(let signature): seal(.thought(signature))
        case .redactedThinking(let thoughts): seal(.redacted(thoughts))
        case .toolCall(let index, let id, let name, let signature):
            openCall(index, id, name, signature)
        case .toolArguments(let index, let text): write(arguments: text, of: index)
        case .finish, .usage, .failed, .ended: break
        }
    }

    private mutating func take() -> [UInt8] {
        defer { output = [] }
        return output
    }

    mutating func send(_ type: String, _ members: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("type", type)
        writer.member("sequence_number", sequence)
        members(&writer)
        writer.endObject()
        sequence += 1
        EventFrame.append(name: type, data: writer.bytes, to: &output)
    }

    /// An event about one item, or about the part of it that it has.
    mutating func send(
        _ type: String, at place: Int, part: String? = nil,
        _ members: (inout JSONWriter) -> Void
    ) {
        let id = items[place].id
        send(type) { writer in
            writer.member("output_index", Int64(place))
            writer.member("item_id", id)
            if let part { writer.member(part, 0 as Int64) }
            members(&writer)
        }
    }
}
