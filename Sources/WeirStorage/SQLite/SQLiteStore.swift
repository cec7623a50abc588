package import Dispatch
package import Logging
import WeirCore
package import WeirService

/// The ledger and the directory in one SQLite file, owned by one process.
///
/// One thread writes, in groups; a few read. No call blocks the thread that makes it. The SQLite
/// of the day has a bug with two connections that checkpoint (WAL reset, until 3.51.3): here only
/// the writer's does.
package final class SQLiteStore: LedgerStore, DirectoryStore, Sendable {
    let writer: Writer
    let readers: Readers
    let sums = SumWatch()
    let logger: Logger
    private let writerStopped: StopSignal
    private let readersStopped: StopSignal

    package struct Options: Sendable {
        /// Writes that may wait; one more is refused as overloaded.
        package var writesWaiting = 8_192
        /// Reads that may wait.
        package var readsWaiting = 4_096
        /// Operations in one transaction, at most.
        package var batch = 512
        /// Threads that read, at least one.
        package var readers = 2
        /// Pages of 4 KiB in the log after which they move to the database.
        package var pagesBeforeCheckpoint = 4_000
        /// Pages after which the writer waits a quarter of a second for readers, to cut the log.
        package var pagesBeforeCut = 16_000
        /// A pause of this length is used to empty the log.
        package var idleBeforeCheckpoint = DispatchTimeInterval.seconds(1)

        package init() {}
    }

    /// Milliseconds that a connection waits for a lock.
    static let busyTimeout: Int32 = 5_000

    private init(
        writer: Writer, readers: Readers, logger: Logger, writerStopped: StopSignal,
        readersStopped: StopSignal
    ) {
        self.writer = writer
        self.readers = readers
        self.logger = logger
        self.writerStopped = writerStopped
        self.readersStopped = readersStopped
    }

    /// Without `close` the threads end on their own once nobody has the store any more.
    deinit { stop() }

    /// Opens a file, creating it and bringing its schema up to date. Attempts that an earlier
    /// process left open stay so until `recover`.
    /// - Throws: `unavailable` with the reason, also where another process has the file.
    package static func open(
        path: String, options: Options = Options(), logger: Logger = Logger(label: "weir.storage")
    ) async throws(StoreError) -> SQLiteStore {
        let count = max(options.readers, 1)
        let store = SQLiteStore(
            writer: Writer(options: options, logger: logger),
            readers: Readers(waiting: options.readsWaiting), logger: logger,
            writerStopped: StopSignal(threads: 1), readersStopped: StopSignal(threads: count))
        let real = try await store.writer.start(path: path, stopped: store.writerStopped)
        do throws(StoreError) {
            for _ in 0..<count {
                try await store.readers.start(path: real, stopped: store.readersStopped)
            }
        } catch {
            store.stop()
            await store.writerStopped.wait()
            throw error
        }
        return store
    }

    /// Finishes what was submitted, empties the log into the file and lets go of it.
    package func close() async {
        await sums.stopped()
        readers.stop()
        await readersStopped.wait()
        writer.stop()
        await writerStopped.wait()
    }

    package var failure: String? { writer.health.failure }

    private func stop() {
        sums.stop()
        readers.stop()
        writer.stop()
    }
}
