import Synchronization
import WeirCore

/// Bounds the calls in flight: what is above the bound is refused at once, with nothing held.
final class CallSlots: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) { free = Mutex(count) }

    func take() throws(WeirError) {
        let isTaken = free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        guard isTaken else {
            throw WeirError(.overloaded, "Too many AI calls are in flight", retryAfter: 1)
        }
    }

    func giveBack() { free.withLock { $0 += 1 } }
}
