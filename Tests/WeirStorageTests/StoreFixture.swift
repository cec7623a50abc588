import CSQLite
import Foundation
import Synchronization
import WeirCore
import WeirService
import WeirStorage

/// A folder of its own for one test's database, deleted at the end.
final class StoreFolder: Sendable {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-storage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appendingPathComponent("weir.db").path
    }

    deinit {
        // What can't be deleted stays in the temporary folder.
        try? FileManager.default.removeItem(
            atPath: (path as NSString).deletingLastPathComponent)
    }
}

/// Runs a test on a fresh store and closes it, also where the test throws.
func withStore(
    _ options: SQLiteStore.Options = SQLiteStore.Options(),
    _ body: (SQLiteStore, String) async throws -> Void
) async throws {
    let folder = try StoreFolder()
    let store = try await SQLiteStore.open(path: folder.path, options: options)
    do {
        try await body(store, folder.path)
    } catch {
        await store.close()
        throw error
    }
    await store.close()
}

struct RawSQLError: Error { let message: String }

/// SQL behind the store's back.
func rawSQL(_ path: String, _ sql: String) throws {
    var handle: OpaquePointer?
    guard unsafe sqlite3_open(path, &handle) == SQLITE_OK else {
        throw RawSQLError(message: "can't open")
    }
    defer { unsafe sqlite3_close(handle) }
    unsafe sqlite3_busy_timeout(handle, 5_000)
    guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
        throw RawSQLError(message: unsafe String(cString: sqlite3_errmsg(handle)))
    }
}

/// The integers of a query's rows, read behind the store's back.
func rawIntegers(_ path: String, _ sql: String) throws -> [[Int64]] {
    var handle: OpaquePointer?
    guard unsafe sqlite3_open(path, &handle) == SQLITE_OK else {
        throw RawSQLError(message: "can't open")
    }
    defer { unsafe sqlite3_close(handle) }
    unsafe sqlite3_busy_timeout(handle, 5_000)
    var statement: OpaquePointer?
    guard unsafe sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
        throw RawSQLError(message: unsafe String(cString: sqlite3_errmsg(handle)))
    }
    defer { unsafe sqlite3_finalize(statement) }
    var rows: [[Int64]] = []
    while unsafe sqlite3_step(statement) == SQLITE_ROW {
        let columns = unsafe sqlite3_column_count(statement)
        rows.append((0..<columns).map { unsafe sqlite3_column_int64(statement, $0) })
    }
    return rows
}

/// Runs a step for each element at once.
func concurrently<Element: Sendable>(
    _ elements: [Element], _ step: @escaping @Sendable (Element) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for element in elements { group.addTask { try await step(element) } }
        try await group.waitForAll()
    }
}

/// A sum that tasks add to.
final class Counter: Sendable {
    private let sum = Atomic<Int64>(0)

    var value: Int64 { sum.load(ordering: .relaxed) }

    func add(_ number: Int64) { sum.add(number, ordering: .relaxed) }
}

func fileSize(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.size] as? NSNumber)?.intValue ?? 0
}

/// A copy of the files as they are on disk now: what a crash would leave behind.
func crashImage(of path: String) throws -> StoreFolder {
    let folder = try StoreFolder()
    for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
        try FileManager.default.copyItem(atPath: path + suffix, toPath: folder.path + suffix)
    }
    return folder
}

extension UsageTotals {
    /// Calls, nano-USD, input tokens.
    var parts: [Int64] { [calls, cost.nanos, inputTokens] }
}

extension AuditVerdict {
    var isSound: Bool {
        if case .sound = self { true } else { false }
    }
}
