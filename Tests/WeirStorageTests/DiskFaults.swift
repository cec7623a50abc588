import CSQLite
import Foundation
import Synchronization

/// Disk faults on purpose: SQLite's system calls for writing, replaced for the whole process. They
/// fail for the files that are named while that is switched on, and for no others.
enum DiskFaults {
    private static let armed = Mutex<Set<String>>([])
    private static let failures = Atomic<Int>(0)

    /// Runs a step while every write to these files fails as on a full disk.
    static func whileFull<Value>(
        _ paths: [String], _ step: () async throws -> Value
    ) async rethrows -> Value {
        _ = isInstalled
        armed.withLock { $0.formUnion(paths) }
        defer { armed.withLock { $0.subtract(paths) } }
        return try await step()
    }

    /// How many writes have failed so.
    static var count: Int { failures.load(ordering: .relaxed) }

    private static let isInstalled: Bool = {
        guard let system = unsafe sqlite3_vfs_find(nil),
            let set = unsafe system.pointee.xSetSystemCall
        else { return false }
        let write: @convention(c) (Int32, UnsafeRawPointer?, Int) -> Int = { file, bytes, count in
            DiskFaults.isFull(file) ? -1 : unsafe Glibc.write(file, bytes, count)
        }
        let pwrite: @convention(c) (Int32, UnsafeRawPointer?, Int, Int) -> Int = {
            file, bytes, count, offset in
            DiskFaults.isFull(file) ? -1 : unsafe Glibc.pwrite(file, bytes, count, offset)
        }
        let calls = unsafe [
            ("write", unsafeBitCast(write, to: sqlite3_syscall_ptr.self)),
            ("pwrite", unsafeBitCast(pwrite, to: sqlite3_syscall_ptr.self)),
            ("pwrite64", unsafeBitCast(pwrite, to: sqlite3_syscall_ptr.self)),
        ]
        for call in calls { unsafe _ = set(system, call.0, call.1) }
        return true
    }()

    private static func isFull(_ file: Int32) -> Bool {
        let paths = armed.withLock { $0 }
        guard !paths.isEmpty else { return false }
        // A file that can't be named isn't one of ours.
        let name = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/fd/\(file)")
        guard let name, paths.contains(name) else { return false }
        failures.add(1, ordering: .relaxed)
        errno = ENOSPC
        return true
    }
}
