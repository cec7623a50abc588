import Foundation

/// The processors that this process may run on.
///
/// Event loops beyond them only hand calls to each other: measured on one processor, a second loop
/// costs a sixth of the throughput.
enum Processors {
    /// Their number by `/proc/self/status` (proc(5), `Cpus_allowed_list: 0-3,8`); nil where that
    /// can't be read, as on other systems than Linux.
    static var allowed: Int? {
        // Absence is the answer where there is no such file.
        let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = text?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return line.flatMap { count(in: $0.dropFirst("Cpus_allowed_list:".count)) }
    }

    /// How many numbers a list like `0-3,8` holds, at most 1,024.
    static func count(in list: Substring) -> Int? {
        var total = 0
        for range in list.split(separator: ",") {
            let ends = range.split(separator: "-", omittingEmptySubsequences: false).map {
                Int($0.trimmingCharacters(in: .whitespaces))
            }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil,
                (1...2).contains(ends.count), 0 <= first, first <= last, last < 1 << 20
            else { return nil }
            total += last - first + 1
        }
        return (1...1_024).contains(total) ? total : nil
    }
}
