import Dispatch
import Foundation
import Logging
import WeirService

/// The one thread that writes: takes all that waits as one transaction (group commit) and lets
/// each waiter go on only after that transaction is durable.
final class Writer: Sendable {
    let health = StoreHealth()
    /// Rung after each transaction that has published something.
    let bell = EventBell()
    private let queue: JobQueue<WriteJob>
    private let options: SQLiteStore.Options
    private let logger: Logger

    init(options: SQLiteStore.Options, logger: Logger) {
        self.options = options
        self.logger = logger
        queue = JobQueue(limit: options.writesWaiting)
    }

    /// Takes the file's lock and opens it on a new thread; returns when it can be written, or why
    /// it can't.
    /// - Returns: The file's real path.
    func start(path: String, stopped: StopSignal) async throws(StoreError) -> String {
        try await withCheckedContinuation { continuation in
            let thread = Thread {
                self.main(path: path) { continuation.resume(returning: $0) }
                stopped.send()
            }
            thread.name = "weir-ledger-writer"
            thread.start()
        }.get()
    }

    /// Runs one operation in the next transaction; returns after that is durable.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (WriteSession) throws(SQLiteError) -> Value
    ) async throws(StoreError) -> Value {
        if let failure = health.failure { throw .unavailable(failure) }
        return try await withCheckedContinuation { continuation in
            let job = WriteJob(
                run: { session throws(SQLiteError) in
                    let value = try body(session)
                    return { continuation.resume(returning: .success(value)) }
                },
                fail: { continuation.resume(returning: Result<Value, StoreError>.failure($0)) })
            do throws(StoreError) {
                try queue.submit(job)
            } catch {
                job.fail(error)
            }
        }.get()
    }

    /// No more writes; what waits is still written, then the thread ends.
    func stop() { queue.close() }

    private func main(path: String, started: (Result<String, StoreError>) -> Void) {
        let lock: DatabaseLock
        let connection: Connection
        let session: WriteSession
        do throws(StoreError) {
            lock = try DatabaseLock.take(path)
            (connection, session) = try open(lock.path)
        } catch {
            started(.failure(error))
            return
        }
        started(.success(lock.path))
        work(session)
        close(connection, session)
        // Until here the file is this process's own.
        withExtendedLifetime(lock) {}
    }

    private func open(_ path: String) throws(StoreError) -> (Connection, WriteSession) {
        do throws(SQLiteError) {
            let connection = try Connection(path: path, access: .readWrite)
            do throws(SQLiteError) {
                try connection.prepareForWriting()
                return (connection, try WriteSession(connection))
            } catch {
                connection.close(leavingLog: true)
                throw error
            }
        } catch {
            throw .unavailable("can't open the database \(path): \(error)")
        }
    }

    private func work(_ session: WriteSession) {
        while true {
            let canRest = health.failure == nil && session.hasLog
            switch queue.take(
                atMost: options.batch, idleAfter: canRest ? options.idleBeforeCheckpoint : nil)
            {
            case .jobs(let jobs):
                commit(jobs, session)
                keepLogShort {
                    () throws(SQLiteError) in
                    try session.checkpointIfDue(
                        after: options.pagesBeforeCheckpoint, cutAfter: options.pagesBeforeCut)
                }
            case .idle:
                keepLogShort { () throws(SQLiteError) in try session.cutLog(waiting: 0) }
            case .closed: return
            }
        }
    }

    /// A checkpoint that fails may have lost pages on their way to the disk: trying it again could
    /// seem to work (a failed fsync forgets what it didn't write), so it ends all writing.
    private func keepLogShort(_ checkpoint: () throws(SQLiteError) -> Void) {
        guard health.failure == nil else { return }
        do throws(SQLiteError) {
            try checkpoint()
        } catch {
            fail("a checkpoint failed: \(error)")
        }
    }

    private func close(_ connection: Connection, _ session: WriteSession) {
        keepLogShort { () throws(SQLiteError) in try session.cutLog(waiting: 1_000) }
        connection.close(leavingLog: health.failure != nil)
    }

    /// Ends all writing, until a new start.
    func fail(_ reason: String) {
        health.fail(reason)
        logger.critical("The ledger can't be written any more", metadata: ["reason": "\(reason)"])
    }
}

/// An operation on its way to the writer. Exactly one of its ends is called, once.
struct WriteJob: Sendable {
    /// Runs inside the transaction, again if that has to be repeated; what it returns is called
    /// after the transaction is durable.
    let run: @Sendable (WriteSession) throws(SQLiteError) -> @Sendable () -> Void
    let fail: @Sendable (StoreError) -> Void
}

extension Writer {
    /// Writes jobs in one transaction, or in none.
    private func commit(_ jobs: [WriteJob], _ session: WriteSession) {
        if let failure = health.failure {
            for job in jobs { job.fail(.unavailable(failure)) }
            return
        }
        do throws(SQLiteError) {
            try session.begin()
        } catch {
            // Nothing was written. Busy: somebody else's tool has the file; it may let go of it.
            if !error.isBusy { fail("the database can't be written: \(error)") }
            for job in jobs { job.fail(.unavailable(error.description)) }
            return
        }
        do throws(SQLiteError) {
            var ends = try together(jobs, session)
            if ends == nil { ends = try alone(jobs, session) }
            for end in ends ?? [] { end() }
            bell.ring(session.takePublished())
        } catch {
            // Whether a failed COMMIT is durable is unknown; nobody is told that it is, and
            // nothing more is written until a new start has read what the disk has.
            fail("a transaction failed: \(error)")
            rollBack(session)
            for job in jobs { job.fail(.unavailable(error.description)) }
        }
    }

    /// The fast way: nothing between the jobs.
    /// - Returns: Nil, with a new transaction open, where the database refused a job that had
    ///   written something before.
    private func together(
        _ jobs: [WriteJob], _ session: WriteSession
    ) throws(SQLiteError) -> [() -> Void]? {
        var ends: [() -> Void] = []
        ends.reserveCapacity(jobs.count)
        do throws(SQLiteError) {
            for job in jobs {
                let before = session.connection.totalChanges
                do throws(SQLiteError) {
                    ends.append(try job.run(session))
                } catch {
                    guard error.isRefusal, session.connection.totalChanges == before else {
                        throw error
                    }
                    ends.append { job.fail(error.storeError) }
                }
            }
            try session.commit()
            return ends
        } catch {
            guard error.isRefusal, session.connection.isInTransaction else { throw error }
            try session.rollBack()
            try session.begin()
            return nil
        }
    }

    /// The careful way: a savepoint around each job, so that a refused one takes nobody with it.
    private func alone(
        _ jobs: [WriteJob], _ session: WriteSession
    ) throws(SQLiteError) -> [() -> Void] {
        var ends: [() -> Void] = []
        for job in jobs {
            do throws(SQLiteError) {
                let end = try session.isolated { () throws(SQLiteError) in
                    try job.run(session)
                }
                ends.append(end)
            } catch {
                guard error.isRefusal else { throw error }
                ends.append { job.fail(error.storeError) }
            }
        }
        try session.commit()
        return ends
    }

    private func rollBack(_ session: WriteSession) {
        do throws(SQLiteError) {
            try session.rollBack()
        } catch {
            logger.error("A failed transaction can't be rolled back either: \(error)")
        }
    }
}
