import NIOCore

/// One timer for a deadline that moves with every request. A timer that rings too early is set
/// again, so that moving the deadline back, which is what nearly always happens, costs nothing.
struct LazyAlarm {
    enum Ring: Equatable {
        /// The deadline has come.
        case due
        /// Too early: the timer is to be set anew.
        case again(NIODeadline)
        /// Nobody waits for it any more.
        case idle
    }

    /// When the timer rings.
    private(set) var armed: NIODeadline?
    private var due: NIODeadline?

    /// Moves the deadline. Returns when the timer is to be set to, nil where it stands well.
    mutating func set(_ deadline: NIODeadline) -> NIODeadline? {
        due = deadline
        if let armed, armed <= deadline { return nil }
        armed = deadline
        return deadline
    }

    mutating func clear() { due = nil }

    /// The timer has rung.
    mutating func rang(now: NIODeadline) -> Ring {
        armed = nil
        guard let due else { return .idle }
        guard due > now else {
            self.due = nil
            return .due
        }
        armed = due
        return .again(due)
    }
}
