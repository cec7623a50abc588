import Testing
import WeirCore
import WeirTesting

@Suite struct FairQueueTests {
    @Test func `a tenant's one call goes next, however many another has waiting`() throws {
        var queue = FairQueue(limits())
        for _ in 0..<100 { _ = queue.join(try tenant(1), weight: 1, at: at(0)) }
        _ = queue.next(at: at(0))
        _ = queue.next(at: at(1))
        let quiet = queue.join(try tenant(2), weight: 1, at: at(2))
        let order = [queue.next(at: at(3)), queue.next(at: at(4))]
        #expect(quiet != nil && order.contains(quiet))
    }

    @Test func `weights are shares`() throws {
        var queue = FairQueue(limits(perTenant: 1_000))
        for (number, weight) in [(1, 1), (2, 2), (3, 4)] {
            for _ in 0..<700 { _ = queue.join(try tenant(number), weight: weight, at: at(0)) }
        }
        var served: [Int64: Int] = [:]
        for _ in 0..<700 {
            let next = try #require(queue.next(at: at(0))?.tenant)
            served[next.number, default: 0] += 1
        }
        #expect(abs(served[1, default: 0] - 100) <= 1)
        #expect(abs(served[2, default: 0] - 200) <= 1)
        #expect(abs(served[3, default: 0] - 400) <= 1)
    }

    @Test func `no more wait than may, of one tenant and in all`() throws {
        var bounds = limits(perTenant: 2)
        bounds.inAll = 3
        var queue = FairQueue(bounds)
        let joined = try [1, 1, 1, 2, 2, 3].map { number in
            queue.join(try tenant(number), weight: 1, at: at(0)) != nil
        }
        #expect(joined == [true, true, false, true, false, false])
        #expect(queue.count == 3)
    }

    @Test func `a wait runs out at its end and not before`() throws {
        var queue = FairQueue(limits())
        let first = queue.join(try tenant(1), weight: 1, at: at(0))
        let second = queue.join(try tenant(2), weight: 1, at: at(500))
        #expect(queue.nextDeadline == at(2_000))
        let (early, late) = (queue.expire(at: at(1_999)), queue.expire(at: at(2_000)))
        #expect(early == [] && late == [first] && queue.nextDeadline == at(2_500))
        let next = queue.next(at: at(2_000))
        let hasLeft = queue.leave(try #require(second))
        #expect(next == second && !hasLeft && queue.count == 0 && queue.nextDeadline == nil)
    }

    @Test func `calls that gave up are no debt`() throws {
        var queue = FairQueue(limits())
        let (noisy, other) = (try tenant(1), try tenant(2))
        for _ in 0..<50 { _ = queue.join(other, weight: 1, at: at(0)) }
        for _ in 0..<20 {
            let waiting = (0..<256).compactMap { _ in queue.join(noisy, weight: 1, at: at(0)) }
            for ticket in waiting { queue.leave(ticket) }
        }
        let back = queue.join(noisy, weight: 1, at: at(0))
        let order = [queue.next(at: at(0)), queue.next(at: at(0))]
        #expect(back != nil && order.contains(back))
    }

    @Test func `the expected wait is the places before it over the rate`() throws {
        var queue = FairQueue(limits())
        let (noisy, quiet) = (try tenant(1), try tenant(2))
        #expect(queue.expectedWait(quiet, at: at(0)) == .seconds(2))
        for _ in 0..<40 { _ = queue.join(noisy, weight: 1, at: at(0)) }
        for moment in 0..<10 { _ = queue.next(at: at(Int64(moment) * 100)) }
        // Ten went in a second; one of the noisy tenant's goes before, thirty before another of
        // its.
        #expect(queue.expectedWait(quiet, at: at(1_000)) == .milliseconds(200))
        #expect(queue.expectedWait(noisy, at: at(1_000)) == .milliseconds(3_100))
    }

    @Test(arguments: UInt64(1)...100)
    func `whatever comes and leaves, it conserves work, order, bounds and shares`(
        seed: UInt64
    ) throws {
        var random = SplitMix(seed: seed)
        var bounds = limits(perTenant: Int.random(in: 1...12, using: &random))
        bounds.inAll = Int.random(in: 4...40, using: &random)
        var queue = FairQueue(bounds)
        var waiting: [FairQueue.Ticket] = []
        var now: Int64 = 0
        for step in 0..<600 {
            let note: Comment = "seed \(seed) step \(step)"
            now += Int64.random(in: 0...120, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let tenant = try tenant(Int.random(in: 1...6, using: &random))
                let weight = Int.random(in: 1...4, using: &random)
                let own = waiting.count { $0.tenant == tenant }
                let ticket = queue.join(tenant, weight: weight, at: at(now))
                let mayJoin = own < bounds.perTenant && waiting.count < bounds.inAll
                #expect((ticket != nil) == mayJoin, note)
                if let ticket { waiting.append(ticket) }
            case 5..<8:
                let next = queue.next(at: at(now))
                #expect((next == nil) == waiting.isEmpty, note)
                guard let next else { continue }
                // First come, first served within a tenant.
                #expect(waiting.first { $0.tenant == next.tenant } == next, note)
                waiting.removeAll { $0 == next }
            case 8:
                guard let ticket = waiting.randomElement(using: &random) else { continue }
                let hasLeft = queue.leave(ticket)
                #expect(hasLeft, note)
                waiting.removeAll { $0 == ticket }
            default:
                let gone = queue.expire(at: at(now))
                #expect(gone == waiting.filter(gone.contains), note)
                waiting.removeAll(where: gone.contains)
                #expect(queue.nextDeadline.map { $0 > at(now) } ?? waiting.isEmpty, note)
            }
            #expect(queue.count == waiting.count, note)
        }
    }

    /// Nobody waits for more than one call of each other tenant, all weights the same.
    @Test(arguments: UInt64(1)...50)
    func `nobody starves`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var queue = FairQueue(limits())
        for number in 1...5 {
            for _ in 0..<Int.random(in: 1...60, using: &random) {
                _ = queue.join(try tenant(number), weight: 1, at: at(0))
            }
        }
        for _ in 0..<Int.random(in: 0...80, using: &random) { _ = queue.next(at: at(0)) }
        let late = queue.join(try tenant(6), weight: 1, at: at(0))
        var before = 0
        while let next = queue.next(at: at(0)), next != late {
            before += 1
            _ = queue.join(next.tenant, weight: 1, at: at(0))
        }
        #expect(before <= 5, "seed \(seed)")
    }
}

func limits(perTenant: Int = 256) -> FairQueue.Limits {
    var limits = FairQueue.Limits()
    limits.perTenant = perTenant
    limits.inAll = 10_000
    return limits
}

private func tenant(_ number: Int) throws -> TenantID { try #require(TenantID(Int64(number))) }
private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
