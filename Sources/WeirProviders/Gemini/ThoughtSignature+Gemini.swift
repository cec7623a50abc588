import WeirCore

extension ThoughtSignature {
    /// Reads a client's `thoughtSignature`: Gemini's own as it is, or one of another wire that
    /// `geminiText` has wrapped. The flag says whether it stands for thoughts that only their
    /// provider can read.
    static func gemini(_ text: String) -> (signature: ThoughtSignature, isRedacted: Bool) {
        let own = ThoughtSignature(origin: .generateContent, value: text)
        // "wei" in base64: nothing else is decoded.
        guard text.utf8.starts(with: "d2Vp".utf8), let bytes = Base64Text.decode(text),
            var marked = String(validating: bytes, as: UTF8.self)
        else { return (own, false) }
        let isRedacted = marked.utf8.starts(with: redactionMark.utf8)
        if isRedacted { marked.unicodeScalars.removeFirst(redactionMark.unicodeScalars.count) }
        let foreign = ThoughtSignature(marked, from: .generateContent)
        return foreign.origin == .generateContent ? (own, false) : (foreign, isRedacted)
    }

    /// As a client of Gemini's gets it. SDKs decode it to bytes, so that another wire's signature
    /// with its mark is wrapped in base64 as a whole.
    func geminiText(isRedacted: Bool = false) -> String {
        if origin == .generateContent { return value }
        let mark = isRedacted ? redactionMark : ""
        return Base64Text.encode(Array((mark + text(for: .generateContent)).utf8))
    }
}

private let redactionMark = "weir-redacted:"
