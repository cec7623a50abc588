import WeirCore

extension GeminiReading {
    /// The turns of a conversation. Neighbouring turns of the model become one, since SDKs keep
    /// every chunk of a streamed answer as a turn of its own.
    mutating func conversation(_ request: GeminiObject) throws(WeirError) -> [ChatMessage] {
        let contents = try request.messages("contents")
        guard !contents.isEmpty else { throw request.error("contents", "is missing or empty") }
        var conversation: [ChatMessage] = []
        for content in contents {
            let role = try role(content)
            messages += 1
            var turn = GeminiTurn(role: role)
            if role == .assistant, conversation.last?.role == .assistant {
                turn.parts = conversation.popLast()?.parts ?? []
            }
            for part in try content.messages("parts") { try read(part, into: &turn) }
            leaveBehind(content, otherThan: ["role", "parts"])
            conversation.append(ChatMessage(role: role, parts: turn.parts))
        }
        for index in conversation.indices {
            conversation[index].parts.removeAll { $0 == .thinking(Thinking(text: "")) }
        }
        conversation.removeAll { $0.parts.isEmpty }
        guard !conversation.isEmpty else { throw request.error("contents", "has no parts") }
        return conversation
    }

    /// The texts of `systemInstruction`; nil where there are none.
    mutating func system(_ request: GeminiObject) throws(WeirError) -> String? {
        guard let content = try request.message("systemInstruction") else { return nil }
        var texts: [String] = []
        for part in try content.messages("parts") {
            parts += 1
            guard let text = try part.text("text") else {
                throw part.error("text", "is missing: instructions are text")
            }
            texts.append(text)
            leaveBehind(part, otherThan: ["text", "partMetadata"])
        }
        leaveBehind(content, otherThan: ["role", "parts"])
        return texts.isEmpty ? nil : texts.joined(separator: "\n")
    }

    private func role(_ content: GeminiObject) throws(WeirError) -> ChatMessage.Role {
        switch try content.text("role") {
        case nil, "user", "function": return .user
        case "model": return .assistant
        default: throw content.error("role", "must be user or model")
        }
    }

    private mutating func read(
        _ part: GeminiObject, into turn: inout GeminiTurn
    ) throws(WeirError) {
        parts += 1
        for (name, reason) in foreignParts { try part.refuse(name, reason) }
        leaveBehind(part, otherThan: partNames)
        let kinds = dataNames.filter { part[$0] != nil }
        guard kinds.count < 2 else {
            throw part.error(kinds[1], "can't stand beside \(kinds[0]) in one part")
        }
        let isThought = try part.bool("thought") ?? false
        let signature = try part.text("thoughtSignature")
        switch kinds.first {
        case "text":
            let text = try part.text("text") ?? ""
            if isThought { return turn.think(text, signature) }
            turn.sign(signature)
            turn.add(text)
        case "functionCall":
            let call = try part.message("functionCall")
            turn.parts.append(.toolCall(try read(call: call, signature, part)))
        case "functionResponse":
            let response = try part.message("functionResponse")
            turn.parts.append(.toolResult(try read(response: response, part)))
        case let name?:
            turn.sign(signature)
            turn.parts.append(try read(media: part, name))
        case nil:
            guard let signature else { throw part.error("text", "is missing") }
            turn.think("", signature)
        }
    }

    private mutating func read(
        call: GeminiObject?, _ signature: String?, _ part: GeminiObject
    ) throws(WeirError) -> ToolCall {
        let call = try part.required("functionCall", call)
        let name = try call.required("name", try call.text("name"))
        let arguments = call["args"] ?? .object(JSONObject())
        guard arguments.object != nil else {
            throw call.error("args", "must be an object, not \(arguments.kind)")
        }
        growth += arguments.escapeGrowth
        leaveBehind(call, otherThan: ["id", "name", "args"])
        return ToolCall(
            id: calls.ask(name, id: try call.text("id")), name: name, arguments: arguments,
            signature: signature.map { ThoughtSignature.gemini($0).signature })
    }

    private mutating func read(
        response: GeminiObject?, _ part: GeminiObject
    ) throws(WeirError) -> ToolResult {
        let response = try part.required("functionResponse", response)
        let name = try response.required("name", try response.text("name"))
        let answer = response["response"] ?? .object(JSONObject())
        guard let members = answer.object?.members else {
            throw response.error("response", "must be an object, not \(answer.kind)")
        }
        growth += answer.escapeGrowth
        leaveBehind(response, otherThan: ["id", "name", "response", "parts"])
        var content: [ChatPart] = []
        let files = try response.messages("parts")
        if !(members.isEmpty && !files.isEmpty) {
            content.append(.text(ToolAnswer.text(answer)))
        }
        for file in files {
            parts += 1
            let name = file["inlineData"] == nil ? "fileData" : "inlineData"
            content.append(try read(media: file, name))
            leaveBehind(file, otherThan: ["inlineData", "fileData"])
        }
        let id = try response.text("id")
        return ToolResult(
            callID: calls.answer(name, id: id), name: name, content: content,
            isError: ToolAnswer.isError(answer))
    }
}

private let dataNames = ["text", "inlineData", "fileData", "functionCall", "functionResponse"]

/// Notes of the client's own (`partMetadata`) have no bearing on the answer.
private let partNames = Set(dataNames + ["thought", "thoughtSignature", "partMetadata"])

private let foreignParts = [
    ("executableCode", "code that the provider runs has no price here"),
    ("codeExecutionResult", "code that the provider runs has no price here"),
    ("toolCall", "tools that the provider runs have no price here"),
    ("toolResponse", "tools that the provider runs have no price here"),
    ("videoMetadata", "videos have no price here"),
]
