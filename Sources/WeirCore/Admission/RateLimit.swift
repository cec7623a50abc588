/// How much may come of something that is counted: so many a minute, evenly, and so many more at
/// once.
package struct RateLimit: Sendable, Equatable {
    package let perMinute: Int64
    package let burst: Int64

    /// Brings both into their range: 1, or 0 for the burst, to 1,000,000,000.
    package init(perMinute: Int, burst: Int) {
        self.perMinute = Int64(min(max(1, perMinute), RateLimit.most))
        self.burst = Int64(min(max(0, burst), RateLimit.most))
    }

    /// Calls that may come at once from a tenant that has made none for a while.
    package var atOnce: Int64 { burst + 1 }

    package static let most = 1_000_000_000
}

/// What is said to one call.
package enum RateAdmission: Sendable, Equatable {
    case admitted(RateStanding)
    case refused(RateStanding, retryAfter: Duration)
}

/// How a tenant stands against its limit, after a call was asked for.
package struct RateStanding: Sendable, Equatable {
    /// Calls that may come at once, at most.
    package let limit: Int64
    /// Calls that may come at once, now.
    package let remaining: Int64
    /// Until as many as ever may come at once; whole milliseconds, rounded up.
    package let resetAfter: Duration
    /// When that was so.
    package let at: Timestamp

    package init(limit: Int64, remaining: Int64, resetAfter: Duration, at: Timestamp) {
        self.limit = limit
        self.remaining = remaining
        self.resetAfter = resetAfter
        self.at = at
    }
}

/// One tenant's calls against a limit: the generic cell rate algorithm, in its form as a leaky
/// bucket (ITU-T I.371, annex A).
///
/// A call pours 60,000 in, a millisecond takes `perMinute` out. So every figure is a whole number,
/// and no rate is rounded.
package struct RateBucket: Sendable, Equatable {
    private var level: Int64 = 0
    private var at: Timestamp

    /// What one call pours in.
    private static let call: Int64 = 60_000

    package init(at now: Timestamp) { at = now }

    /// Decides about one call; a refused one leaves nothing behind.
    package mutating func admit(_ limit: RateLimit, at now: Timestamp) -> RateAdmission {
        level = level(of: limit, at: now)
        at = now
        let excess = level + RateBucket.call - limit.atOnce * RateBucket.call
        guard excess <= 0 else {
            return .refused(standing(limit), retryAfter: limit.time(toDrain: excess))
        }
        level += RateBucket.call
        return .admitted(standing(limit))
    }

    /// How long until `count` would be admitted if nothing else came; zero: at once. What is more
    /// than ever goes at once waits until nothing is left of what came before, rather than for
    /// ever.
    func wait(for count: Int64, _ limit: RateLimit, at now: Timestamp) -> Duration {
        let wanted = min(max(0, count), limit.atOnce)
        let excess = level(of: limit, at: now) + (wanted - limit.atOnce) * RateBucket.call
        return limit.time(toDrain: max(0, excess))
    }

    /// Takes `count` in, whatever is free: a bucket may go into debt.
    mutating func pour(_ count: Int64, _ limit: RateLimit, at now: Timestamp) {
        level = level(of: limit, at: now)
        at = now
        correct(by: count)
    }

    /// What was taken in was `count` too little, or too much where it is below zero.
    mutating func correct(by count: Int64) {
        let bounded = min(max(count, -RateBucket.deepest), RateBucket.deepest)
        let limit = RateBucket.deepest * RateBucket.call
        level = min(max(0, level + bounded * RateBucket.call), limit)
    }

    func standing(_ limit: RateLimit, at now: Timestamp) -> RateStanding {
        var bucket = self
        bucket.pour(0, limit, at: now)
        return bucket.standing(limit)
    }

    /// No debt is deeper; twice as much is still far from the end of Int64.
    private static let deepest: Int64 = 1 << 40

    /// An admitted call was refused for another reason, so that it doesn't count.
    package mutating func giveBack() { level = max(0, level - RateBucket.call) }

    /// Zero where nothing is remembered that a new bucket wouldn't say as well.
    func level(of limit: RateLimit, at now: Timestamp) -> Int64 {
        // A clock that was set back neither gives nor takes: it goes on from the new time.
        let elapsed = max(0, now.milliseconds(since: at))
        let (drained, over) = elapsed.multipliedReportingOverflow(by: limit.perMinute)
        return over ? 0 : max(0, level - drained)
    }

    private func standing(_ limit: RateLimit) -> RateStanding {
        RateStanding(
            limit: limit.atOnce,
            remaining: max(0, limit.atOnce - level.dividedUp(by: RateBucket.call)),
            resetAfter: limit.time(toDrain: level), at: at)
    }
}

extension RateLimit {
    fileprivate func time(toDrain level: Int64) -> Duration {
        .milliseconds(level.dividedUp(by: perMinute))
    }
}

extension Int64 {
    /// Rounded up; for numbers from 0.
    fileprivate func dividedUp(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder > 0 ? quotient + 1 : quotient
    }
}
