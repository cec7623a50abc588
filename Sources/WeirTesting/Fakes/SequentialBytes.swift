import Synchronization
package import WeirService

/// Bytes for tests that look random and are the same in every run: never two times the same.
package func sequentialBytes(seed: UInt64 = 1) -> RandomBytes {
    let counter = SequentialCounter(seed)
    return { count in (0..<count).map { _ in counter.next() } }
}

/// SplitMix64, the top byte of each step.
private final class SequentialCounter: Sendable {
    private let state: Mutex<UInt64>

    init(_ seed: UInt64) { state = Mutex(seed) }

    func next() -> UInt8 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return UInt8(truncatingIfNeeded: (word ^ (word >> 31)) >> 56)
        }
    }
}
