/// When a delivery to a webhook is tried again.
package struct WebhookRetries: Sendable, Equatable {
    /// Tries of one delivery; with the other figures, over a day.
    package var attempts = 8
    /// The wait behind the first try; it grows fivefold each time.
    package var base = Duration.seconds(5)
    /// No wait is longer, whatever the receiver asks for.
    package var cap = Duration.seconds(17 * 3_600)

    package init() {}

    /// The wait before the next try: a quarter more or less by chance, and no less than what was
    /// asked for. Nil where there is none.
    ///
    /// - Parameters:
    ///   - attempt: the one that failed, from 1.
    ///   - asked: seconds, from the receiver's Retry-After.
    ///   - dice: uniform over all of UInt64.
    package func wait(afterAttempt attempt: Int, asked: Int?, dice: UInt64) -> Duration? {
        guard attempt < attempts else { return nil }
        var wait = min(base, cap)
        for _ in 1..<max(1, min(attempt, 64)) where wait < cap { wait = min(wait * 5, cap) }
        let quarter = UInt64(clamping: (wait / 4).wholeMilliseconds)
        let spread = dice.multipliedFullWidth(by: quarter &* 2 &+ 1).high
        let chosen = wait * 3 / 4 + .milliseconds(Int64(clamping: spread))
        return max(chosen, min(.seconds(max(asked ?? 0, 0)), cap))
    }
}
