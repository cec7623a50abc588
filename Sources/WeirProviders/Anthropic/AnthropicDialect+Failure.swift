package import WeirCore

extension AnthropicDialect {
    package func decodeFailure(status: Int, body: [UInt8]) -> ProviderFailure {
        let reply = ErrorReply(body)
        let isOurs =
            (400..<500).contains(status)
            && (reply.says(accountWords) || billingTexts.contains(where: reply.begins))
        return ProviderFailure(
            kind: isOurs ? .account : ProviderFailure.kind(status: status),
            message: reply.message(status: status))
    }
}

/// Our money or our key, whatever 4xx they come with.
private let accountWords: Set<String> = [
    "billing_error", "enforced_spend_limit_reached", "credit_balance_exhausted",
    "authentication_error", "permission_error",
]

/// An empty balance and a spent monthly limit come as a 400 `invalid_request_error`, told apart
/// from the caller's mistakes by their text alone.
private let billingTexts = [
    "Your credit balance is too low", "You have reached your specified API usage limits",
]
