import Synchronization
import WeirCore

/// Bounds the calls in flight: what is above the bound is refused at once, with nothing held.
final class CallSlots: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) { free = Mutex(count) }

    /// A slot goes back when nobody holds it any more.
    func take() throws(WeirError) -> CallSlot {
        let isTaken = free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        guard isTaken else {
            throw WeirError(.overloaded, "Too many AI calls are in flight", retryAfter: 1)
        }
        return CallSlot(self)
    }

    fileprivate func giveBack() { free.withLock { $0 += 1 } }
}

/// One call's place among those in flight.
final class CallSlot: Sendable {
    private let slots: CallSlots

    fileprivate init(_ slots: CallSlots) { self.slots = slots }

    deinit { slots.giveBack() }
}
