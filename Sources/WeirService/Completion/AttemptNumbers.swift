import Synchronization
package import WeirCore

/// Gives out attempt ids, one sequence for everything in this process that writes rows.
package final class AttemptNumbers: Sendable {
    private let sequence: Mutex<AttemptSequence>

    /// - Parameter last: the highest attempt id in the ledger.
    package init(after last: AttemptID) {
        sequence = Mutex(AttemptSequence(last: last))
    }

    package func next(at now: Timestamp) -> AttemptID {
        sequence.withLock { $0.next(at: now) }
    }
}
