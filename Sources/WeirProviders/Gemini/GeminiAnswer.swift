import WeirCore

/// A GenerateContentResponse, whole or one chunk of a stream, as far as it is told on. Of several
/// candidates the first counts.
struct GeminiAnswer {
    enum Piece {
        case text(String)
        case thought(String)
        /// The proof of the thoughts so far, on whichever part it came.
        case proof(ThoughtSignature)
        case call(ToolCall)
    }

    var pieces: [Piece] = []
    /// Gemini's own word.
    var finish: String?
    var hasCandidate = false
    /// The prompt was refused: there is no candidate, and there won't be one.
    var isBlocked = false
    var model: String?

    /// Throws where a part has a wrong shape; the defect has no usage.
    init(_ reply: JSONObject) throws(ReplyDefect) {
        model = reply["modelVersion"]?.string
        let candidates = reply["candidates"]?.array ?? []
        let first = candidates.first { ($0["index"]?.integer ?? 0) == 0 } ?? candidates.first
        guard let candidate = first?.object else {
            isBlocked = reply["promptFeedback"]?["blockReason"]?.string != nil
            return
        }
        hasCandidate = true
        finish = candidate["finishReason"]?.string
        guard let parts = parts(of: candidate) else {
            throw ReplyDefect("the content has no parts")
        }
        for part in parts {
            guard let part = part.object else { throw ReplyDefect("a part is \(part.kind)") }
            try add(part)
        }
    }

    private mutating func add(_ part: JSONObject) throws(ReplyDefect) {
        let proof = part["thoughtSignature"]?.string.map {
            ThoughtSignature(origin: .generateContent, value: $0)
        }
        if let call = part["functionCall"] {
            guard let name = call["name"]?.string else {
                throw ReplyDefect("a tool call has no name")
            }
            let arguments = call["args"] ?? .object(JSONObject())
            pieces.append(
                .call(
                    ToolCall(
                        id: call["id"]?.string, name: name, arguments: arguments,
                        signature: proof)))
            return
        }
        let isThought = part["thought"]?.bool == true
        // It belongs to the thoughts before, also where it comes with the text behind them.
        if let proof, !isThought { pieces.append(.proof(proof)) }
        // Code that Gemini ran and tools that it called itself have no text of their own.
        if let text = part["text"]?.string, !text.isEmpty {
            pieces.append(isThought ? .thought(text) : .text(text))
        }
        if let proof, isThought { pieces.append(.proof(proof)) }
    }

    /// Content is left out, or comes without parts, where a limit or a filter left nothing; nil
    /// where it is there in a wrong shape.
    private func parts(of candidate: JSONObject) -> [JSON]? {
        guard let content = candidate["content"], !content.isNull else { return [] }
        guard let object = content.object else { return nil }
        guard let parts = object["parts"] else { return [] }
        return parts.array
    }
}

extension FinishReason {
    /// A call ends with `STOP` at Gemini.
    static func gemini(_ word: String?, hasCalls: Bool) -> FinishReason {
        switch word {
        case "STOP": hasCalls ? .toolCalls : .stop
        case "MAX_TOKENS": .length
        case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR",
            "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
            .contentFilter
        case "CONTINUATION": .pause
        default: .other
        }
    }

    var geminiWord: String {
        switch self {
        case .stop, .toolCalls: "STOP"
        case .length: "MAX_TOKENS"
        case .contentFilter: "SAFETY"
        case .pause, .other: "OTHER"
        }
    }
}
