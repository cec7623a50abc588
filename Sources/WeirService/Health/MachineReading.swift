import Foundation

/// What the machine says of memory and disk, in per cent, rounded down.
package struct MachineReading: Sendable, Equatable {
    package var memoryUsedPercent: Int?
    package var diskFreePercent: Int?

    package init(memoryUsedPercent: Int? = nil, diskFreePercent: Int? = nil) {
        self.memoryUsedPercent = memoryUsedPercent
        self.diskFreePercent = diskFreePercent
    }

    /// Reads the control group's memory, else the machine's, and the file system under `path`.
    package static func current(diskPath path: String) -> MachineReading {
        MachineReading(
            memoryUsedPercent: groupMemory() ?? machineMemory(), diskFreePercent: diskFree(path))
    }

    /// Memory used by the control group, where it has a limit (cgroup v2).
    private static func groupMemory() -> Int? {
        guard let limit = number(in: "/sys/fs/cgroup/memory.max"), limit > 0,
            let used = number(in: "/sys/fs/cgroup/memory.current")
        else { return nil }
        return percent(used, of: limit)
    }

    private static func machineMemory() -> Int? {
        guard let text = text(of: "/proc/meminfo"), let total = field("MemTotal:", in: text),
            let available = field("MemAvailable:", in: text), total > 0, available <= total
        else { return nil }
        return percent(total - available, of: total)
    }

    private static func diskFree(_ path: String) -> Int? {
        var reading = statvfs()
        guard unsafe statvfs(path, &reading) == 0, reading.f_blocks > 0 else { return nil }
        return percent(Int64(clamping: reading.f_bavail), of: Int64(clamping: reading.f_blocks))
    }

    private static func percent(_ part: Int64, of whole: Int64) -> Int {
        Int(clamping: part.multipliedReportingOverflow(by: 100).partialValue / whole)
    }

    private static func number(in path: String) -> Int64? {
        text(of: path).flatMap { Int64($0.prefix { $0 != "\n" }) }
    }

    /// The number behind a label at the beginning of a line, as in `/proc/meminfo`.
    private static func field(_ label: String, in text: String) -> Int64? {
        for line in text.split(separator: "\n") where line.hasPrefix(label) {
            return line.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
        }
        return nil
    }

    private static func text(of path: String) -> String? {
        // A machine without this file has no such reading; that is no error.
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
