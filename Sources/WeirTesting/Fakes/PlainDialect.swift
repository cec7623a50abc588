package import WeirCore

/// A dialect for tests of what is above it: the body is the last message, the reply is
/// `input output text`, or anything else for a defect.
package struct PlainDialect: ProviderDialect {
    /// Nil: it has no batch interface.
    package let batch: (any ProviderBatchDialect)?

    package init(batch: PlainBatches? = nil) { self.batch = batch }

    package var probePath: String { "/probe" }
    package var normalisesText: Bool { false }

    package var wires: [Wire] { [.chatCompletions] }
    package var tokensPerImage: Int64 { 1_000 }

    package func encode(_ request: ChatRequest, isStream: Bool) -> EncodedRequest {
        EncodedRequest(path: "/plain", body: Array((request.messages.last?.text ?? "").utf8))
    }

    package func passThrough(_ request: PassThrough) -> EncodedRequest {
        EncodedRequest(path: "/plain", body: JSON.object(request.body).encoded)
    }

    /// Each chunk of the reply is a line: a text, `end input output`, or `fail`.
    package func replyStream(wire: Wire, includesUsage: Bool) -> any ReplyStreamDecoder {
        PlainStreamDecoder()
    }

    package func credentials(_ key: String) -> [HeaderField] { [HeaderField("x-plain-key", key)] }

    package func decodeReply(_ body: [UInt8], wire: Wire) throws(ReplyDefect) -> ChatReply {
        let words = String(decoding: body, as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count == 3 else { throw ReplyDefect("no answer") }
        guard words[0] != "-" else {
            return ChatReply(text: String(words[2]), finish: .stop, usage: .absent)
        }
        guard let input = Int64(words[0]), let output = Int64(words[1]),
            let usage = TokenUsage(input: input, output: output)
        else {
            return ChatReply(text: String(words[2]), finish: .stop, usage: .suspect("no numbers"))
        }
        return ChatReply(text: String(words[2]), finish: .stop, usage: .reported(usage))
    }

    package func decodeFailure(status: Int, body: [UInt8]) -> ProviderFailure {
        ProviderFailure(kind: ProviderFailure.kind(status: status), message: "refused")
    }
}
