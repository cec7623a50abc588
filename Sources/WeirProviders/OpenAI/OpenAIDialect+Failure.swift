package import WeirCore

extension OpenAIDialect {
    package func decodeFailure(status: Int, body: [UInt8]) -> ProviderFailure {
        let reply = ErrorReply(body)
        let isOurs = (400..<500).contains(status) && reply.says(accountWords)
        return ProviderFailure(
            kind: isOurs ? .account : ProviderFailure.kind(status: status),
            message: reply.message(status: status))
    }
}

/// Our money or our key, whatever 4xx they come with: a 429 of these is not one that passes.
private let accountWords: Set<String> = [
    "insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached",
    "billing_not_active", "account_deactivated", "invalid_api_key",
]
