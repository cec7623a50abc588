import Testing
import WeirCore
import WeirTesting

/// The limit by its definition: in no stretch of time that begins with a call may there be more
/// calls than go at once and have come free since. It remembers every call, and looks at them all.
private struct NaiveRate {
    let limit: RateLimit
    private var calls: [Int64] = []

    init(_ limit: RateLimit) { self.limit = limit }

    func admits(_ now: Int64) -> Bool {
        var count: Int64 = 1
        for earlier in calls.reversed() {
            count += 1
            guard (count - limit.burst - 1) * 60_000 <= (now - earlier) * limit.perMinute else {
                return false
            }
        }
        return true
    }

    /// How many more would be admitted now.
    func remaining(_ now: Int64) -> Int64 {
        var copy = self
        while copy.admits(now) { copy.note(now) }
        return Int64(copy.calls.count - calls.count)
    }

    mutating func note(_ now: Int64) { calls.append(now) }
}

@Suite struct RateModelTests {
    @Test(arguments: UInt64(1)...60)
    func `every decision and every figure is the definition's`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let speeds = [1, 7, 60, 100, 601, 5_000, 100_000]
        let limit = RateLimit(
            perMinute: try #require(speeds.randomElement(using: &random)),
            burst: Int.random(in: 0...12, using: &random))
        let spacing = max(1, 60_000 / limit.perMinute)
        var buckets = (1...3).map { _ in RateBucket(at: at(0)) }
        var naive = buckets.map { _ in NaiveRate(limit) }
        var now: Int64 = 0
        for step in 0..<300 {
            let isPause = Int.random(in: 0...9, using: &random) == 0
            now += Int64.random(in: 0...(isPause ? 9 : 1) * spacing, using: &random)
            let note: Comment = "seed \(seed) step \(step)"
            let index = Int.random(in: 0..<3, using: &random)
            let admission = buckets[index].admit(limit, at: at(now))
            #expect(!admission.isRefused == naive[index].admits(now), note)
            guard !admission.isRefused else {
                try check(admission, naive[index], now, note)
                continue
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                buckets[index].giveBack()
            } else {
                naive[index].note(now)
                #expect(
                    admission.standing.remaining == naive[index].remaining(now), note)
            }
        }
    }

    /// Who comes back as told is admitted, and not a millisecond earlier; after the reset the whole
    /// burst is there.
    private func check(
        _ refused: RateAdmission, _ naive: NaiveRate, _ now: Int64, _ note: Comment
    ) throws {
        guard case .refused(let standing, let wait) = refused else { return }
        #expect(standing.remaining == 0, note)
        let soon = now + wait.inMilliseconds
        #expect(naive.admits(soon) && !naive.admits(soon - 1), note)
        let whole = now + standing.resetAfter.inMilliseconds
        #expect(naive.remaining(whole) == standing.limit, note)
        #expect(naive.remaining(whole - 1) < standing.limit, note)
    }
}

extension Duration {
    fileprivate var inMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
