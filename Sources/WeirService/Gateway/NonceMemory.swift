import WeirCore

/// The nonces of the identities that may still be presented, so that none is accepted twice.
///
/// It keeps the identities of one stretch of time together and forgets them together, when each of
/// them is too old anyway.
struct NonceMemory: Sendable {
    enum Verdict: Sendable, Equatable {
        case fresh
        case replayed
        /// Too old or too young; or its stretch of time is forgotten, after a clock went back.
        case outdated
        /// Nothing more can be remembered, so nothing more can be accepted.
        case full
    }

    /// How far an identity's time may be from now, either way.
    static let window = Int64(30_000)
    private static let stretch = Int64(10_000)

    private let capacity: Int
    private var count = 0
    /// By the time of issue, in whole stretches.
    private var stretches: [Int64: Set<CallerIdentity.Nonce>] = [:]
    /// The first stretch that isn't forgotten.
    private var first = Int64.min

    /// - Parameter capacity: as many identities as may come within two windows.
    init(capacity: Int) { self.capacity = capacity }

    /// Remembers what it finds fresh.
    mutating func take(
        _ nonce: CallerIdentity.Nonce, issuedAt: Timestamp, now: Timestamp
    ) -> Verdict {
        let (age, isTooFar) = now.milliseconds.subtractingReportingOverflow(issuedAt.milliseconds)
        guard !isTooFar, (-NonceMemory.window...NonceMemory.window).contains(age) else {
            return .outdated
        }
        forget(before: now)
        let stretch = issuedAt.milliseconds / NonceMemory.stretch
        guard stretch >= first else { return .outdated }
        if stretches[stretch]?.contains(nonce) == true { return .replayed }
        guard count < capacity else { return .full }
        stretches[stretch, default: []].insert(nonce)
        count += 1
        return .fresh
    }

    private mutating func forget(before now: Timestamp) {
        let (oldest, isTooFar) = now.milliseconds
            .subtractingReportingOverflow(NonceMemory.window)
        let due = isTooFar ? Int64.min : oldest / NonceMemory.stretch
        guard due > first else { return }
        first = due
        for (stretch, nonces) in stretches where stretch < due {
            count -= nonces.count
            stretches[stretch] = nil
        }
    }
}
