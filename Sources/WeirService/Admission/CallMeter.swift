import Synchronization
import WeirCore

/// What one call has used so far, for a gateway that limits calls in this process' stead.
package final class CallMeter: Sendable {
    private let used = Mutex<Int64?>(nil)

    package init() {}

    /// Tokens, read and generated; nil for a call that counts nothing: it was refused before a
    /// provider was asked.
    package var tokens: Int64? { used.withLock { $0 } }

    /// The call counts, and this is what it used more.
    package func add(_ tokens: Int64) {
        used.withLock { used in
            let (sum, over) = (used ?? 0).addingReportingOverflow(max(0, tokens))
            used = over ? .max : sum
        }
    }
}

extension Charge {
    /// As many tokens as were used, or for which it is charged where nobody knows.
    func tokens(_ worst: WorstCase) -> Int64 {
        let (read, written) =
            basis == .worstCase ? (worst.input, worst.output) : (usage.input, usage.output)
        let (sum, over) = read.addingReportingOverflow(written)
        return over ? .max : max(0, sum)
    }
}
