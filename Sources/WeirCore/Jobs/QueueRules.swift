/// What holds for the jobs of one queue.
package struct QueueRules: Sendable, Equatable {
    /// Jobs of the queue that run at once.
    package var concurrency = 4
    /// Claims of one job, counted when it is claimed: a worker that dies has used one up.
    package var attempts = 3
    /// How long one attempt may take.
    package var attemptTimeout = Duration.seconds(60)
    /// How long a claim holds without a sign of life.
    package var lease = Duration.seconds(30)
    /// Claims within a minute; nil for as many as there are places.
    package var perMinute: Int?
    /// The wait before the second attempt is up to this long; it doubles each time.
    package var base = Duration.seconds(2)
    /// No wait between attempts is longer, whatever a provider asks for.
    package var cap = Duration.seconds(300)
    /// How long a job that has ended is kept, its result with it.
    package var retention = Duration.seconds(7 * 86_400)

    package init() {}

    /// Full jitter: uniform between zero and a bound that doubles with each attempt, and no less
    /// than what was asked for; never above `cap`.
    /// - Parameters:
    ///   - asked: seconds, from a provider's Retry-After.
    ///   - dice: uniform over all of UInt64.
    package func wait(afterAttempt attempt: Int, asked: Int?, dice: UInt64) -> Duration {
        var bound = min(base, cap)
        for _ in 1..<max(1, min(attempt, 64)) where bound < cap { bound = min(bound * 2, cap) }
        let milliseconds = UInt64(clamping: bound.wholeMilliseconds)
        let chosen = dice.multipliedFullWidth(by: milliseconds &+ 1).high
        let floor = min(.seconds(max(asked ?? 0, 0)), cap)
        return max(.milliseconds(Int64(clamping: chosen)), floor)
    }
}
