import WeirCore

extension OpenAIDialect {
    /// A client's own body for chat completions. Usage is asked for with every stream: the client
    /// gets its chunk only where it asked for it, too.
    func passThroughChat(_ request: PassThrough) -> EncodedRequest {
        var body = request.body
        body.set("model", .string(request.model.description))
        setCap(request.maxTokens, in: &body)
        if request.isStream {
            body.set("stream", true)
            var options = body["stream_options"]?.object ?? JSONObject()
            options.set("include_usage", true)
            body.set("stream_options", .object(options))
        } else if body["stream"]?.bool == true {
            body.set("stream", false)
            body.remove("stream_options")
        }
        if let messages = body["messages"]?.array, messages.contains(where: hasForeignThoughts) {
            body.set("messages", .array(messages.map(withoutForeignThoughts)))
        }
        return EncodedRequest(path: OpenAIDialect.path, body: JSON.object(body).encoded)
    }

    /// OpenAI knows both names, so that the client's own stays. Another server may know the older
    /// one only and would read on past a cap under the newer.
    private func setCap(_ cap: Int64, in body: inout JSONObject) {
        let used = [OutputCap.maxCompletionTokens.rawValue, OutputCap.maxTokens.rawValue]
            .filter { body[$0]?.isNull == false }
        if family == .openAI {
            for name in used { body.set(name, JSON(cap)) }
            if used.isEmpty { body.set(outputCap.rawValue, JSON(cap)) }
        } else {
            let newer = OutputCap.maxCompletionTokens.rawValue
            if used == [newer] {
                body.remove(outputCap.rawValue)
                body.rename(newer, to: outputCap.rawValue)
            } else {
                body.remove(newer)
            }
            body.set(outputCap.rawValue, JSON(cap))
        }
    }
}

/// Whether an assistant's message brings back proofs that Weir marked as another wire's. This one's
/// provider can't know them, and most servers refuse members that they don't know.
private func hasForeignThoughts(_ message: JSON) -> Bool {
    message["reasoning_details"]?.array?.contains(where: isForeign) == true
        || message["tool_calls"]?.array?.contains(where: isForeign) == true
}

private func withoutForeignThoughts(_ message: JSON) -> JSON {
    guard hasForeignThoughts(message), var members = message.object else { return message }
    if let details = members["reasoning_details"]?.array {
        let own = details.filter { !isForeign($0) }
        if own.isEmpty {
            members.remove("reasoning_details")
        } else {
            members.set("reasoning_details", .array(own))
        }
    }
    if let calls = members["tool_calls"]?.array {
        let own = calls.map { (call: JSON) -> JSON in
            guard isForeign(call), var members = call.object else { return call }
            members.remove("extra_content")
            return .object(members)
        }
        members.set("tool_calls", .array(own))
    }
    return .object(members)
}

/// Whether a tool call or an entry of the thoughts holds another wire's proof.
private func isForeign(_ part: JSON) -> Bool {
    let proofs = [
        part["signature"], part["data"], part["extra_content"]?["google"]?["thought_signature"],
    ]
    return proofs.contains { proof in
        guard let text = proof?.string else { return false }
        return ThoughtSignature(text, from: .chatCompletions).origin != .chatCompletions
    }
}

extension JSONObject {
    fileprivate mutating func rename(_ old: String, to new: String) {
        self = JSONObject(
            members.map { $0.name == old ? Member(name: new, value: $0.value) : $0 },
            hasDuplicates: hasDuplicates)
    }
}
