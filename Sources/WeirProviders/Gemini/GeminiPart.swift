import WeirCore

/// The parts of an answer.
enum GeminiPart {
    static func text(_ text: String) -> JSON { ["text": .string(text)] }

    static func thought(_ thinking: Thinking) -> JSON {
        var part = JSONObject()
        part.append("text", .string(thinking.text))
        part.append("thought", true)
        let proof =
            thinking.redacted?.geminiText(isRedacted: true) ?? thinking.signature?.geminiText()
        if let proof { part.append("thoughtSignature", .string(proof)) }
        return .object(part)
    }

    static func call(_ call: ToolCall) -> JSON {
        var function = JSONObject()
        if let id = call.id { function.append("id", .string(id)) }
        function.append("name", .string(call.name))
        function.append("args", geminiArguments(call.arguments))
        var part = JSONObject()
        part.append("functionCall", .object(function))
        if let proof = call.signature?.geminiText() {
            part.append("thoughtSignature", .string(proof))
        }
        return .object(part)
    }
}
