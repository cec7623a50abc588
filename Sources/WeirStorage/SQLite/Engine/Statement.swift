import CSQLite

/// A prepared statement: bind its parameters in order, then run it. Stays on its thread.
///
/// Texts and blobs are gathered in one buffer that is reused from run to run and pinned while
/// SQLite reads it, so that binding neither allocates nor lets SQLite copy.
@safe
final class Statement {
    private let connection: OpaquePointer
    private var handle: OpaquePointer?
    private var parameters: Int32 = 0
    private var bytes: [UInt8] = []
    private var slices: [Slice] = []

    private struct Slice {
        let parameter: Int32
        let start: Int
        let count: Int
        let isText: Bool
    }

    /// - Parameter connection: must outlive the statement's use, which `finalize` ends.
    init(_ sql: String, on connection: OpaquePointer) throws(SQLiteError) {
        unsafe self.connection = unsafe connection
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK else { throw unsafe SQLiteError(code: code, on: connection) }
        unsafe handle = unsafe prepared
        bytes.reserveCapacity(512)
        slices.reserveCapacity(24)
    }

    func finalize() {
        unsafe sqlite3_finalize(handle)
        unsafe handle = nil
    }

    func bind(_ value: Int64) {
        parameters += 1
        unsafe sqlite3_bind_int64(handle, parameters, value)
    }

    func bind(_ value: Bool) { bind(value ? 1 : 0) }

    func bind(_ value: Int64?) {
        if let value { bind(value) } else { bindNull() }
    }

    func bindNull() {
        parameters += 1
        unsafe sqlite3_bind_null(handle, parameters)
    }

    func bind(_ text: String) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        note(start: start, isText: true)
    }

    func bind(text: [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: text)
        note(start: start, isText: true)
    }

    func bind(_ text: String?) {
        if let text { bind(text) } else { bindNull() }
    }

    func bind(blob: [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: blob)
        note(start: start, isText: false)
    }

    /// Runs a statement that returns nothing.
    /// - Returns: How many rows it inserted, changed or deleted, triggers aside.
    @discardableResult
    func run() throws(SQLiteError) -> Int {
        try each { _ throws(SQLiteError) in }
        return Int(unsafe sqlite3_changes64(connection))
    }

    /// Runs the statement over all of its rows. A row is valid only inside the closure.
    func each(_ body: (borrowing Row) throws(SQLiteError) -> Void) throws(SQLiteError) {
        // An empty buffer may have no address, and SQLite takes that for NULL.
        bytes.append(0)
        defer { reset() }
        try unsafe bytes.withUnsafeBufferPointer { buffer throws(SQLiteError) in
            try unsafe attach(UnsafeRawBufferPointer(buffer))
            while true {
                let code = unsafe sqlite3_step(handle)
                if code == SQLITE_DONE { return }
                guard code == SQLITE_ROW else {
                    throw unsafe SQLiteError(code: code, on: connection)
                }
                if let handle = unsafe handle { try body(unsafe Row(handle: handle)) }
            }
        }
    }

    /// The first row's result, or nil where there is none.
    func first<Value>(
        _ body: (borrowing Row) throws(SQLiteError) -> Value
    ) throws(SQLiteError) -> Value? {
        var result: Value?
        try each { row throws(SQLiteError) in
            if result == nil { result = try body(row) }
        }
        return result
    }

    private func note(start: Int, isText: Bool) {
        parameters += 1
        slices.append(
            Slice(
                parameter: parameters, start: start, count: bytes.count - start, isText: isText))
    }

    private func attach(_ buffer: UnsafeRawBufferPointer) throws(SQLiteError) {
        guard let base = buffer.baseAddress else { return }
        for slice in slices {
            let address = unsafe base + slice.start
            // No destructor: the bytes outlive the run, and reset forgets them.
            let code =
                slice.isText
                ? unsafe sqlite3_bind_text64(
                    handle, slice.parameter, address.assumingMemoryBound(to: CChar.self),
                    UInt64(slice.count), nil, UInt8(SQLITE_UTF8))
                : unsafe sqlite3_bind_blob64(
                    handle, slice.parameter, address, UInt64(slice.count), nil)
            guard code == SQLITE_OK else { throw unsafe SQLiteError(code: code, on: connection) }
        }
    }

    private func reset() {
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
        parameters = 0
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 16)
        slices.removeAll(keepingCapacity: true)
    }
}

/// The row that a statement stands on.
@safe
struct Row: ~Copyable {
    private let handle: OpaquePointer

    fileprivate init(handle: OpaquePointer) { unsafe self.handle = unsafe handle }

    func isNull(_ column: Int32) -> Bool {
        unsafe sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    func int64(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

    func optionalInt64(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }

    func bool(_ column: Int32) -> Bool { int64(column) != 0 }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// Appends a text's or blob's bytes; nothing for NULL.
    func append(_ column: Int32, to bytes: inout [UInt8]) {
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return }
        let count = unsafe sqlite3_column_bytes(handle, column)
        unsafe bytes.append(
            contentsOf: UnsafeRawBufferPointer(start: start, count: Int(count)))
    }

    /// A text's or blob's bytes; empty for NULL.
    func bytes(_ column: Int32) -> [UInt8] {
        // The pointer first: asking for it may convert the value and so change its length.
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        let count = unsafe sqlite3_column_bytes(handle, column)
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }
}

extension SQLiteError {
    /// The connection's last error, which a failed call has just left there.
    init(code: Int32, on connection: OpaquePointer?) {
        let extended = unsafe connection.map { unsafe sqlite3_extended_errcode($0) } ?? code
        // The last error can be of another call; its kind must fit the code that was returned.
        self.code = extended & 0xFF == code & 0xFF ? extended : code
        message = unsafe String(cString: sqlite3_errmsg(connection))
    }
}
