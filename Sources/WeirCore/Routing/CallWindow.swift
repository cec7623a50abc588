/// Counts calls and failures of the last so many milliseconds, in ten slices: memory stays the same
/// however many calls there are, and what is older leaves a slice at a time.
struct CallWindow: Sendable {
    private let width: Int64
    private var slices = [Slice](repeating: Slice(), count: CallWindow.sliceCount)
    /// The number of the newest slice, counted from 1970.
    private var newest: Int64 = 0

    private struct Slice: Sendable {
        var calls = 0
        var failures = 0
    }

    static let sliceCount = 10

    init(length: Duration) {
        width = max(1, length.wholeMilliseconds / Int64(CallWindow.sliceCount))
    }

    mutating func add(isFailure: Bool, at now: Timestamp) {
        move(to: now)
        let index = Int(newest % Int64(CallWindow.sliceCount))
        slices[index].calls += 1
        if isFailure { slices[index].failures += 1 }
    }

    mutating func counts(at now: Timestamp) -> (calls: Int, failures: Int) {
        move(to: now)
        return slices.reduce((0, 0)) { ($0.0 + $1.calls, $0.1 + $1.failures) }
    }

    mutating func clear() {
        for index in slices.indices { slices[index] = Slice() }
    }

    /// A clock that stepped back by less than the window counts on in the newest slice; by more,
    /// nothing that was counted says anything about now.
    private mutating func move(to now: Timestamp) {
        let number = max(0, now.milliseconds) / width
        let steps = number - newest
        let count = Int64(CallWindow.sliceCount)
        if steps >= count || steps <= -count {
            clear()
            newest = number
        } else if steps > 0 {
            for passed in (newest + 1)...number { slices[Int(passed % count)] = Slice() }
            newest = number
        }
    }
}
