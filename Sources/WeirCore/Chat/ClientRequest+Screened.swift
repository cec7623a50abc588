extension ClientRequest {
    /// Takes over a conversation that was cleaned or added to: the body for a pass-through gets
    /// the same changes. Where it has no such text by itself (a system prompt in several parts,
    /// or none that the addition could stand in), only a translation can carry the change.
    package mutating func take(system: String?, messages: [ChatMessage]) {
        var changes: [[UInt8]: String] = [:]
        note(chat.system ?? "", system ?? "", &changes)
        for (before, after) in zip(chat.messages, messages) {
            for (old, new) in zip(before.parts, after.parts) { note(old, new, &changes) }
        }
        guard !changes.isEmpty else { return }
        var found = Set<[UInt8]>()
        let changed = JSON.object(body).replacing(changes, found: &found)
        if let object = changed.object { body = object }
        isBodyStale = isBodyStale || found.count < changes.count
        for (old, new) in changes {
            // Only growth counts: a bound may be too high.
            input.textBytes += max(0, Int64(new.utf8.count) - Int64(old.count))
        }
        chat.system = system
        chat.messages = messages
    }

    private func note(_ old: String, _ new: String, _ changes: inout [[UInt8]: String]) {
        let bytes = Array(old.utf8)
        if bytes != Array(new.utf8) { changes[bytes] = new }
    }

    private func note(_ old: ChatPart, _ new: ChatPart, _ changes: inout [[UInt8]: String]) {
        switch (old, new) {
        case (.text(let old), .text(let new)): note(old, new, &changes)
        case (.document(let old, _), .document(let new, _)):
            if case .text(let old) = old.source, case .text(let new) = new.source {
                note(old, new, &changes)
            }
        case (.toolResult(let old), .toolResult(let new)):
            for (old, new) in zip(old.content, new.content) { note(old, new, &changes) }
        default: break
        }
    }
}

extension ClientEmbeddingRequest {
    /// Takes over texts that were cleaned, here and in the body.
    package mutating func take(inputs: [String]) {
        var changes: [[UInt8]: String] = [:]
        for (old, new) in zip(embedding.inputs, inputs) {
            let bytes = Array(old.utf8)
            guard bytes != Array(new.utf8) else { continue }
            changes[bytes] = new
            input.textBytes += max(0, Int64(new.utf8.count) - Int64(bytes.count))
        }
        guard !changes.isEmpty else { return }
        var found = Set<[UInt8]>()
        let changed = JSON.object(body).replacing(changes, found: &found)
        if let object = changed.object { body = object }
        embedding.inputs = inputs
    }
}
