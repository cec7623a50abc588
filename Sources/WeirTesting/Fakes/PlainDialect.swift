package import WeirCore

/// A dialect for tests of what is above it: the body is the last message, the reply is
/// `input output text`, or anything else for a defect.
package struct PlainDialect: ProviderDialect {
    package init() {}

    package var probePath: String { "/probe" }
    package var normalisesText: Bool { false }

    package func encode(_ request: ChatRequest) -> EncodedRequest {
        EncodedRequest(path: "/plain", body: Array((request.messages.last?.text ?? "").utf8))
    }

    package func credentials(_ key: String) -> [HeaderField] { [HeaderField("x-plain-key", key)] }

    package func decodeReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
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
