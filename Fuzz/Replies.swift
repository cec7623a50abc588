import WeirCore
import WeirProviders

let context = ReplyContext(
    request: sure(RequestID("req_0123456789abcdef")), model: sure(ModelName("a-model")),
    createdAt: Timestamp(milliseconds: 1_768_775_279_999))

/// Who speaks a wire.
func speaker(of wire: Wire) -> any ProviderDialect {
    sure(ProviderKind.allCases.map(\.dialect).first { $0.wires.contains(wire) })
}

/// A whole reply: no answer, or one that says the same to clients of all wires. The same bytes as
/// an error reply have a kind and a short message.
func fuzzReply(_ bytes: [UInt8], _ wire: Wire) {
    let dialect = speaker(of: wire)
    for status in [400, 401, 429, 500, 529] {
        let failure = dialect.decodeFailure(status: status, body: bytes)
        require((1...500).contains(failure.message.utf8.count), "a message of no size")
        require((0...86_400).contains(failure.retryAfter ?? 0), "wait \(failure.retryAfter ?? 0)")
    }
    _ = try? dialect.tokenCount?.decodeCount(bytes)
    for embedding in [nil] + EmbeddingWire.allCases {
        _ = try? dialect.embeddings?.decodeReply(bytes, wire: embedding)
    }
    guard var reply = try? dialect.decodeReply(bytes, wire: wire) else { return }
    // A sum beyond the largest count is suspect wherever a total is told.
    if case .reported(let usage) = reply.usage, usage.total <= TokenUsage.largestCount {
    } else {
        reply.usage = .reported(.zero)
    }
    for client in ClientDialects.chat {
        let written = client.encode(reply, context)
        let reader = speaker(of: client.wire)
        guard let again = try? reader.decodeReply(written, wire: client.wire) else {
            // A call without a name, and an answer without anything in it, are none elsewhere.
            let isNothing = reply.text.isEmpty && reply.toolCalls.isEmpty
            require(isNothing || reply.toolCalls.contains { $0.name.isEmpty }, "\(client.wire)")
            continue
        }
        require(again.text.utf8.elementsEqual(reply.text.utf8), "\(client.wire): another text")
        require(
            again.toolCalls.map(\.name) == reply.toolCalls.map(\.name),
            "\(client.wire): other calls")
        if case .reported(let told) = again.usage, case .reported(let used) = reply.usage {
            require(told.total == used.total, "\(client.wire): \(told) of \(used)")
        } else {
            require(false, "\(client.wire): no usage")
        }
    }
}
