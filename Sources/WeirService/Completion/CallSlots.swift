import Synchronization
import WeirCore

/// Bounds the calls in flight; what is above the bound waits, with nothing held.
final class CallSlots: Sendable {
    private let free: Mutex<Int>
    private let room: WaitingRoom<CallSlot>

    init(_ count: Int, _ queue: Adjustable<QueueSettings>, time: any TimeSource) {
        free = Mutex(count)
        room = WaitingRoom(queue, time: time)
    }

    /// A slot goes back when nobody holds it any more. Throws `overloaded` where none comes free
    /// in time.
    func take(for tenant: Tenant) async throws(WeirError) -> CallSlot {
        try await room.enter(
            tenant.id, tenant.tier, "Too many AI calls are in flight", takeOne)
    }

    @Sendable private func takeOne() -> CallSlot? {
        let isFree = free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        return isFree ? CallSlot(self) : nil
    }

    fileprivate func giveBack() {
        free.withLock { $0 += 1 }
        room.serve(takeOne)
    }
}

/// One call's place among those in flight.
final class CallSlot: Sendable {
    private let slots: CallSlots

    fileprivate init(_ slots: CallSlots) { self.slots = slots }

    deinit { slots.giveBack() }
}
