import NIOCore
import Synchronization
import WeirService

/// One request on its way to a reply; resolved exactly once, by the pool that it was given to.
struct Exchange: Sendable {
    enum Outcome: Sendable {
        case reply(HTTPReply)
        case notSent(String)
        case lost(UpstreamOutcome.Loss)
    }

    /// Who waits for the outcome. Kept when the request itself is gone: it is never sent again.
    struct Caller: Sendable {
        let load: PoolLoad
        let continuation: CheckedContinuation<Outcome, Never>

        func resolve(_ outcome: Outcome) {
            load.decrease()
            continuation.resume(returning: outcome)
        }
    }

    /// Head and body.
    let request: ByteBuffer
    let deadline: NIODeadline
    let caller: Caller

    func resolve(_ outcome: Outcome) { caller.resolve(outcome) }
}

/// How many exchanges a pool has at hand, readable from every thread: a hint for the choice of a
/// pool, not a limit.
final class PoolLoad: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { value.load(ordering: .relaxed) }
    func increase() { value.add(1, ordering: .relaxed) }
    func decrease() { value.subtract(1, ordering: .relaxed) }
}
