package import WeirCore

/// DeepSeek: OpenAI's form with the older cap, its own cache counts, `reasoning_content` beside
/// the content, 402 for an empty balance and 422 for bad parameters.
///
/// While a call waits for its turn DeepSeek sends blank lines ahead of the reply, which the parser
/// skips, or comments in a stream. Its base URL ends without `/v1`.
package struct DeepSeekDialect: ProviderDialect {
    private let form = OpenAIDialect(family: .deepSeek)

    package init() {}

    package var probePath: String { form.probePath }
    package var normalisesText: Bool { form.normalisesText }
    package var wires: [Wire] { form.wires }
    package var tokensPerImage: Int64 { form.tokensPerImage }

    package func credentials(_ key: String) -> [HeaderField] { form.credentials(key) }

    package func encode(
        _ request: ChatRequest, isStream: Bool
    ) throws(WeirError) -> EncodedRequest {
        try form.encode(request, isStream: isStream)
    }

    package func passThrough(_ request: PassThrough) -> EncodedRequest {
        form.passThrough(request)
    }

    package func replyStream(wire: Wire, includesUsage: Bool) -> any ReplyStreamDecoder {
        form.replyStream(wire: wire, includesUsage: includesUsage)
    }

    package func decodeReply(_ body: [UInt8], wire: Wire) throws(ReplyDefect) -> ChatReply {
        try form.decodeReply(body, wire: wire)
    }

    package func decodeResponsesReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
        try form.decodeResponsesReply(body)
    }

    package func decodeFailure(status: Int, body: [UInt8]) -> ProviderFailure {
        form.decodeFailure(status: status, body: body)
    }
}
