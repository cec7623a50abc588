import NIOCore

/// Runs what is done for a connection on that connection's event loop.
///
/// A task that prefers it goes straight on after an await. Without, each function that it calls or
/// comes back to is one more turn of the event loop: this one isn't the executor that functions
/// without isolation run on, even where the runtime was told to run them here.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
