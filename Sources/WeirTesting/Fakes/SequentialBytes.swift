import Synchronization
package import WeirService

/// Bytes for tests that look random and are the same in every run: never two times the same.
package func sequentialBytes(seed: UInt64 = 1) -> RandomBytes {
    let counter = SequentialCounter(seed)
    return { count in (0..<count).map { _ in counter.next() } }
}

/// The top byte of each number.
private final class SequentialCounter: Sendable {
    private let random: Mutex<SplitMix>

    init(_ seed: UInt64) { random = Mutex(SplitMix(seed: seed)) }

    func next() -> UInt8 { random.withLock { UInt8(truncatingIfNeeded: $0.next() >> 56) } }
}
