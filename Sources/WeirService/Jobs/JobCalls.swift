import Synchronization
import WeirCore

/// The calls of jobs that are under way, each with a bound on how long its job waits for it. A
/// call is never cut off: it goes on without its job, and what it costs is in the ledger.
final class JobCalls: Sendable {
    private let performer: any JobPerformer
    private let time: any TimeSource
    private let state = Mutex(State())

    private struct State {
        var last: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Outcome, Never>] = [:]
        /// Outcomes that came before anybody waited.
        var early: [UInt64: Outcome] = [:]
        var running: Set<UInt64> = []
        var isAbandoned = false
    }

    enum Outcome: Sendable {
        case answered(JobAnswer)
        case timedOut
        /// The process ends.
        case abandoned
    }

    init(_ performer: any JobPerformer, time: any TimeSource) {
        self.performer = performer
        self.time = time
    }

    var isAvailable: Bool { performer.isAvailable }

    /// - Parameter endedLate: is told when a call is over whose job has not waited for it.
    func perform(
        _ call: JobCall, within limit: Duration, endedLate: @escaping @Sendable () -> Void
    ) async -> Outcome {
        let number = state.withLock { state -> UInt64? in
            guard !state.isAbandoned else { return nil }
            state.last += 1
            state.running.insert(state.last)
            return state.last
        }
        guard let number else { return .abandoned }
        // Unstructured: the call goes on when its job's time is up, or when the process is asked
        // to end, because it is billed all the same.
        Task {
            let answer = await performer.perform(call)
            if !resolve(number, .answered(answer)) { endedLate() }
        }
        // Unstructured: cancelled as soon as there is an outcome.
        let timer = Task {
            await time.pause(limit)
            if !Task.isCancelled { _ = resolve(number, .timedOut) }
        }
        let outcome = await withCheckedContinuation { continuation in
            let early = state.withLock { state -> Outcome? in
                if let early = state.early.removeValue(forKey: number) { return early }
                if state.isAbandoned { return .abandoned }
                state.waiting[number] = continuation
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
        timer.cancel()
        return outcome
    }

    /// Lets go of every call: the jobs are left to their leases.
    func abandon() {
        let left = state.withLock { state in
            defer { state.waiting = [:] }
            state.isAbandoned = true
            state.running = []
            return Array(state.waiting.values)
        }
        for continuation in left { continuation.resume(returning: .abandoned) }
    }

    /// The first outcome of a call is its outcome; false for any later one.
    private func resolve(_ number: UInt64, _ outcome: Outcome) -> Bool {
        let (isFirst, continuation) = state.withLock { state in
            guard state.running.remove(number) != nil else {
                return (false, CheckedContinuation<Outcome, Never>?.none)
            }
            let waiting = state.waiting.removeValue(forKey: number)
            if waiting == nil { state.early[number] = outcome }
            return (true, waiting)
        }
        continuation?.resume(returning: outcome)
        return isFirst
    }
}
