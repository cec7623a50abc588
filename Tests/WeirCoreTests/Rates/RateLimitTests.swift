import Testing
import WeirCore

@Suite struct RateLimitTests {
    private let limit = RateLimit(perMinute: 100, burst: 20)

    @Test func `a first call and the burst come at once, then one each 600 ms`() {
        var bucket = RateBucket(at: at(0))
        for left in (0...20).reversed() {
            #expect(
                bucket.admit(limit, at: at(0))
                    == .admitted(standing(left, reset: (21 - left) * 600, at: 0)))
        }
        #expect(
            bucket.admit(limit, at: at(0))
                == .refused(standing(0, reset: 12_600, at: 0), retryAfter: .milliseconds(600)))
        #expect(
            bucket.admit(limit, at: at(599))
                == .refused(standing(0, reset: 12_001, at: 599), retryAfter: .milliseconds(1)))
        #expect(bucket.admit(limit, at: at(600)) == .admitted(standing(0, reset: 12_600, at: 600)))
        #expect(bucket.admit(limit, at: at(1_199)).isRefused)
        #expect(!bucket.admit(limit, at: at(1_800)).isRefused)
        #expect(!bucket.admit(limit, at: at(1_800)).isRefused)
        #expect(bucket.admit(limit, at: at(1_800)).isRefused)
    }

    @Test func `without a burst each call waits for its turn`() {
        let limit = RateLimit(perMinute: 60, burst: 0)
        var bucket = RateBucket(at: at(0))
        #expect(!bucket.admit(limit, at: at(0)).isRefused)
        #expect(bucket.admit(limit, at: at(999)).isRefused)
        #expect(!bucket.admit(limit, at: at(1_000)).isRefused)
    }

    @Test(arguments: [1, 7, 59, 61, 1_000, 59_999, 10_000_000])
    func `no rate is rounded over a long time`(perMinute: Int) {
        let limit = RateLimit(perMinute: perMinute, burst: 0)
        var bucket = RateBucket(at: at(0))
        var (admitted, now, refusals) = (0, Int64(0), 0)
        while admitted < 2_000 {
            switch bucket.admit(limit, at: at(now)) {
            case .admitted: admitted += 1
            case .refused(_, let wait):
                refusals += 1
                now +=
                    wait.components.seconds * 1_000
                    + wait.components.attoseconds / 1_000_000_000_000_000
            }
        }
        // Who comes as soon as told, to the millisecond, is a millisecond late at most.
        let exact = 1_999 * 60_000 / Int64(perMinute)
        #expect(now >= exact && now <= exact + Int64(refusals))
    }

    @Test func `what is given back was never taken`() {
        var (one, other) = (RateBucket(at: at(0)), RateBucket(at: at(0)))
        for moment in stride(from: Int64(0), to: 5_000, by: 250) {
            if !one.admit(limit, at: at(moment)).isRefused { one.giveBack() }
            #expect(one.admit(limit, at: at(moment)) == other.admit(limit, at: at(moment)))
        }
        var fresh = RateBucket(at: at(0))
        fresh.giveBack()
        #expect(fresh == RateBucket(at: at(0)))
    }

    @Test func `a clock that steps gives nobody more than the burst, and locks nobody out`() {
        var bucket = RateBucket(at: at(1_000_000))
        for _ in 0..<21 { #expect(!bucket.admit(limit, at: at(1_000_000)).isRefused) }
        #expect(bucket.admit(limit, at: at(0)).isRefused)
        #expect(!bucket.admit(limit, at: at(600)).isRefused)
        for moment in [Int64.min, .max, .min, 0] {
            var count = 0
            while !bucket.admit(limit, at: at(moment)).isRefused { count += 1 }
            #expect(count <= 21)
        }
    }

    @Test func `figures out of range are brought into it`() {
        let least = RateLimit(perMinute: .min, burst: .min)
        #expect(least == RateLimit(perMinute: 1, burst: 0))
        let most = RateLimit(perMinute: .max, burst: .max)
        #expect(most == RateLimit(perMinute: RateLimit.most, burst: RateLimit.most))
        var bucket = RateBucket(at: at(.max))
        #expect(!bucket.admit(most, at: at(.min)).isRefused)
        #expect(!bucket.admit(least, at: at(.max)).isRefused)
    }

    private func standing(_ remaining: Int, reset: Int, at moment: Int64) -> RateStanding {
        RateStanding(
            limit: 21, remaining: Int64(remaining), resetAfter: .milliseconds(reset),
            at: at(moment))
    }
}

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

extension RateAdmission {
    var isRefused: Bool { if case .refused = self { true } else { false } }

    var standing: RateStanding {
        switch self {
        case .admitted(let standing), .refused(let standing, _): standing
        }
    }
}
