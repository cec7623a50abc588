/// Stands before one model of one provider and keeps calls away while it fails.
///
/// Every change of state makes the tickets given out before it void: a late result never decides
/// about a state that it didn't see. Where the clock steps back, the current state begins anew.
package struct CircuitBreaker: Sendable {
    private let rules: BreakerRules
    private let serial: Int
    /// Counts changes of state.
    private var generation = 0
    package private(set) var state = State.closed
    package private(set) var since: Timestamp
    package private(set) var failuresInRow = 0
    private var window: CallWindow
    /// How often it opened since it was last closed.
    private var openings = 0

    package enum State: Sendable, Equatable {
        /// Admits every call. Left for `open` by too many failures, in a row or by rate; for
        /// `resting` by a failure with which the provider asks for time.
        case closed
        /// Admits nothing, as the provider asked. Left for `closed` when that time is over; what
        /// was counted before still counts.
        case resting(until: Timestamp)
        /// Admits nothing. Left for `halfOpen` when the cool-down is over.
        case open(until: Timestamp)
        /// Admits one call, the probe. Left for `slowStart` when it succeeds, for `open`, longer,
        /// when it fails. One that says nothing, or isn't heard of in time, makes room for another.
        case halfOpen(probeUntil: Timestamp?)
        /// Admits a rising share. Left for `closed` when its time is over; for `open`, longer, as
        /// from `closed`, or where the provider asks for time.
        case slowStart(until: Timestamp)
    }

    /// Goes with a call, and back with its outcome.
    package struct Ticket: Sendable, Hashable {
        fileprivate let serial: Int
        fileprivate let generation: Int
    }

    package enum Admission: Sendable, Equatable {
        case admitted(Ticket)
        /// The one call that decides whether the provider is back.
        case probe(Ticket)
        /// Seconds, at least one, after which another try makes sense.
        case refused(retryAfter: Int)
    }

    /// - Parameter serial: tells this breaker's tickets from those of one that stood in its place.
    package init(rules: BreakerRules, serial: Int = 0, at now: Timestamp) {
        self.rules = rules
        self.serial = serial
        since = now
        window = CallWindow(length: rules.bounded(rules.window))
    }

    /// Decides about one call.
    ///
    /// - Parameter dice: uniform over all of UInt64; decides who is in slow start's share.
    package mutating func admit(at now: Timestamp, dice: UInt64) -> Admission {
        advance(to: now)
        switch state {
        case .closed: return .admitted(ticket)
        case .resting(let until), .open(let until):
            let milliseconds = until.milliseconds(since: now)
            return .refused(retryAfter: Int(clamping: max(1, (milliseconds + 999) / 1_000)))
        case .halfOpen(probeUntil: nil):
            let until = now.advanced(by: rules.bounded(rules.longestCoolDown))
            change(to: .halfOpen(probeUntil: until), at: now)
            return .probe(ticket)
        case .halfOpen: return .refused(retryAfter: 1)
        case .slowStart(let until):
            let whole = max(1, until.milliseconds(since: since))
            let share = max(
                BreakerRules.firstShare, now.milliseconds(since: since) * 1_000 / whole)
            let isIn = dice.multipliedFullWidth(by: 1_000).high < share
            return isIn ? .admitted(ticket) : .refused(retryAfter: 1)
        }
    }

    /// Takes in how an admitted call ended.
    package mutating func record(_ outcome: BreakerOutcome, ticket: Ticket, at now: Timestamp) {
        advance(to: now)
        guard ticket == self.ticket else { return }
        switch (state, outcome) {
        case (.halfOpen, .success): recover(at: now)
        case (.halfOpen, .failure(let asked)): open(asked: asked, at: now)
        case (.halfOpen, .neutral): change(to: .halfOpen(probeUntil: nil), at: now)
        case (.closed, .success), (.slowStart, .success):
            failuresInRow = 0
            window.add(isFailure: false, at: now)
        case (.closed, .failure(let asked)), (.slowStart, .failure(let asked)):
            fail(asked: asked, at: now)
        // No ticket is given out in the other states.
        case (.closed, .neutral), (.slowStart, .neutral), (.resting, _), (.open, _): break
        }
    }

    private mutating func fail(asked: Int?, at now: Timestamp) {
        failuresInRow += 1
        window.add(isFailure: true, at: now)
        let counts = window.counts(at: now)
        let isOverRate =
            counts.calls >= rules.minimumCalls
            && counts.failures * 100 >= counts.calls * rules.rate
        let isAsked = (asked ?? 0) > 0
        if failuresInRow >= rules.failures || isOverRate || isAsked && state != .closed {
            open(asked: asked, at: now)
        } else if isAsked {
            let until = now.advanced(by: rules.rest(asked ?? 0))
            change(to: .resting(until: until), at: now)
        }
    }

    private mutating func open(asked: Int?, at now: Timestamp) {
        let time = rules.coolDown(openings: openings, asked: asked)
        openings = min(openings + 1, 64)
        forget()
        change(to: .open(until: now.advanced(by: time)), at: now)
    }

    private mutating func recover(at now: Timestamp) {
        let until = now.advanced(by: rules.bounded(rules.slowStart))
        change(to: .slowStart(until: until), at: now)
        advance(to: now)
    }

    private mutating func forget() {
        failuresInRow = 0
        window.clear()
    }

    private var ticket: Ticket { Ticket(serial: serial, generation: generation) }

    private mutating func change(to next: State, at moment: Timestamp) {
        state = next
        since = moment
        generation += 1
    }
}

extension CircuitBreaker {
    /// Carries out what time alone changes. Snapshots do it on a copy.
    package mutating func advance(to now: Timestamp) {
        if now < since { restart(at: now) }
        switch state {
        case .closed, .halfOpen(probeUntil: nil): break
        case .resting(let until):
            if now >= until { change(to: .closed, at: until) }
        case .open(let until):
            if now >= until { change(to: .halfOpen(probeUntil: nil), at: until) }
        case .halfOpen(.some(let until)):
            if now >= until { change(to: .halfOpen(probeUntil: nil), at: until) }
        case .slowStart(let until):
            guard now >= until else { return }
            forget()
            openings = 0
            change(to: .closed, at: until)
        }
    }

    /// The clock stepped back: the state begins now and lasts as long as it was to last. Without
    /// that, a step of an hour would keep a breaker open for an hour.
    private mutating func restart(at now: Timestamp) {
        func moved(_ until: Timestamp) -> Timestamp {
            now.advanced(by: .milliseconds(until.milliseconds(since: since)))
        }
        switch state {
        case .closed, .halfOpen(probeUntil: nil): break
        case .resting(let until): state = .resting(until: moved(until))
        case .open(let until): state = .open(until: moved(until))
        case .halfOpen(.some(let until)): state = .halfOpen(probeUntil: moved(until))
        case .slowStart(let until): state = .slowStart(until: moved(until))
        }
        since = now
    }
}
