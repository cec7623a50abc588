/// What a call is likely to take: jumps to a longer time at once, and forgets it by and by
/// (peak EWMA, with a rational weight instead of the exponential one).
///
/// It falls also while nothing comes, so that an instance that was slow is tried again.
struct LatencyEstimate: Sendable, Equatable {
    private var microseconds: Int64
    private var at: Int64

    /// - Parameters:
    ///   - took: milliseconds, as everywhere here; at most an hour counts.
    ///   - now: milliseconds of a clock that never goes back.
    init(took: Int64, at now: Int64) {
        microseconds = LatencyEstimate.bounded(took)
        at = now
    }

    mutating func add(took: Int64, at now: Int64, memory: Int64) {
        let sample = LatencyEstimate.bounded(took)
        if sample >= microseconds {
            microseconds = sample
        } else {
            let elapsed = elapsed(at: now)
            microseconds =
                (microseconds * max(1, memory) + sample * elapsed) / (max(1, memory) + elapsed)
        }
        at = max(at, now)
    }

    /// Microseconds.
    func value(at now: Int64, memory: Int64) -> Int64 {
        microseconds * max(1, memory) / (max(1, memory) + elapsed(at: now))
    }

    private func elapsed(at now: Int64) -> Int64 { min(max(0, now - at), 86_400_000) }

    private static func bounded(_ milliseconds: Int64) -> Int64 {
        min(max(0, milliseconds), 3_600_000) * 1_000
    }
}
