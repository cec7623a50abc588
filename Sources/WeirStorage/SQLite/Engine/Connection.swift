import CSQLite

/// One connection to the file. Opened, used and closed on one thread.
@safe
final class Connection {
    private let handle: OpaquePointer
    private var statements: [Statement] = []
    private var cache: [String: Statement] = [:]

    enum Access { case readWrite, readOnly }

    /// How much of the log a checkpoint may take, and what it waits for.
    enum Checkpoint {
        /// What no reader stands in the way of; never waits.
        case passive
        /// All of it, then cuts the log's file; waits as long as the busy timeout says.
        case truncate
    }

    init(path: String, access: Access) throws(SQLiteError) {
        Connection.setUp()
        var opened: OpaquePointer?
        let flags =
            access == .readWrite
            ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        // No mutex: a connection never leaves its thread.
        let code = unsafe sqlite3_open_v2(
            path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            let error = unsafe SQLiteError(code: code, on: opened)
            unsafe sqlite3_close(opened)
            throw error
        }
        unsafe handle = unsafe opened
    }

    /// Once in the process, before its first connection.
    private static func setUp() { _ = isSetUp }

    /// SQLite's count of its memory takes a lock at each allocation, and nobody reads it. Where
    /// SQLite is in use already it refuses, and works as before.
    private static let isSetUp = sqlite3_config_flag(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK

    /// Runs statements without parameters, ignoring their rows.
    func execute(_ sql: String) throws(SQLiteError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw unsafe SQLiteError(code: code, on: handle) }
    }

    /// A statement to be kept; finalized when the connection closes.
    func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        let statement = try unsafe Statement(sql, on: handle)
        statements.append(statement)
        return statement
    }

    /// The same statement for the same text: for what isn't run for every call.
    func statement(_ sql: String) throws(SQLiteError) -> Statement {
        if let statement = cache[sql] { return statement }
        let statement = try prepare(sql)
        cache[sql] = statement
        return statement
    }

    /// The first value of a pragma or a query, as text.
    func value(_ sql: String) throws(SQLiteError) -> String? {
        let statement = try unsafe Statement(sql, on: handle)
        defer { statement.finalize() }
        return try statement.first { row throws(SQLiteError) in row.text(0) }
    }

    func setBusyTimeout(milliseconds: Int32) {
        unsafe sqlite3_busy_timeout(handle, milliseconds)
    }

    /// Rows changed since the connection was opened; an aborted statement leaves it as it was.
    var totalChanges: Int64 { unsafe sqlite3_total_changes64(handle) }

    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Pages written since the connection was opened: how far the log has grown.
    var pagesWritten: Int {
        var current: Int32 = 0
        var highest: Int32 = 0
        unsafe sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, 0)
        return Int(current)
    }

    /// - Returns: Whether the whole log is in the database now.
    func checkpoint(_ mode: Checkpoint) throws(SQLiteError) -> Bool {
        var frames: Int32 = 0
        var moved: Int32 = 0
        let code = unsafe sqlite3_wal_checkpoint_v2(
            handle, nil, mode == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE,
            &frames, &moved)
        // Busy means that a reader needs the log: nothing is wrong, and nothing is lost.
        if code & 0xFF == SQLITE_BUSY { return false }
        guard code == SQLITE_OK else { throw unsafe SQLiteError(code: code, on: handle) }
        return frames == moved
    }

    /// Forbids writing to the schema's own tables and to the file's pages by SQL.
    func defend() { unsafe sqlite3_db_config_flag(handle, SQLITE_DBCONFIG_DEFENSIVE, 1) }

    /// Ends every statement, then the connection.
    /// - Parameter leavingLog: The log stays as it is. Otherwise the last connection moves what is
    ///   left of it into the database, which after a failed write would be another try.
    func close(leavingLog: Bool) {
        unsafe sqlite3_db_config_flag(
            handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leavingLog ? 1 : 0)
        for statement in statements { statement.finalize() }
        statements = []
        cache = [:]
        unsafe sqlite3_close_v2(handle)
    }
}
