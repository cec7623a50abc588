import Synchronization
package import WeirCore

/// Tells workers that there may be a job to claim. Whoever puts one into a queue of this process
/// rings after it is durable; what comes otherwise is found by the runner's own rounds.
package final class JobBell: Sendable {
    private struct Queue {
        var rings: UInt64 = 0
        /// Workers at most, so it is as short as the queue has places.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let queues = Mutex<[QueueName: Queue]>([:])

    package init() {}

    /// Wakes one worker of the queue, or keeps the next one from going to sleep. A worker that gets
    /// a job rings for the next one, so that one ring is enough for many jobs.
    package func ring(_ queue: QueueName) {
        let next = queues.withLock { queues -> CheckedContinuation<Void, Never>? in
            // Nobody has asked for this queue's rings yet: who does will look for a job after it.
            guard queues[queue] != nil else { return nil }
            queues[queue]?.rings &+= 1
            guard queues[queue]?.waiting.isEmpty == false else { return nil }
            return queues[queue]?.waiting.removeFirst()
        }
        next?.resume()
    }

    /// Wakes every worker of every queue.
    func ringAll() {
        let all = queues.withLock { queues in
            var all: [CheckedContinuation<Void, Never>] = []
            for queue in queues.keys {
                queues[queue]?.rings &+= 1
                all += queues[queue]?.waiting ?? []
                queues[queue]?.waiting = []
            }
            return all
        }
        for worker in all { worker.resume() }
    }

    /// The rings so far. To be read before looking for a job: from here on none is missed.
    func rings(of queue: QueueName) -> UInt64 {
        queues.withLock { queues in
            let known = queues[queue] ?? Queue()
            queues[queue] = known
            return known.rings
        }
    }

    /// Sleeps until there is another ring than those.
    func wait(for queue: QueueName, after rings: UInt64) async {
        await withCheckedContinuation { continuation in
            let isOver = queues.withLock { queues in
                guard queues[queue, default: Queue()].rings == rings else { return true }
                queues[queue, default: Queue()].waiting.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
