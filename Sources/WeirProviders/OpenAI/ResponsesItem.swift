import WeirCore

/// One item of an answer's `output`.
struct ResponsesItem: Sendable {
    enum Kind: Sendable {
        /// Thoughts, with the proof that their provider wants back.
        case reasoning(seal: ResponsesSeal?)
        case message
        case call(id: String, name: String)
    }

    let id: String
    var kind: Kind
    /// What is shown of the thoughts, the message itself, or the call's arguments.
    var text: String

    var isReasoning: Bool {
        if case .reasoning = kind { true } else { false }
    }

    /// The item as it is now; while it is `in_progress` it has nothing in it yet.
    func write(status: String, to writer: inout JSONWriter) {
        let isBegun = status == "in_progress"
        writer.beginObject()
        writer.member("id", id)
        switch kind {
        case .reasoning(let seal):
            writer.member("type", "reasoning")
            writer.name("summary")
            writer.beginArray()
            if !text.isEmpty, !isBegun { ResponsesItem.write(summary: text, to: &writer) }
            writer.endArray()
            if let seal, !isBegun { writer.member("encrypted_content", seal.text) }
        case .message:
            writer.member("type", "message")
            writer.member("status", status)
            writer.name("content")
            writer.beginArray()
            if !isBegun { ResponsesItem.write(text: text, to: &writer) }
            writer.endArray()
            writer.member("role", "assistant")
        case .call(let id, let name):
            writer.member("type", "function_call")
            writer.member("status", status)
            writer.member("arguments", isBegun ? "" : text)
            writer.member("call_id", id)
            writer.member("name", name)
        }
        writer.endObject()
    }

    static func write(summary text: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "summary_text")
        writer.member("text", text)
        writer.endObject()
    }

    static func write(text: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "output_text")
        writer.member("annotations", [])
        writer.member("logprobs", [])
        writer.member("text", text)
        writer.endObject()
    }
}

/// The ids of one answer's items, as OpenAI's server takes them back: at most 64 letters, digits,
/// `-` and `_`.
struct ResponsesItemNames: Sendable {
    private let stem: String
    private var callIDs: Set<String> = []

    init(_ request: RequestID) {
        let bytes = request.description.utf8.filter(isNameByte)
        let text = String(decoding: bytes.suffix(40), as: UTF8.self)
        stem = text.utf8.starts(with: "req_".utf8) ? String(text.dropFirst(4)) : text
    }

    var response: String { "resp_\(stem)" }

    func item(_ kind: String, at place: Int) -> String { "\(kind)_\(stem)_\(place)" }

    /// The provider's id for a call, or another one where it gave none or has used it before:
    /// clients tell calls apart by it.
    mutating func call(_ id: String?, at place: Int) -> String {
        var name = id ?? ""
        if name.isEmpty || callIDs.contains(name) { name = item("call", at: place) }
        callIDs.insert(name)
        return name
    }
}
