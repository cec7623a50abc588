package import WeirCore

/// How the queues stand: depth, lag, age of the oldest, and what has become of their jobs here.
package struct JobFigures: Sendable {
    private let store: any JobStore
    private let counts: @Sendable () -> [QueueName: JobCounts]
    private let time: any TimeSource

    package struct Queue: Sendable, Equatable {
        package let name: QueueName
        package let waiting: Int
        package let processing: Int
        /// How long the job has waited that has been due for longest.
        package let lagMilliseconds: Int64
        /// Since that job was accepted; nil where none waits.
        package let oldestAgeMilliseconds: Int64?
        /// Since this process started.
        package let counts: JobCounts
    }

    /// - Parameter counts: the runner's; none where jobs are run elsewhere.
    package init(
        store: any JobStore, time: any TimeSource,
        counts: @escaping @Sendable () -> [QueueName: JobCounts] = { [:] }
    ) {
        self.store = store
        self.time = time
        self.counts = counts
    }

    /// Every queue that has ever had a job or is run here, by name.
    package func queues() async throws(WeirError) -> [Queue] {
        let now = time.now()
        let counts = counts()
        let stored: [QueueFigures]
        do {
            stored = try await store.figures()
        } catch {
            throw WeirError(error)
        }
        let idle = Set(counts.keys).subtracting(stored.map(\.queue)).map {
            QueueFigures(queue: $0, waiting: 0, processing: 0)
        }
        return (stored + idle).sorted { $0.queue.description < $1.queue.description }.map {
            Queue(
                name: $0.queue, waiting: $0.waiting, processing: $0.processing,
                lagMilliseconds: $0.dueSince.map { max(now.milliseconds(since: $0), 0) } ?? 0,
                oldestAgeMilliseconds: $0.oldestAcceptedAt.map {
                    max(now.milliseconds(since: $0), 0)
                },
                counts: counts[$0.queue] ?? JobCounts())
        }
    }
}
