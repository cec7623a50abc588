import WeirCore

/// The tool calls of a streamed answer, told from each other and numbered.
///
/// A call's pieces share an `index`; its id and name come with the first one only. Gemini's door
/// sends whole calls that all have index 0, so that another id begins another call. Where the index
/// is left out, a name begins a call and what has none goes on with the last one.
struct ChatStreamCalls {
    private struct Place: Hashable {
        let choice: Int64
        let index: Int64?
    }

    private struct Call {
        let number: Int
        let id: String?
    }

    private var open: [Place: Call] = [:]
    private var count = 0

    func hasCalls(choice: Int64) -> Bool { open[Place(choice: choice, index: nil)] != nil }

    mutating func read(
        _ piece: JSON, choice: Int64, _ usage: ReportedUsage, into events: inout [ChatEvent]
    ) throws(ReplyDefect) {
        let place = Place(choice: choice, index: piece["index"]?.integer)
        let id = piece["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let function = piece["function"] ?? piece["custom"]
        let name = function?["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let number: Int
        if let call = open[place], name == nil || (id == nil ? place.index != nil : id == call.id) {
            number = call.number
        } else {
            guard let name else { throw ReplyDefect("a tool call has no name", usage: usage) }
            number = count
            count += 1
            let call = Call(number: number, id: id)
            open[place] = call
            // Also where pieces without an index go on.
            open[Place(choice: choice, index: nil)] = call
            events.append(
                .toolCall(
                    index: number, id: id, name: name,
                    signature: googleSignature(piece).map {
                        ThoughtSignature(origin: .chatCompletions, value: $0)
                    }))
        }
        let text: String
        switch function?["arguments"] ?? function?["input"] {
        case nil, .null: text = ""
        case .string(let piece): text = piece
        case .some(let bare): text = bare.text
        }
        if !text.isEmpty { events.append(.toolArguments(index: number, text)) }
    }
}
