package import WeirCore

extension OpenAIDialect {
    package func decodeFailure(status: Int, body: [UInt8]) -> ProviderFailure {
        let reply = ErrorReply(body)
        let isOurs = (400..<500).contains(status) && reply.says(accountWords)
        return ProviderFailure(
            kind: isOurs ? .account : ProviderFailure.kind(status: status),
            message: reply.message(status: status))
    }

    /// An error in the middle of a stream, whose status was sent long ago. Some servers tell what
    /// it would have been; without a word whether it was billed can't be known.
    func decodeStreamFailure(_ body: [UInt8], _ event: JSONObject) -> ProviderFailure {
        let error = event["error"]
        let said = [error?["status_code"], error?["code"], error?["status"], event["status"]]
            .lazy.compactMap { $0?.integer }.first { (400..<600).contains($0) }
        return decodeFailure(status: said.flatMap(Int.init(exactly:)) ?? 502, body: body)
    }
}

/// Our money or our key, whatever 4xx they come with: a 429 of these is not one that passes.
private let accountWords: Set<String> = [
    "insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached",
    "billing_not_active", "account_deactivated", "invalid_api_key",
]
