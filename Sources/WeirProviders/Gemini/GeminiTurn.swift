import WeirCore

/// A turn as it grows. What the model wrote in pieces is put together again.
struct GeminiTurn {
    let role: ChatMessage.Role
    var parts: [ChatPart] = []

    mutating func add(_ text: String) {
        // An empty text that carried nothing but a proof.
        if role == .assistant, text.isEmpty, !parts.isEmpty { return }
        guard role == .assistant, case .text? = parts.last,
            case .text(var whole)? = parts.popLast()
        else { return parts.append(.text(text)) }
        whole += text
        parts.append(.text(whole))
    }

    /// Thoughts go on until their proof.
    mutating func think(_ text: String, _ proof: String?) {
        let read = proof.map(ThoughtSignature.gemini)
        if let read, read.isRedacted {
            return parts.append(.thinking(Thinking(text: "", redacted: read.signature)))
        }
        guard goesOn, case .thinking(var thinking)? = parts.popLast() else {
            return parts.append(.thinking(Thinking(text: text, signature: read?.signature)))
        }
        thinking.text += text
        thinking.signature = read?.signature
        parts.append(.thinking(thinking))
    }

    /// Whether the last part is thoughts without their proof.
    private var goesOn: Bool {
        guard case .thinking(let last)? = parts.last else { return false }
        return last.signature == nil && last.redacted == nil
    }

    /// The proof of thoughts that Gemini hangs on what it says after them.
    mutating func sign(_ proof: String?) {
        if let proof, role == .assistant { think("", proof) }
    }
}
