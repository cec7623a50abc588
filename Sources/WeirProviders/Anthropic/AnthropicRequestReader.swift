import WeirCore

/// Reads a Messages request, and notes on the way what bounds its input and what only a provider
/// of the same wire can be sent.
struct AnthropicRequestReader {
    private(set) var uncarried: [String] = []
    private var bound = InputBound(textBytes: 0, items: 0)
    /// Base64 of pictures and documents, which isn't read as text.
    private var mediaBytes: Int64 = 0

    mutating func note(_ names: [String]) { uncarried += names }

    /// Notes the members of a block that have no counterpart elsewhere.
    mutating func note(_ block: ClientObject, but known: Set<String>) {
        note(block.others(than: known.union(["type", "cache_control"])))
    }

    mutating func countItem() { bound.items += 1 }
    mutating func countImage() { bound.images += 1 }
    mutating func countMedia(_ data: String) { mediaBytes += Int64(data.utf8.count) }
    /// Something whose size in tokens the body doesn't tell.
    mutating func countOpen() { bound.isOpen = true }
    /// What a provider may write as JSON in pure ASCII.
    mutating func countJSON(_ json: JSON) { bound.textBytes += json.escapeGrowth }
    mutating func countOverhead() { bound.textBytes += InputBound.toolOverhead }

    /// The bound of everything read so far, and of the body's own bytes.
    func bound(of body: JSONObject) -> InputBound {
        var whole = bound
        whole.textBytes += JSON.object(body).plainBytes - mediaBytes
        return whole
    }

    mutating func system(of request: ClientObject) throws(WeirError) -> String? {
        guard request["system"]?.string == nil else { return try request.text("system") }
        guard let blocks = try request.objects("system") else { return nil }
        var texts: [String] = []
        for block in blocks {
            countItem()
            texts.append(try text(block))
        }
        return texts.joined(separator: "\n\n")
    }

    mutating func messages(of request: ClientObject) throws(WeirError) -> [ChatMessage] {
        let turns = try request.required("messages", try request.objects("messages"))
        guard !turns.isEmpty else { throw request.error("messages", "must not be empty") }
        var messages: [ChatMessage] = []
        for turn in turns {
            countItem()
            messages.append(try message(turn))
        }
        return messages
    }

    private mutating func message(_ turn: ClientObject) throws(WeirError) -> ChatMessage {
        note(turn, but: ["role", "content"])
        let content = try turn.required("content", turn["content"])
        let word = try turn.required("role", try turn.text("role"))
        if word == "system" {
            // It holds from here on, which no other wire can say; it is screened as a user's.
            note([turn.param("role")])
        }
        guard let role = ChatMessage.Role(rawValue: word == "system" ? "user" : word) else {
            throw turn.error("role", "must be user or assistant")
        }
        if let text = content.string {
            countItem()
            return ChatMessage(role: role, text: text)
        }
        var parts: [ChatPart] = []
        for block in try turn.objects("content") ?? [] {
            countItem()
            parts += try self.parts(of: block)
        }
        return ChatMessage(role: role, parts: withCallSignatures(parts))
    }

    /// A thought of Gemini's right before a call is the call's own proof: that is how
    /// `AnthropicClient` hands it out, since a call has no member for it.
    private func withCallSignatures(_ parts: [ChatPart]) -> [ChatPart] {
        var joined: [ChatPart] = []
        for part in parts {
            if case .toolCall(var call) = part, case .thinking(let thinking)? = joined.last,
                let proof = thinking.redacted, proof.origin == .generateContent
            {
                joined.removeLast()
                call.signature = proof
                joined.append(.toolCall(call))
            } else {
                joined.append(part)
            }
        }
        return joined
    }
}
