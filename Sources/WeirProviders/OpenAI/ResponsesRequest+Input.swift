import WeirCore

extension ResponsesRequest {
    mutating func readInput() throws(WeirError) {
        let input = try object.required("input", object["input"])
        if let text = input.string {
            tally.items += 1
            messages.append(ChatMessage(role: .user, text: text))
            return
        }
        guard let items = input.array, !items.isEmpty else {
            throw object.error("input", "must be a string or a list of items, not empty")
        }
        for item in try object.objects("input") ?? [] {
            tally.items += 1
            try read(item: item)
        }
        // Nothing would be left to send.
        guard items.contains(where: isReadableHere) else {
            throw object.error("input", "has nothing but pointers to what is stored nowhere here")
        }
    }

    private mutating func read(item: ClientObject) throws(WeirError) {
        let isMessage = item["type"] == nil && (item["role"] != nil || item["id"] == nil)
        let type = try item.text("type") ?? (isMessage ? "message" : "item_reference")
        if type != "function_call" { callSignature = nil }
        switch type {
        case "message": try read(message: item)
        case "function_call": try read(call: item)
        case "function_call_output": try read(result: item)
        case "reasoning": try read(reasoning: item)
        case "additional_tools", "tool_search_output":
            for tool in try item.objects("tools") ?? [] { try count(tool: tool) }
            tally.uncarried.append(item.path)
        case "custom_tool_call_output", "computer_call_output":
            try countMedia(in: item)
            tally.uncarried.append(item.path)
        case "custom_tool_call", "computer_call", "local_shell_call", "local_shell_call_output",
            "apply_patch_call", "apply_patch_call_output", "shell_call_output", "tool_search_call",
            "compaction":
            tally.growth += JSON.object(item.members).escapeGrowth
            tally.uncarried.append(item.path)
        case "shell_call":
            tally.growth += JSON.object(item.members).escapeGrowth
            if let type = try item.object("environment")?.text("type"), type != "local" {
                throw item.error("environment", "must be local: \(ResponsesRequest.hosted)")
            }
            tally.uncarried.append(item.path)
        case "item_reference":
            throw WeirError(
                .invalidRequest,
                "\(item.path) is not supported here: nothing is stored that it could point to",
                param: item.path)
        default:
            throw item.error("type", "is not supported here: it isn't a client's to say")
        }
    }

    private mutating func read(message: ClientObject) throws(WeirError) {
        let known: Set = ["type", "id", "role", "content", "status", "phase"]
        tally.uncarried += message.others(than: known)
        let parts = try read(content: message, "content")
        switch try message.required("role", try message.text("role")) {
        case "user": messages.append(ChatMessage(role: .user, parts: parts))
        case "assistant": addToAssistant(parts)
        case "system", "developer":
            for (index, part) in parts.enumerated() {
                if case .text(let text) = part {
                    system.append(text)
                } else {
                    tally.uncarried.append("\(message.param("content"))[\(index)]")
                }
            }
        default:
            throw message.error("role", "must be user, assistant, system or developer")
        }
    }

    private mutating func read(call: ClientObject) throws(WeirError) {
        let known: Set = ["type", "id", "call_id", "name", "arguments", "status", "caller"]
        tally.uncarried += call.others(than: known)
        let text = try call.required("arguments", try call.text("arguments"))
        tally.growth += JSON.string(text).escapeGrowth
        let name = try call.required("name", try call.text("name"))
        let call = ToolCall(
            id: try call.text("call_id"), name: name, arguments: toolArguments(text),
            signature: callSignature)
        callSignature = nil
        addToAssistant([.toolCall(call)])
    }

    private mutating func read(result: ClientObject) throws(WeirError) {
        let known: Set = ["type", "id", "call_id", "name", "output", "status", "caller"]
        tally.uncarried += result.others(than: known)
        let answer = ToolResult(
            callID: try result.text("call_id"), name: try result.text("name"),
            content: try read(content: result, "output"))
        // Answers to calls of one turn belong together.
        if case .toolResult? = messages.last?.parts.last {
            messages[messages.count - 1].parts.append(.toolResult(answer))
        } else {
            messages.append(ChatMessage(role: .user, parts: [.toolResult(answer)]))
        }
    }

    /// An item without anything in it but an id points to a stored one; thoughts are no content,
    /// and the conversation goes on without.
    private mutating func read(reasoning: ClientObject) throws(WeirError) {
        for name in ["summary", "content"] {
            for part in try reasoning.objects(name) ?? [] { _ = try part.text("text") }
        }
        let text = Thinking(responsesItem: reasoning.members).text
        let sealed = try reasoning.text("encrypted_content") ?? ""
        switch sealed.isEmpty ? nil : ResponsesSeal(sealed) {
        case .call(let signature): callSignature = signature
        case .redacted(let thoughts):
            addToAssistant([.thinking(Thinking(text: "", redacted: thoughts))])
        case .thought(let signature):
            addToAssistant([.thinking(Thinking(text: text, signature: signature))])
        case nil:
            if !text.isEmpty { addToAssistant([.thinking(Thinking(text: text))]) }
        }
    }

    /// What the model said in one turn is one message, however many items it came in.
    private mutating func addToAssistant(_ parts: [ChatPart]) {
        if messages.last?.role == .assistant {
            messages[messages.count - 1].parts += parts
        } else {
            messages.append(ChatMessage(role: .assistant, parts: parts))
        }
    }
}
