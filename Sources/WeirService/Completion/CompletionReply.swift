package import WeirCore

/// What a completion answers: the body as it is sent and kept for replays, and the facts that go
/// into headers.
package struct CompletionReply: Sendable, Equatable {
    package let status: Int
    package let body: [UInt8]
    /// Whether this is an earlier answer, given again at no cost.
    package let isReplay: Bool
    /// Nil on a replay: the first answer told them.
    package let facts: Facts?

    package struct Facts: Sendable, Equatable {
        package let cost: Money
        package let attempts: Int
        package let provider: ProviderName
        package let model: ModelName

        package init(cost: Money, attempts: Int, provider: ProviderName, model: ModelName) {
            self.cost = cost
            self.attempts = attempts
            self.provider = provider
            self.model = model
        }
    }

    package init(status: Int, body: [UInt8], isReplay: Bool, facts: Facts? = nil) {
        self.status = status
        self.body = body
        self.isReplay = isReplay
        self.facts = facts
    }
}

/// The bodies of `/ai/complete`, exactly as the contract has them.
package enum CompletionBody {
    package static func answer(
        content: String, usage: TokenUsage, cost: Money, request: RequestID
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: content.utf8.count + 160)
        writer.beginObject()
        writer.member("content", content)
        writer.member("input_tokens", usage.input)
        writer.member("output_tokens", usage.output)
        writer.name("cost_usd")
        writer.raw(cost.usd)
        writer.member("request_id", request.description)
        writer.endObject()
        return writer.bytes
    }

    /// An error as it leaves the process, and as it is kept for replays.
    package static func error(_ error: WeirError, request: RequestID) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("error", error.code.rawValue)
        writer.member("message", error.message)
        if let param = error.param { writer.member("param", param) }
        writer.member("request_id", request.description)
        writer.endObject()
        return writer.bytes
    }
}
