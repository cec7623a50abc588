package import WeirCore

extension AnthropicDialect {
    package func passThrough(_ request: PassThrough) -> EncodedRequest {
        var body = request.body
        body.set("model", .string(request.model.description))
        body.set("max_tokens", JSON(request.maxTokens))
        if request.isStream || body["stream"] != nil { body.set("stream", .bool(request.isStream)) }
        leaveOutForeignThoughts(&body)
        return EncodedRequest(path: "/v1/messages", body: JSON.object(body).encoded)
    }

    /// Thoughts of another provider's model that an earlier turn brought: Anthropic would refuse
    /// the whole request for a proof that isn't its own. A body without such stays as it is.
    func leaveOutForeignThoughts(_ body: inout JSONObject) {
        guard let messages = body["messages"]?.array else { return }
        var kept: [JSON] = []
        var isChanged = false
        for message in messages {
            guard var turn = message.object, let blocks = turn["content"]?.array,
                blocks.contains(where: isForeignThought)
            else {
                kept.append(message)
                continue
            }
            isChanged = true
            let own = blocks.filter { !isForeignThought($0) }
            // An empty turn would be refused, too.
            guard !own.isEmpty else { continue }
            turn.set("content", .array(own))
            kept.append(.object(turn))
        }
        if isChanged { body.set("messages", .array(kept)) }
    }

    private func isForeignThought(_ block: JSON) -> Bool {
        switch block["type"]?.string {
        case "thinking":
            guard let proof = block["signature"]?.string else { return false }
            return proof.isEmpty || ThoughtSignature(proof, from: .messages).origin != .messages
        case "redacted_thinking":
            guard let data = block["data"]?.string else { return false }
            return ThoughtSignature(data, from: .messages).origin != .messages
        default: return false
        }
    }
}
