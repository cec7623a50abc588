import Testing
import WeirCore
import WeirService
import WeirStorage
import WeirTesting

/// Random operations on the database and on the store that is as simple as can be.
@Suite struct JobStoreModelTests {
    private static let queues = ["default", "ai-reports"]

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func theDatabaseDoesWhatTheModelDoes(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let model = InMemoryJobStore()
        try await withStore { store, path in
            var (now, accepted) = (Sample.now, 0)
            for step in 0..<400 {
                now = now.advanced(seconds: Int64.random(in: 0...12, using: &random))
                // Both get the same numbers.
                var (mine, other) = (random, random)
                let left = try await operate(store, now, &accepted, &mine)
                var again = accepted - (left.hasPrefix("add") ? 1 : 0)
                let right = try await operate(model, now, &again, &other)
                #expect(left == right, "seed \(seed), step \(step)")
                random = mine
            }
            let all = try await store.jobs(
                tenant: nil, status: nil, queue: nil, below: nil, limit: 9_999)
            let same = try await model.jobs(
                tenant: nil, status: nil, queue: nil, below: nil, limit: 9_999)
            #expect(all == same && all.count > 50, "seed \(seed)")
            #expect(Set(all.map(\.job.status)) == Set(Job.Status.allCases), "seed \(seed)")
            #expect(try await store.outlook(of: []).deadline == model.outlook(of: []).deadline)
            #expect(try await store.figures() == model.figures(), "seed \(seed)")
            let events = try rawIntegers(path, "SELECT count(*) FROM events")
            #expect(events == [[Int64(model.events.count)]], "seed \(seed)")
            let ready =
                "(SELECT count(*) FROM jobs j WHERE j.queue = t.queue "
                + "AND j.tenant_id = t.tenant_id AND j.is_ready = 1)"
            let wrong = try rawIntegers(
                path, "SELECT count(*) FROM job_turns t WHERE ready <> \(ready)")
            #expect(wrong == [[0]], "seed \(seed)")
        }
    }

    /// One operation, and what came of it.
    private func operate(
        _ store: any JobStore, _ now: Timestamp, _ accepted: inout Int,
        _ random: inout SplitMix
    ) async throws -> String {
        let name = Self.queues[Int.random(in: 0..<2, using: &random)]
        let (queue, rules) = (try Sample.queue(name), QueueRules())
        let id = try Sample.jobID(Int.random(in: 1...max(accepted, 1), using: &random))
        let epoch = Int64.random(in: 1...3, using: &random)
        let tenant = Int64.random(in: 1...4, using: &random)
        let dice = random.next()
        // A claim may leave late ones to the next; here none is left.
        _ = try await store.expire(at: now, limit: 999)
        switch Int.random(in: 0..<28, using: &random) {
        case 0..<8:
            accepted += 1
            let job = try Sample.job(
                accepted, tenant: tenant, queue: name, priority: Int(epoch), at: now,
                runAt: dice % 3 == 0 ? now.advanced(seconds: 30) : nil, deadline: 400,
                waitsForBudget: dice % 2 == 0)
            return "add \(try await store.add(job, limit: 20))"
        case 8..<14:
            let claimed = try await store.claim(from: queue, rules, at: now)
            return "\(String(describing: claimed?.job))"
        case 14..<18:
            let codes = [WeirError.Code.providerError, .budgetExceeded, .unsafeInput]
            let ending = Sample.failure(
                codes[Int(dice % 3)], heldBack: epoch == 2,
                budgetReset: now.advanced(seconds: 200))
            let step = JobStep.fail(epoch: epoch, ending, at: now, rules, dice: dice)
            return "\(String(describing: try await store.apply(step, to: id, result: nil)))"
        case 18, 19:
            let done = try await store.apply(
                .complete(epoch: epoch, at: now), to: id, result: [1])
            let result = try await store.result(of: id)
            return "\(String(describing: done)) \(String(describing: result))"
        case 20:
            let step = dice % 2 == 0 ? JobStep.cancel(at: now) : .handBack(epoch: epoch, at: now)
            return "\(String(describing: try await store.apply(step, to: id, result: nil)))"
        case 21:
            let back = try await store.takeBack(
                from: queue, rules, at: now, dice: Array(repeating: dice, count: 999))
            return "\(back.map { "\($0)" }.sorted())"
        case 22:
            let woken = try await store.wake(
                .budget, tenant: try Sample.tenant(tenant), at: now, limit: 999)
            return "\(woken.map { "\($0)" }.sorted())"
        case 23..<27:
            let answer = JobCallAnswer(
                number: Int(dice % 3), isError: dice % 5 == 0, body: [UInt8(dice % 7)])
            let isKept = try await store.keep(answer, of: id, epoch: epoch, at: now)
            return try await "\(isKept) \(store.answers(of: id)) \(store.history(of: id))"
        default:
            let step = JobStep.replay(at: now, deadline: now.advanced(seconds: 300))
            return "\(String(describing: try await store.apply(step, to: id, result: nil)))"
        }
    }
}
