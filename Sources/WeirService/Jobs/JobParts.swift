package import Logging
package import WeirCore

/// What a runner of jobs is made of.
package struct JobParts: Sendable {
    let store: any JobStore
    let performer: any JobPerformer
    /// The rules in force. A queue that is no longer among them keeps its last ones, so that its
    /// jobs don't stay behind.
    let queues: @Sendable () -> [QueueName: QueueRules]
    let bell: JobBell
    let time: any TimeSource
    let newRequest: @Sendable () -> RequestID

    /// Queues whose jobs somebody else claims; here they only run out.
    package var claimedElsewhere: Set<QueueName> = [.batchQueue]
    package var dice: @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    /// Calls of one job at once.
    package var callsAtOnce = 4
    /// How long what comes due may go unnoticed.
    package var round = Duration.milliseconds(250)
    /// Jobs that one write of a sweep changes.
    package var batch = 256
    /// Between two looks for jobs whose retention is over.
    package var purgeEvery = Duration.seconds(60)
    /// At most between two tries of a job that waits for a budget, at random from half of it on;
    /// nil where nobody raises a budget without waking the jobs here that wait for it.
    package var budgetRecheck: Duration?
    package var logger = Logger(label: "weir.jobs")

    package init(
        store: any JobStore, performer: any JobPerformer,
        queues: @escaping @Sendable () -> [QueueName: QueueRules], bell: JobBell,
        time: any TimeSource, newRequest: @escaping @Sendable () -> RequestID
    ) {
        self.store = store
        self.performer = performer
        self.queues = queues
        self.bell = bell
        self.time = time
        self.newRequest = newRequest
    }
}
