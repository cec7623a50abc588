package import WeirCore

/// DeepSeek: OpenAI's form with the older cap, its own cache counts, `reasoning_content` beside
/// the content, 402 for an empty balance and 422 for bad parameters.
///
/// While a call waits for its turn DeepSeek sends blank lines ahead of the reply; the parser skips
/// them. Its base URL ends without `/v1`.
package struct DeepSeekDialect: ProviderDialect {
    private let form = OpenAIDialect(outputCap: .maxTokens, cacheCount: .hitAndMiss)

    package init() {}

    package var probePath: String { form.probePath }
    package var normalisesText: Bool { form.normalisesText }

    package func credentials(_ key: String) -> [HeaderField] { form.credentials(key) }

    package func encode(_ request: ChatRequest) -> EncodedRequest { form.encode(request) }

    package func decodeReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
        try form.decodeReply(body)
    }

    package func decodeResponsesReply(_ body: [UInt8]) throws(ReplyDefect) -> ChatReply {
        try form.decodeResponsesReply(body)
    }

    package func decodeFailure(status: Int, body: [UInt8]) -> ProviderFailure {
        form.decodeFailure(status: status, body: body)
    }
}
