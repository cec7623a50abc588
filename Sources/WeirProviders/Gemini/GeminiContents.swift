import WeirCore

/// A conversation as Gemini's `contents`.
///
/// What functions answered to one turn's calls stands together in one turn, and the files among it
/// in the turn behind, which models of all generations take.
struct GeminiContents {
    /// Whether there are pictures, and all are to be looked at roughly.
    var areAllImagesLow: Bool { lowImages > 0 && lowImages == images }

    private let model: GeminiModel
    private var contents: [JSON] = []
    /// Answers that aren't in a turn yet, and their files.
    private var answers: [JSON] = []
    private var files: [JSON] = []
    /// Functions' names by the ids of their calls, which other wires alone tell.
    private var names: [String: String] = [:]
    private var images = 0
    private var lowImages = 0

    init(_ model: GeminiModel) { self.model = model }

    mutating func add(_ message: ChatMessage) throws(WeirError) {
        if message.role == .assistant {
            endAnswers()
            append("model", try modelParts(message.parts))
            return
        }
        var parts: [JSON] = []
        for part in message.parts {
            switch part {
            case .toolResult(let result): try add(result)
            case .text(let text): parts.append(["text": .string(text)])
            case .image(let media): parts.append(try image(media))
            case .document(let media, _): parts.append(try document(media))
            case .toolCall, .thinking: continue
            }
        }
        guard !parts.isEmpty else { return }
        endAnswers()
        append("user", parts)
    }

    mutating func finished() -> JSON {
        endAnswers()
        return .array(contents)
    }

    /// A proof of thoughts goes on the part that follows the thoughts. Thoughts themselves stay
    /// here: they are no content, and other providers' mean nothing to Gemini.
    private mutating func modelParts(_ content: [ChatPart]) throws(WeirError) -> [JSON] {
        var parts: [JSONObject] = []
        var proof: String?
        var firstCall: Int?
        var hasSignedCall = false
        for part in content {
            var object = JSONObject()
            switch part {
            case .thinking(let thinking):
                proof = thinking.signature?.ownValue ?? proof
                continue
            case .text(let text): object.append("text", .string(text))
            case .image(let media): object = try image(media).object ?? object
            case .document(let media, _): object = try document(media).object ?? object
            case .toolResult: continue
            case .toolCall(let call):
                object.append("functionCall", self.call(call))
                proof = call.signature?.ownValue ?? proof
                hasSignedCall = hasSignedCall || proof != nil
                firstCall = firstCall ?? parts.count
            }
            if let text = proof { object.append("thoughtSignature", .string(text)) }
            proof = nil
            parts.append(object)
        }
        if let proof { parts.append(emptyPart(proof)) }
        if model.wantsSignatures, !hasSignedCall, let firstCall {
            parts[firstCall].append("thoughtSignature", .string(missingSignature))
        }
        return parts.map(JSON.object)
    }

    private mutating func call(_ call: ToolCall) -> JSON {
        var object = JSONObject()
        if let id = call.id {
            object.append("id", .string(id))
            names[id] = call.name
        }
        object.append("name", .string(call.name))
        object.append("args", geminiArguments(call.arguments))
        return .object(object)
    }

    private mutating func add(_ result: ToolResult) throws(WeirError) {
        guard let name = result.name ?? result.callID.flatMap({ names[$0] }) else {
            throw WeirError(
                .invalidRequest,
                "A tool's answer belongs to none of the calls before it, so that Gemini can't know "
                    + "the tool's name", param: "messages")
        }
        var object = JSONObject()
        if let id = result.callID { object.append("id", .string(id)) }
        object.append("name", .string(name))
        let text = ChatMessage(role: .user, parts: result.content).text
        object.append("response", ToolAnswer.object(text, isError: result.isError))
        answers.append(["functionResponse": .object(object)])
        for part in result.content {
            let file: JSON
            switch part {
            case .image(let media): file = try image(media)
            case .document(let media, _): file = try document(media)
            default: continue
            }
            files.append(["text": .string("From \(name):")])
            files.append(file)
        }
    }

    private mutating func endAnswers() {
        append("user", answers)
        append("user", files)
        answers = []
        files = []
    }

    private mutating func append(_ role: String, _ parts: [JSON]) {
        guard !parts.isEmpty else { return }
        contents.append(["role": .string(role), "parts": .array(parts)])
    }

    private mutating func image(_ media: ChatMedia) throws(WeirError) -> JSON {
        images += 1
        if media.detail == "low" { lowImages += 1 }
        return try file(media, type: "image/jpeg")
    }

    private func document(_ media: ChatMedia) throws(WeirError) -> JSON {
        try file(media, type: "application/pdf")
    }

    /// - Parameter type: what it is taken for where nothing tells.
    private func file(_ media: ChatMedia, type: String) throws(WeirError) -> JSON {
        switch media.source {
        case .base64(let data):
            return [
                "inlineData": [
                    "mimeType": .string(media.mediaType ?? type), "data": .string(data),
                ]
            ]
        case .text(let text):
            let data = Base64Text.encode(Array(text.utf8))
            let type = media.mediaType ?? "text/plain"
            return ["inlineData": ["mimeType": .string(type), "data": .string(data)]]
        case .url(let address):
            let checked = try MediaAddress(address, param: "url")
            let type = media.mediaType ?? checked.mediaType ?? type
            return [
                "fileData": ["mimeType": .string(type), "fileUri": .string(checked.text)]
            ]
        }
    }

    private func emptyPart(_ proof: String) -> JSONObject {
        JSONObject([
            .init(name: "text", value: ""),
            .init(name: "thoughtSignature", value: .string(proof)),
        ])
    }
}

extension ThoughtSignature {
    /// What Gemini gave; nil where another provider did.
    fileprivate var ownValue: String? { origin == .generateContent ? value : nil }
}

/// Stands for the proof of calls that another provider's model made: base64 of
/// `skip_thought_signature_validator`, on the first of parallel calls.
/// https://ai.google.dev/gemini-api/docs/thought-signatures
private let missingSignature = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="

/// Arguments as Gemini has them, always an object: what isn't one is text that a model garbled, or
/// the input of a tool that takes plain text.
func geminiArguments(_ arguments: JSON) -> JSON {
    arguments.object == nil ? ["input": arguments] : arguments
}
