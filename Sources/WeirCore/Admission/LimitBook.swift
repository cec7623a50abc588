/// What was asked for and what is in flight, for every scope that has a limit.
///
/// A call is admitted by all of its scopes or charged to none. Of at most `capacity` counters:
/// where one more comes, those that a new one would equal are forgotten, and if that isn't enough,
/// the half that is nearest to it. A counter with calls in flight is never forgotten, so that there
/// are more than `capacity` only while more calls than that are in flight.
package struct LimitBook: Sendable {
    private let capacity: Int
    private var meters: [LimitedScope.Counter: Meter] = [:]

    package init(capacity: Int = 65_536) { self.capacity = max(2, capacity) }

    package var count: Int { meters.count }

    /// What an admitted call has taken; ended once.
    package struct Ticket: Sendable {
        fileprivate let scopes: [LimitedScope]
        /// Tokens, the most that it can use.
        package let tokens: Int64
    }

    package enum Admission: Sendable {
        case admitted(Ticket, CallStanding)
        case refused(Refusal, CallStanding)
    }

    /// Why a call has to wait, and how long.
    package struct Refusal: Sendable, Equatable {
        package let scope: BudgetScope
        package let limits: CallLimits
        package let cause: Cause
        /// After which this very call would be admitted if nothing else came.
        package let retryAfter: Duration

        package enum Cause: Sendable { case calls, tokens, concurrent }
    }

    /// When a place in flight comes free nobody knows; another try after so long makes sense.
    package static let concurrentWait = Duration.seconds(1)

    /// Decides about one call; a refused one leaves nothing behind.
    ///
    /// - Parameter tokens: the most that the call can use, from 0.
    package mutating func admit(
        _ scopes: [LimitedScope], tokens: Int64, at now: Timestamp
    ) -> Admission {
        var refusal: Refusal?
        for scope in scopes {
            let meter = meters[scope.counter] ?? Meter(at: now)
            guard let next = meter.refusal(scope, tokens, at: now) else { continue }
            if next.retryAfter > refusal?.retryAfter ?? .zero { refusal = next }
        }
        if let refusal { return .refused(refusal, standing(scopes, at: now)) }
        for scope in scopes {
            if meters.count >= capacity, meters[scope.counter] == nil {
                makeRoom(for: scopes, at: now)
            }
            meters[scope.counter, default: Meter(at: now)].take(scope.limits, tokens, at: now)
        }
        let ticket = Ticket(scopes: scopes, tokens: tokens)
        return .admitted(ticket, standing(scopes, at: now))
    }

    /// A call is over.
    ///
    /// - Parameters:
    ///   - used: tokens.
    ///   - counts: whether it counts as a call; one that was refused after all doesn't.
    package mutating func end(_ ticket: Ticket, used: Int64, counts: Bool) {
        let (difference, over) = used.subtractingReportingOverflow(ticket.tokens)
        for scope in ticket.scopes {
            meters[scope.counter]?.end(
                scope.limits, difference: over ? 0 : difference, counts: counts)
        }
    }

    private func standing(_ scopes: [LimitedScope], at now: Timestamp) -> CallStanding {
        var standing = CallStanding()
        for scope in scopes {
            let meter = meters[scope.counter] ?? Meter(at: now)
            standing.narrow(
                calls: scope.limits.calls.map { meter.calls.standing($0, at: now) },
                tokens: scope.limits.tokens.map { meter.tokens.standing($0, at: now) })
        }
        return standing
    }

    /// Half of all goes at a time, so that the search is paid by as many calls.
    private mutating func makeRoom(for scopes: [LimitedScope], at now: Timestamp) {
        meters = meters.filter { $0.value.weight(at: now) > 0 }
        guard meters.count > capacity / 2 else { return }
        let kept = Set(scopes.map(\.counter))
        let ranked = meters.filter { $0.value.inFlight == 0 && !kept.contains($0.key) }
            .map { (counter: $0.key, weight: $0.value.weight(at: now)) }
            .sorted { $0.weight < $1.weight }
        for (counter, _) in ranked.prefix(meters.count - capacity / 2) { meters[counter] = nil }
    }
}

/// How a call's scopes stand: for calls and for tokens, the one that is nearest to its limit.
package struct CallStanding: Sendable, Equatable {
    package private(set) var requests: RateStanding?
    package private(set) var tokens: RateStanding?

    package init(requests: RateStanding? = nil, tokens: RateStanding? = nil) {
        self.requests = requests
        self.tokens = tokens
    }

    fileprivate mutating func narrow(calls: RateStanding?, tokens: RateStanding?) {
        if let calls, requests.map(calls.isNearer) ?? true { requests = calls }
        if let tokens, self.tokens.map(tokens.isNearer) ?? true { self.tokens = tokens }
    }
}

extension RateStanding {
    /// Whether less of its limit is left. Limits are below 2³¹, so that no product overflows.
    fileprivate func isNearer(than other: RateStanding) -> Bool {
        remaining * other.limit < other.remaining * limit
    }
}

/// One scope's figures.
private struct Meter: Sendable {
    var calls: RateBucket
    var tokens: RateBucket
    var inFlight = 0
    /// As they were when it was last asked.
    private var limits = CallLimits()

    init(at now: Timestamp) {
        calls = RateBucket(at: now)
        tokens = RateBucket(at: now)
    }

    /// The longest of its waits; nil where it admits the call.
    func refusal(
        _ scope: LimitedScope, _ count: Int64, at now: Timestamp
    ) -> LimitBook.Refusal? {
        let limits = scope.limits
        let isFull = limits.concurrent.map { inFlight >= $0 } ?? false
        let waits: [(LimitBook.Refusal.Cause, Duration)] = [
            (.calls, limits.calls.map { calls.wait(for: 1, $0, at: now) } ?? .zero),
            (.tokens, limits.tokens.map { tokens.wait(for: count, $0, at: now) } ?? .zero),
            (.concurrent, isFull ? LimitBook.concurrentWait : .zero),
        ]
        guard let (cause, wait) = waits.max(by: { $0.1 < $1.1 }), wait > .zero else { return nil }
        return LimitBook.Refusal(
            scope: scope.counter.scope, limits: limits, cause: cause, retryAfter: wait)
    }

    mutating func take(_ limits: CallLimits, _ count: Int64, at now: Timestamp) {
        self.limits = limits
        if let limit = limits.calls { calls.pour(1, limit, at: now) }
        if let limit = limits.tokens { tokens.pour(count, limit, at: now) }
        inFlight += 1
    }

    mutating func end(_ limits: CallLimits, difference: Int64, counts: Bool) {
        inFlight = max(0, inFlight - 1)
        if limits.tokens != nil { tokens.correct(by: difference) }
        if limits.calls != nil, !counts { calls.giveBack() }
    }

    /// Nothing where a new one would say the same; else the more, the longer until it would.
    func weight(at now: Timestamp) -> Int64 {
        if inFlight > 0 { return .max }
        let waits = [
            limits.calls.map { calls.standing($0, at: now).resetAfter },
            limits.tokens.map { tokens.standing($0, at: now).resetAfter },
        ]
        let longest = waits.compactMap(\.self).max() ?? .zero
        return longest > .zero ? longest.components.seconds &+ 1 : 0
    }
}
