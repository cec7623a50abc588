package import WeirCore

/// A job as lists and its owner see it.
package struct JobRecord: Sendable, Equatable {
    /// Its place in the order of acceptance, the cursor of lists.
    package let sequence: Int64
    package let job: Job
    package let feature: FeatureSlug
    /// When its state, or what is kept of it, last changed.
    package let changedAt: Timestamp
    /// When it was last claimed; nil before the first time.
    package let claimedAt: Timestamp?
    package let progress: JobProgress
    /// Whether its result is one to look at.
    package let isReport: Bool

    package init(
        sequence: Int64, job: Job, feature: FeatureSlug, changedAt: Timestamp,
        claimedAt: Timestamp?, progress: JobProgress, isReport: Bool = false
    ) {
        self.sequence = sequence
        self.job = job
        self.feature = feature
        self.changedAt = changedAt
        self.claimedAt = claimedAt
        self.progress = progress
        self.isReport = isReport
    }
}

/// How many of a job's calls have their answer.
package struct JobProgress: Sendable, Equatable {
    package let done: Int
    package let total: Int

    package init(done: Int, total: Int) {
        self.done = done
        self.total = total
    }
}

/// The answer to one of a job's calls.
package struct JobCallAnswer: Sendable, Equatable {
    /// The call's place in the request, from 0.
    package let number: Int
    /// Whether it is an error, which nobody tries again.
    package let isError: Bool
    /// What a client would have read.
    package let body: [UInt8]

    package init(number: Int, isError: Bool, body: [UInt8]) {
        self.number = number
        self.isError = isError
        self.body = body
    }
}

/// What a runner finds to do.
package struct JobOutlook: Sendable, Equatable {
    /// When the first waiting job of each queue is due, or has been since.
    package var due: [QueueName: Timestamp] = [:]
    /// When the first lease of each queue runs out.
    package var leases: [QueueName: Timestamp] = [:]
    /// The first deadline of all jobs that wait.
    package var deadline: Timestamp?

    package init() {}
}

/// A queue as it stands.
package struct QueueFigures: Sendable, Equatable {
    package let queue: QueueName
    /// Jobs that wait, for their turn or for something else.
    package let waiting: Int
    package let processing: Int
    /// Since when the job is due that has waited longest; in the future where none is due.
    package let dueSince: Timestamp?
    /// When that job was accepted.
    package let oldestAcceptedAt: Timestamp?

    package init(
        queue: QueueName, waiting: Int, processing: Int, dueSince: Timestamp? = nil,
        oldestAcceptedAt: Timestamp? = nil
    ) {
        self.queue = queue
        self.waiting = waiting
        self.processing = processing
        self.dueSince = dueSince
        self.oldestAcceptedAt = oldestAcceptedAt
    }
}
