import Foundation

/// How many files the system lets this process have open; connections count as files.
enum OpenFiles {
    /// Nil where the system doesn't say. `Int.max` for a limit that is none.
    static var limit: Int? {
        var limits = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard unsafe getrlimit(resource, &limits) == 0 else { return nil }
        return Int(clamping: limits.rlim_cur)
    }

    /// How many connections of clients may be open, so that the files suffice for the rest: at a
    /// full table the server's loop would spin, as each attempt to accept fails at once.
    ///
    /// - Parameters:
    ///   - limit: files that may be open.
    ///   - calls: calls in flight at most, each of which may have a connection to a provider.
    static func connections(within limit: Int, calls: Int) -> Int {
        let free = max(0, limit - reserve)
        return max(least, min(max(free / 2, free - max(0, calls)), most))
    }

    /// The database, the logs, probes, and what is accepted in one go beyond a limit.
    private static let reserve = 96
    private static let least = 16
    private static let most = 1_000_000
}
