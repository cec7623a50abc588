import Foundation
import WeirService

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One process owns a database file: an advisory lock on `<path>.lock`, held while this lives.
///
/// The lock is on a file of its own, since closing any descriptor of the database would drop
/// SQLite's own locks on it (POSIX, fcntl).
final class DatabaseLock: Sendable {
    /// The database's path without symbolic links: two names of one file are one lock.
    let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Creates the database file where there is none, for its owner alone, and locks it.
    static func take(_ path: String) throws(StoreError) -> DatabaseLock {
        // SQLite gives these a meaning of its own; a ledger is a file.
        guard !path.isEmpty, path.first != ":", !path.hasPrefix("file:"), !path.utf8.contains(0)
        else { throw .unavailable("\"\(path)\" is not the path of a database file") }
        let created = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard created >= 0 else {
            throw .unavailable("can't open the database \(path): \(lastError())")
        }
        close(created)
        guard let resolved = unsafe realpath(path, nil) else {
            throw .unavailable("can't resolve the path \(path): \(lastError())")
        }
        defer { unsafe free(resolved) }
        let real = unsafe String(cString: resolved)
        let descriptor = unsafe open("\(real).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unavailable("can't open \(real).lock: \(lastError())")
        }
        let lock = DatabaseLock(path: real, descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .unavailable(
                "the database \(path) is in use by \(lock.holder()); one process owns it")
        }
        try lock.sign()
        return lock
    }

    private func sign() throws(StoreError) {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0,
            unsafe text.withUnsafeBytes({
                unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0)
            }) == text.count
        else { throw .unavailable("can't write \(path).lock: \(lastError())") }
    }

    private func holder() -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe pread(descriptor, $0.baseAddress, $0.count, 0)
        }
        let digits = bytes.prefix(max(count, 0)).prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { return "another process" }
        return "process \(String(decoding: digits, as: UTF8.self))"
    }
}

private func lastError() -> String { unsafe String(cString: strerror(errno)) }
