package import WeirCore

/// The queues that jobs may be put into, by name. Three are always there: `default`, `ai-reports`
/// for reports, and `batch` for what goes through a provider's batch interface.
package struct JobQueues: Sendable, Equatable {
    private var queues: [QueueName: Queue]

    /// What holds for one queue.
    package struct Queue: Sendable, Equatable {
        package var rules = QueueRules()
        /// Jobs of one tenant that haven't ended; one more is refused.
        package var mostWaiting = 100_000
        /// How long after its moment a job may begin, where it doesn't say itself.
        package var deadline = Duration.seconds(86_400)

        package init() {}
    }

    /// - Parameter queues: over those that are always there.
    package init(_ queues: [QueueName: Queue] = [:]) {
        self.queues = Dictionary(
            uniqueKeysWithValues: QueueName.alwaysThere.map { ($0, Queue()) }
        ).merging(queues) { $1 }
    }

    package subscript(_ name: QueueName) -> Queue? { queues[name] }

    /// In the order of their bytes.
    package var names: [QueueName] {
        queues.keys.sorted {
            $0.description.utf8.lexicographicallyPrecedes($1.description.utf8)
        }
    }
}

extension QueueName {
    /// Where a job waits that names no queue.
    package static let standardQueue: QueueName = named("default")
    /// Where reports wait.
    package static let reportQueue: QueueName = named("ai-reports")
    fileprivate static let alwaysThere = [standardQueue, reportQueue, batchQueue]
    /// Bytes of a queue's name.
    package static let queueLimit = 64
}
