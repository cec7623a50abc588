import Foundation
import Synchronization
import WeirService

/// Counts rows on a thread of its own, a slice at a time, so that neither calls nor checkpoints
/// wait for it, however large the month is.
final class SumWatch: Sendable {
    private let state = Mutex(State())

    /// Rows in one snapshot.
    private static let slice: Int64 = 20_000

    private struct State {
        var outcome: Outcome?
        var waiter: CheckedContinuation<Outcome?, Never>?
        /// Nobody waits for the outcome any more.
        var isLate = false
        var isStopped = false
        var isRunning = false
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    typealias Outcome = Result<SumsVerdict, StoreError>

    /// - Parameter ended: is told the outcome where nobody waits for it any more.
    func start(
        _ check: SumCheck, path: String, ended: @escaping @Sendable (Outcome) -> Void
    ) {
        state.withLock { $0.isRunning = true }
        let thread = Thread {
            if let outcome = self.count(check, path) { self.deliver(outcome, or: ended) }
            self.end()
        }
        thread.name = "weir-ledger-check"
        thread.start()
    }

    /// The outcome, or nil where it takes longer.
    /// - Parameter limit: nil waits to the end.
    func outcome(within limit: Duration?) async -> Outcome? {
        // Unstructured: it has to end the wait, whatever becomes of the waiter.
        let alarm = Task {
            guard let limit else { return }
            // Cancelled where the outcome was there first: then nobody waits.
            try? await Task.sleep(for: limit)
            self.giveUp()
        }
        defer { alarm.cancel() }
        return await withCheckedContinuation { continuation in
            let (outcome, isOver) = state.withLock { state in
                let isOver = state.outcome != nil || state.isLate
                if !isOver { state.waiter = continuation }
                return (state.outcome, isOver)
            }
            if isOver { continuation.resume(returning: outcome) }
        }
    }

    /// Ends at the next slice.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Returns when the thread, if there was one, has let go of the file.
    func stopped() async {
        stop()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isRunning { state.closers.append(continuation) }
                return !state.isRunning
            }
            if isOver { continuation.resume() }
        }
    }

    private func count(_ opened: SumCheck, _ path: String) -> Outcome? {
        var check = opened
        do throws(SQLiteError) {
            let connection = try Connection(path: path, access: .readOnly)
            defer { connection.close(leavingLog: true) }
            try connection.prepareForReading()
            repeat {
                if state.withLock({ $0.isStopped }) { return nil }
            } while try check.countNext(SumWatch.slice, connection)
        } catch {
            return .failure(.unavailable("the ledger's sums can't be checked: \(error)"))
        }
        let differences = check.differences()
        guard let first = differences.first else { return .success(.sound(rows: check.rows)) }
        return .success(.differing("\(first)", count: differences.count))
    }

    private func deliver(_ outcome: Outcome, or ended: (Outcome) -> Void) {
        let (waiter, isLate) = state.withLock { state in
            defer { state.waiter = nil }
            state.outcome = outcome
            return (state.waiter, state.isLate)
        }
        if isLate { ended(outcome) } else { waiter?.resume(returning: outcome) }
    }

    private func giveUp() {
        let waiter = state.withLock { state -> CheckedContinuation<Outcome?, Never>? in
            guard state.outcome == nil else { return nil }
            defer { state.waiter = nil }
            state.isLate = true
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }

    private func end() {
        let closers = state.withLock { state in
            defer { state.closers = [] }
            state.isRunning = false
            return state.closers
        }
        for closer in closers { closer.resume() }
    }
}
