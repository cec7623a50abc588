package import WeirCore

extension GeminiDialect {
    /// Reads a GenerateContentResponse. Usage covers all its candidates. A blocked prompt has no
    /// candidate and is an answer nevertheless: an empty one.
    package func decodeReply(_ body: [UInt8], wire: Wire) throws(ReplyDefect) -> ChatReply {
        let reply = try replyObject(body)
        let usage = usage(of: reply)
        let answer: GeminiAnswer
        do throws(ReplyDefect) {
            answer = try GeminiAnswer(reply)
        } catch {
            throw ReplyDefect(error.reason, usage: usage)
        }
        guard answer.hasCandidate || answer.isBlocked else {
            throw ReplyDefect("the reply has no candidate", usage: usage)
        }
        var chat = ChatReply(
            text: "", finish: .contentFilter, usage: usage, model: answer.model)
        for piece in answer.pieces { chat.add(piece) }
        guard answer.hasCandidate else { return chat }
        guard answer.finish != nil || !chat.text.isEmpty || !chat.toolCalls.isEmpty else {
            throw ReplyDefect("the candidate is empty", usage: usage)
        }
        chat.finish = .gemini(answer.finish, hasCalls: !chat.toolCalls.isEmpty)
        return chat
    }
}

extension ChatReply {
    fileprivate mutating func add(_ piece: GeminiAnswer.Piece) {
        switch piece {
        case .text(let text): self.text += text
        case .call(let call): toolCalls.append(call)
        case .thought(let text):
            if let last = thinking.last, last.signature == nil {
                thinking[thinking.count - 1].text += text
            } else {
                thinking.append(Thinking(text: text))
            }
        case .proof(let proof):
            if let last = thinking.last, last.signature == nil {
                thinking[thinking.count - 1].signature = proof
            } else {
                thinking.append(Thinking(text: "", signature: proof))
            }
        }
    }
}
