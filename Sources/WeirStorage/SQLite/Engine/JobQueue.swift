import Dispatch
import Synchronization
import WeirService

/// Work on its way from async callers to the threads that may block, first in, first out, bounded.
final class JobQueue<Job: Sendable>: Sendable {
    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)
    private let limit: Int

    private struct State {
        var jobs: [Job] = []
        /// Threads that sleep and that nobody has woken yet.
        var sleepers = 0
        var isClosed = false

        mutating func wakeOne() -> Bool {
            guard sleepers > 0 else { return false }
            sleepers -= 1
            return true
        }
    }

    enum Turn {
        case jobs([Job])
        /// Nothing came within the time.
        case idle
        /// Closed, and everything was taken.
        case closed
    }

    /// - Parameter limit: How many jobs may wait.
    init(limit: Int) {
        self.limit = limit
        state = Mutex(State())
    }

    /// Never blocks.
    func submit(_ job: Job) throws(StoreError) {
        let isAsleep = try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw .unavailable("the store is closed") }
            guard state.jobs.count < limit else { throw .overloaded }
            state.jobs.append(job)
            return state.wakeOne()
        }
        if isAsleep { wake.signal() }
    }

    /// Takes what waits, or sleeps until something comes. Blocks its thread.
    func take(atMost count: Int, idleAfter timeout: DispatchTimeInterval?) -> Turn {
        while true {
            if let turn = takeNow(atMost: count) { return turn }
            guard let timeout else {
                wake.wait()
                continue
            }
            if wake.wait(timeout: .now() + timeout) == .timedOut, endSleep() { return .idle }
        }
    }

    /// Nothing more comes in; what waits is still taken.
    func close() {
        let sleepers = state.withLock { state in
            defer { state.sleepers = 0 }
            state.isClosed = true
            return state.sleepers
        }
        for _ in 0..<sleepers { wake.signal() }
    }

    private func takeNow(atMost count: Int) -> Turn? {
        state.withLock { state in
            if state.jobs.isEmpty {
                if state.isClosed { return .closed }
                state.sleepers += 1
                return nil
            }
            if state.jobs.count <= count {
                let all = state.jobs
                state.jobs = []
                state.jobs.reserveCapacity(min(all.count, 256))
                return .jobs(all)
            }
            let some = Array(state.jobs.prefix(count))
            state.jobs.removeFirst(count)
            return .jobs(some)
        }
    }

    /// After a sleep that timed out: whether it ended so. If a wake-up was sent meanwhile, it is
    /// consumed here, so that it wakes nobody later for nothing.
    private func endSleep() -> Bool {
        let wasWoken = state.withLock { state in
            if state.sleepers == 0 { return true }
            state.sleepers -= 1
            return false
        }
        if wasWoken { wake.wait() }
        return !wasWoken
    }
}
