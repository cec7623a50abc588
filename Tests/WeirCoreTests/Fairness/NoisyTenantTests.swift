import Testing
import WeirCore
import WeirTesting

/// A provider with a few places, in virtual time: quiet tenants that come now and then, and one
/// that brings a hundred times as much as any of them, twice what the provider can do.
@Suite struct NoisyTenantTests {
    private static let places = 16
    private static let service: ClosedRange<Int64> = 25...75
    private static let quiet = 9
    private static let end: Int64 = 10_000

    @Test(arguments: UInt64(1)...4)
    func `a noisy tenant moves the others' slowest hundredth by less than a fifth`(
        seed: UInt64
    ) throws {
        let alone = try durations(hasNoise: false, seed)
        let beside = try durations(hasNoise: true, seed)
        #expect(alone.count == beside.count && alone.count > 500, "every quiet call was served")
        let (before, after) = (p99(alone), p99(beside))
        #expect(after * 5 < before * 6, "p99 \(before) ms alone, \(after) ms beside the noisy one")
    }

    /// How long each quiet tenant's call took, from its coming to its answer.
    private func durations(hasNoise: Bool, _ seed: UInt64) throws -> [Int64] {
        var (arrivals, services) = (SplitMix(seed: seed), SplitMix(seed: seed &+ 1_000))
        var queue = FairQueue(FairQueue.Limits())
        var busyUntil: [Int64] = []
        var came: [FairQueue.Ticket: Int64] = [:]
        var taken: [Int64] = []
        let tenants = try (1...Self.quiet).map { try #require(TenantID(Int64($0))) }
        let noisy = try #require(TenantID(100))
        for now in 0..<Self.end + 1_000 {
            busyUntil.removeAll { $0 <= now }
            _ = queue.expire(at: at(now))
            for tenant in tenants where Int.random(in: 0..<100, using: &arrivals) == 0 {
                guard now < Self.end else { continue }
                let ticket = queue.join(tenant, weight: 1, at: at(now))
                came[try #require(ticket)] = now
            }
            if hasNoise { _ = queue.join(noisy, weight: 1, at: at(now)) }
            while busyUntil.count < Self.places, let next = queue.next(at: at(now)) {
                let done = now + Int64.random(in: Self.service, using: &services)
                busyUntil.append(done)
                if let start = came.removeValue(forKey: next) { taken.append(done - start) }
            }
        }
        return taken
    }

    private func p99(_ figures: [Int64]) -> Int64 {
        figures.sorted()[figures.count * 99 / 100]
    }
}

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
