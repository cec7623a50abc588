import Synchronization
import WeirCore

/// Which workers of a queue may claim a job now: its places, its pace, and slow after an outage.
final class JobGate: Sendable {
    private let state: Mutex<State>

    private struct State {
        var rules: QueueRules
        var slowStart: SlowStart
        var bucket: RateBucket
        var running = 0
        /// Calls that go on though their job's time was up. Below zero for a moment where the end
        /// of one is told before its begin.
        var overrunning = 0
        /// Whether the service was away when it was last asked.
        var isAway = false
        var counts = JobCounts()
    }

    enum Entry: Equatable {
        case open, closed
        /// Too early for the queue's pace.
        case paced(Duration)
    }

    init(_ rules: QueueRules, at now: Timestamp) {
        state = Mutex(
            State(
                rules: rules, slowStart: SlowStart(places: rules.places),
                bucket: RateBucket(at: now)))
    }

    var rules: QueueRules { state.withLock { $0.rules } }

    var places: Int { rules.places }

    func replace(_ rules: QueueRules) {
        state.withLock { state in
            if rules.places != state.rules.places {
                state.slowStart = SlowStart(places: rules.places)
            }
            state.rules = rules
        }
    }

    var counts: JobCounts { state.withLock { $0.counts } }

    func count(_ change: (inout JobCounts) -> Void) { state.withLock { change(&$0.counts) } }

    func enter(isAvailable: Bool, at now: Timestamp) -> Entry {
        state.withLock { state in
            guard isAvailable else {
                state.isAway = true
                state.slowStart.holdBack()
                return .closed
            }
            guard state.running < state.slowStart.limit, state.overrunning < state.rules.places
            else {
                return .closed
            }
            if let pace = state.rules.pace,
                case .refused(_, let wait) = state.bucket.admit(pace, at: now)
            {
                return .paced(wait)
            }
            state.running += 1
            return .open
        }
    }

    /// There was nothing to claim.
    func leave() {
        state.withLock { state in
            state.running -= 1
            state.bucket.giveBack()
        }
    }

    /// What follows from the end of a run.
    struct Change: OptionSet {
        let rawValue: Int
        static let hasGrown = Change(rawValue: 1)
        /// The service has answered again.
        static let isBack = Change(rawValue: 2)
    }

    func leave(_ end: JobRun.End) -> Change {
        state.withLock { state in
            state.running -= 1
            state.counts.count(end)
            switch end {
            case .complete, .failed:
                let before = state.slowStart.limit
                state.slowStart.answer()
                let change: Change = state.slowStart.limit > before ? .hasGrown : []
                defer { state.isAway = false }
                return state.isAway ? change.union(.isBack) : change
            case .heldBack(.serviceUnavailable):
                state.isAway = true
                state.slowStart.holdBack()
            case .heldBack(.providerUnavailable), .heldBack(.overloaded):
                state.slowStart.holdBack()
            case .heldBack, .retried, .handedBack, .dropped, .abandoned: break
            }
            return []
        }
    }

    func beginOverrun() { state.withLock { $0.overrunning += 1 } }

    func endOverrun() { state.withLock { $0.overrunning -= 1 } }
}

extension QueueRules {
    fileprivate var places: Int { max(concurrency, 1) }

    fileprivate var pace: RateLimit? {
        perMinute.map { RateLimit(perMinute: $0, burst: 0) }
    }
}

extension JobCounts {
    fileprivate mutating func count(_ end: JobRun.End) {
        claimed += 1
        switch end {
        case .complete: complete += 1
        case .failed: failed += 1
        case .retried: retried += 1
        case .heldBack: heldBack += 1
        case .handedBack: handedBack += 1
        case .dropped: dropped += 1
        case .abandoned: break
        }
    }
}
