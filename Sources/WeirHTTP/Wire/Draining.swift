import Synchronization

/// Whether this process is about to end: it says so where it is asked whether it is ready, and
/// each connection's next answer is its last.
final class Draining: Sendable {
    private let flag = Atomic(false)

    var hasBegun: Bool { flag.load(ordering: .relaxed) }

    func begin() { flag.store(true, ordering: .relaxed) }
}
