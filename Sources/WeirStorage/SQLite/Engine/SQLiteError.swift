import CSQLite
import WeirService

/// What SQLite said, or what this store refuses in its place.
struct SQLiteError: Error, Sendable, Equatable {
    /// SQLite's extended result code.
    let code: Int32
    let message: String

    /// A write that makes no sense, found before the database saw it.
    static func refusal(_ message: String) -> SQLiteError {
        SQLiteError(code: SQLITE_CONSTRAINT, message: message)
    }

    /// A stored value that can't be what was written.
    static func corrupt(_ message: String) -> SQLiteError {
        SQLiteError(code: SQLITE_CORRUPT, message: message)
    }

    /// Whether only this statement is at fault; anything else puts the whole file in doubt.
    var isRefusal: Bool {
        switch code & 0xFF {
        case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH: true
        default: false
        }
    }

    /// Whether what is stored can't be read as what was written.
    var isCorruption: Bool { code & 0xFF == SQLITE_CORRUPT }

    var isBusy: Bool { code & 0xFF == SQLITE_BUSY }

    var storeError: StoreError { isRefusal ? .refused(message) : .unavailable(description) }
}

extension SQLiteError: CustomStringConvertible {
    var description: String { "\(message) (SQLite code \(code))" }
}
