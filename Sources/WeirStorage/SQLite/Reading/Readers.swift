import Foundation
import WeirService

/// A few threads with a read-only connection each. None of them ever writes or checkpoints.
final class Readers: Sendable {
    private let queue: JobQueue<ReadJob>

    private struct ReadJob: Sendable {
        let run: @Sendable (Connection) -> Void
    }

    /// - Parameter waiting: How many reads may wait for a thread.
    init(waiting: Int) { queue = JobQueue(limit: waiting) }

    /// Opens one more connection, on a thread of its own. After the writer has set the file up.
    func start(path: String, stopped: StopSignal) async throws(StoreError) {
        try await withCheckedContinuation { continuation in
            let thread = Thread {
                self.main(path: path) { continuation.resume(returning: $0) }
                stopped.send()
            }
            thread.name = "weir-ledger-reader"
            thread.start()
        }.get()
    }

    /// Reads in one snapshot: everything that was durable when it began.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws(SQLiteError) -> Value
    ) async throws(StoreError) -> Value {
        try await withCheckedContinuation { continuation in
            let job = ReadJob { connection in
                continuation.resume(returning: snapshot(connection, body))
            }
            do throws(StoreError) {
                try queue.submit(job)
            } catch {
                continuation.resume(returning: Result<Value, StoreError>.failure(error))
            }
        }.get()
    }

    func stop() { queue.close() }

    private func main(path: String, started: (Result<Void, StoreError>) -> Void) {
        let connection: Connection
        do throws(SQLiteError) {
            connection = try Connection(path: path, access: .readOnly)
            try connection.prepareForReading()
        } catch {
            started(.failure(.unavailable("can't read the database \(path): \(error)")))
            return
        }
        started(.success(()))
        while case .jobs(let jobs) = queue.take(atMost: 1, idleAfter: nil) {
            for job in jobs { job.run(connection) }
        }
        connection.close(leavingLog: true)
    }
}

private func snapshot<Value>(
    _ connection: Connection, _ body: (Connection) throws(SQLiteError) -> Value
) -> Result<Value, StoreError> {
    do throws(SQLiteError) {
        try connection.statement("BEGIN").run()
        let value = try body(connection)
        try connection.statement("COMMIT").run()
        return .success(value)
    } catch {
        if connection.isInTransaction {
            // The read has failed for a better reason, and the next BEGIN would tell.
            _ = try? connection.statement("ROLLBACK").run()
        }
        return .failure(.unavailable(error.description))
    }
}

extension Connection {
    func prepareForReading() throws(SQLiteError) {
        setBusyTimeout(milliseconds: SQLiteStore.busyTimeout)
        try execute(
            """
            PRAGMA query_only = ON;
            PRAGMA mmap_size = 0;
            PRAGMA wal_autocheckpoint = 0;
            PRAGMA cache_size = -8192;
            PRAGMA temp_store = MEMORY;
            PRAGMA trusted_schema = OFF;
            """)
    }
}
