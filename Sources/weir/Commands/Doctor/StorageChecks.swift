import Foundation
import WeirStorage

/// The database, its folder and its file system.
enum StorageChecks {
    static func all(_ path: String) async -> [Finding] {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        var findings = [writable(folder)]
        if findings[0].outcome == .fail { return findings }
        if let space = space(folder) { findings.append(space) }
        findings.append(await database(path))
        return findings
    }

    /// Writes a small file, waits until it is on disk, and removes it.
    private static func writable(_ folder: String) -> Finding {
        let check = "database folder"
        guard SmallFile.exists(folder) else {
            return .fail(check, "\(folder) doesn't exist", "mkdir -p \(folder)")
        }
        let path = "\(folder)/.weir-doctor-\(getpid())"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            return .fail(
                check, "\(folder) can't be written: \(reason())",
                "let the user that runs weir own it")
        }
        defer {
            close(descriptor)
            unsafe unlink(path)
        }
        let start = ContinuousClock.now
        guard unsafe write(descriptor, "weir", 4) == 4, fsync(descriptor) == 0 else {
            return .fail(
                check, "fsync fails: \(reason())",
                "use a disk that can make writes durable; no row is safe here")
        }
        let time = (ContinuousClock.now - start).wholeMilliseconds
        guard time < 100 else {
            return .warn(
                check, "\(folder), but a durable write takes \(time) ms",
                "every call waits for two; use a faster disk")
        }
        return .ok(check, "\(folder), a durable write takes \(max(time, 1)) ms or less")
    }

    private static func space(_ folder: String) -> Finding? {
        // Where a file system doesn't tell its free space there is nothing to judge.
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else { return nil }
        let text = "\(free / (1 << 20)) MiB free"
        let remedy = "make room: a full disk stops every call"
        if free < 64 << 20 { return .fail("free space", text, remedy) }
        return free < 1 << 30 ? .warn("free space", text, remedy) : .ok("free space", text)
    }

    private static func database(_ path: String) async -> Finding {
        guard SmallFile.exists(path) else {
            return .ok("database", "\(path) will be created")
        }
        do {
            let store = try await SQLiteStore.open(path: path)
            let failure = store.failure
            await store.close()
            if let failure { return .fail("database", failure, "restore it from a backup") }
            return .ok("database", "\(path) opens, and nobody else has it")
        } catch {
            if error.reason.contains("in use by") {
                return .warn(
                    "database", error.reason,
                    "fine if that is a running weir; stop it first if not")
            }
            return .fail(
                "database", error.reason, "check its owner and rights, or restore a backup")
        }
    }

    private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}
