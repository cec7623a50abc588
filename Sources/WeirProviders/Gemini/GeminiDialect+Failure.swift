package import WeirCore

extension GeminiDialect {
    /// The wait hint is in the body. A quota of a day is not over when the hint says so: such a
    /// 429 asks for the longest wait.
    package func decodeFailure(status: Int, body: [UInt8]) -> ProviderFailure {
        let reply = ErrorReply(body)
        let isOurs = [400, 401, 403].contains(status) && reply.says(accountWords)
        let wait = reply.details.lazy.compactMap { $0["retryDelay"]?.string }.first
        return ProviderFailure(
            kind: isOurs ? .account : ProviderFailure.kind(status: status),
            message: reply.message(status: status),
            retryAfter: spendsDailyQuota(reply) ? longestRetryAfter : wait.flatMap(seconds))
    }

    private func spendsDailyQuota(_ reply: ErrorReply) -> Bool {
        reply.details.contains { detail in
            (detail["violations"]?.array ?? []).contains { violation in
                Array((violation["quotaId"]?.string ?? "").utf8).contains(Array("PerDay".utf8))
            }
        }
    }
}

/// Our key or our project: an invalid key is a 400 at Gemini, and so is a project without billing
/// in a country that has no free tier.
private let accountWords: Set<String> = [
    "API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "FAILED_PRECONDITION", "BILLING_DISABLED",
    "UNAUTHENTICATED", "PERMISSION_DENIED",
]

/// A duration as protocol buffers print it, `12s` or `12.5s`, in whole seconds and rounded up;
/// nil for anything else.
private func seconds(_ text: String) -> Int? {
    var bytes = Array(text.utf8)
    guard bytes.popLast() == UInt8(ascii: "s"), bytes.count <= 32 else { return nil }
    let parts = bytes.split(
        separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isDigit) })
    else { return nil }
    let hasRest = parts.count == 2 && parts[1].contains { $0 != UInt8(ascii: "0") }
    // More digits than an Int holds are a long wait, too.
    let seconds = Int(String(decoding: whole, as: UTF8.self)) ?? longestRetryAfter
    return min(seconds, longestRetryAfter - (hasRest ? 1 : 0)) + (hasRest ? 1 : 0)
}
