import Synchronization
import Testing
import WeirCore
import WeirService
import WeirTesting

/// Jobs of several calls, and jobs that wait for money.
@Suite(.timeLimit(.minutes(1))) struct JobBatchTests {
    private func number(of call: JobCall) -> Int? {
        call.idempotencyKey.split(separator: ":").last.flatMap { Int($0) }
    }

    private func result(_ stage: JobStage, _ id: JobID) async throws -> JSON {
        let bytes = try #require(try await stage.store.result(of: id))
        return try JSONParser.parse(bytes, .init())
    }

    private func contents(_ result: JSON) -> [String?] {
        result["results"]?.array?.map { $0["content"]?.string ?? $0["error"]?.string } ?? []
    }

    @Test func `the answers are in order, with their sums`() async throws {
        let stage = try JobStage { call, _, time in
            let number = Int64(call.body.count % 7)
            await time.pause(.milliseconds(50 * (7 - number)))
            return .envelope(String(decoding: call.body, as: UTF8.self))
        }
        try await stage.whileRunning {
            let id = try await stage.add(1, calls: 12)
            try await stage.until(id, is: .complete)
            let result = try await result(stage, id)
            let expected = (0..<12).map { #"{"user_message":"1.\#($0)"}"# }
            #expect(contents(result) == expected)
            #expect(result["failed"] == 0 && result["input_tokens"] == 36)
            #expect(result["output_tokens"] == 24 && result["cost_usd"]?.text == "0.00006")
            #expect(stage.service.together.max() == 4)
            #expect(Set(stage.service.keys) == Set((0..<12).map { "job:job_1:1:\($0)" }))
        }
    }

    @Test func `after a crash only the missing calls are made`() async throws {
        let stage = try JobStage { call, _, time in
            if call.idempotencyKey.hasSuffix(":3") || call.idempotencyKey.hasSuffix(":5") {
                await time.pause(.seconds(1_000_000))
            }
            return .envelope("first")
        }
        let id = try await stage.add(1, calls: 6)
        try await stage.whileRunning {
            try await stage.until { try await stage.store.answers(of: id).count == 4 }
            let progress = try await stage.store.record(of: id)?.progress
            #expect(progress == JobProgress(done: 4, total: 6))
        }
        let next = try JobStage(time: stage.time, store: stage.store) { _, _, _ in
            .envelope("second")
        }
        try await next.whileRunning {
            try await next.until(id, is: .complete)
            #expect(Set(next.service.keys) == ["job:job_1:2:3", "job:job_1:2:5"])
            let answers = contents(try await result(next, id))
            #expect(answers == ["first", "first", "first", "second", "first", "second"])
        }
    }

    @Test func `a call that fails for good is its own answer`() async throws {
        let stage = try JobStage { call, _, _ in
            call.idempotencyKey.hasSuffix(":1") ? .error(.unsafeInput) : .envelope("ok")
        }
        try await stage.whileRunning {
            let id = try await stage.add(1, calls: 3)
            try await stage.until(id, is: .complete)
            let result = try await result(stage, id)
            #expect(contents(result) == ["ok", "unsafe_input", "ok"])
            #expect(result["failed"] == 1)
        }
    }

    @Test func `where every call fails the job does, and a replay asks anew`() async throws {
        let isMended = Mutex(false)
        let stage = try JobStage { _, _, _ in
            isMended.withLock { $0 } ? .envelope("ok") : .error(.featureDisabled)
        }
        try await stage.whileRunning {
            let id = try await stage.add(1, calls: 3)
            try await stage.until(id, is: .failed)
            guard case .failed(let failure, _) = try await stage.job(id).state else { return }
            #expect(failure.code == .featureDisabled && stage.service.calls.count == 3)
            isMended.withLock { $0 = true }
            let now = stage.time.now()
            let replay = JobStep.replay(at: now, deadline: now.advanced(seconds: 60))
            _ = try await stage.store.apply(replay, to: id, result: nil)
            try await stage.until(id, is: .complete)
            #expect(Set(stage.service.keys).count == 6)
        }
    }

    @Test func `each missing call is tried again, and at last its error is its answer`()
        async throws
    {
        let stage = try JobStage { call, _, _ in
            let parts = call.idempotencyKey.split(separator: ":")
            switch parts[3] {
            case "0": return .envelope("ok")
            case "1": return parts[2] == "1" ? .error(.providerError) : .envelope("ok")
            default: return .error(.providerTimeout)
            }
        }
        try await stage.whileRunning {
            let id = try await stage.add(1, calls: 3)
            try await stage.until(id, is: .complete)
            #expect(contents(try await result(stage, id)) == ["ok", "ok", "provider_timeout"])
            #expect(try await stage.job(id).attempts == 3)
            #expect(stage.service.calls.count == 6)
        }
    }

    @Test func `a process that ends hands a job of many calls back`() async throws {
        let stage = try JobStage { _, _, time in
            await time.pause(.seconds(1))
            return .envelope("ok")
        }
        let running = Task { await stage.runner.run() }
        let id = try await stage.add(1, calls: 100)
        try await stage.until { stage.service.calls.count == 8 }
        stage.runner.stop()
        await stage.pass(5)
        await running.value
        let job = try await stage.job(id)
        #expect(job.status == .queued && job.attempts == 0)
        #expect(try await stage.store.answers(of: id).count == 8)
    }

    @Test(arguments: [true, false])
    func `no more of its calls are made once a job is somebody else's`(
        hasAnswers: Bool
    ) async throws {
        var rules = QueueRules()
        // Heard of by an answer that isn't kept, or by a sign of life.
        rules.lease = .seconds(hasAnswers ? 600 : 3)
        let stage = try JobStage(rules) { _, _, time in
            await time.pause(.seconds(20))
            return hasAnswers ? .envelope("ok") : .error(.providerError)
        }
        try await stage.whileRunning {
            let id = try await stage.add(1, calls: 12)
            try await stage.until { stage.service.calls.count == 4 }
            _ = try await stage.store.apply(.cancel(at: stage.time.now()), to: id, result: nil)
            try await stage.until { stage.runner.counts[stage.queue]?.dropped == 1 }
            #expect(stage.service.calls.count == 4)
        }
    }

    @Test func `where nobody is there to be asked no more calls are made`() async throws {
        let stage = try JobStage { _, _, _ in .notSent }
        try await stage.whileRunning {
            let id = try await stage.add(1, calls: 12)
            try await stage.until { try await stage.store.history(of: id).count > 1 }
            #expect(stage.service.keys.count { $0.hasPrefix("job:job_1:1:") } == 4)
            #expect(try await stage.store.history(of: id).first?.outcome == .heldBack)
        }
    }

    @Test func `a call that failed uses an attempt up, whatever became of the others`()
        async throws
    {
        let stage = try JobStage { call, _, _ in
            call.idempotencyKey.hasSuffix(":2") ? .error(.providerError) : .notSent
        }
        try await stage.whileRunning {
            let id = try await stage.add(1, calls: 3)
            try await stage.until { try await stage.store.history(of: id).count > 1 }
            #expect(try await stage.store.history(of: id).first?.outcome == .failed)
        }
    }

    @Test func `a job that may wait for its budget does, until it is raised`() async throws {
        let hasMoney = Mutex(false)
        let stage = try JobStage { _, _, time in
            if hasMoney.withLock({ $0 }) { return .envelope("ok") }
            return .error(
                .budgetExceeded, budgetReset: time.now().advanced(seconds: 1_000_000))
        }
        try await stage.whileRunning {
            let ids = [
                try await stage.add(1, waitsForBudget: true),
                try await stage.add(2, calls: 2, waitsForBudget: true),
            ]
            try await stage.until { stage.runner.counts[stage.queue]?.heldBack == 2 }
            for id in ids {
                guard case .queued(let due, .budget) = try await stage.job(id).state else {
                    Issue.record("not parked")
                    return
                }
                // The deadline comes before the reset: it is tried once more then.
                #expect(due < stage.time.now().advanced(seconds: 86_400))
            }
            hasMoney.withLock { $0 = true }
            _ = try await stage.store.wake(
                .budget, tenant: nil, at: stage.time.now(), limit: 9)
            for id in ids { try await stage.until(id, is: .complete) }
            #expect(try await stage.job(ids[0]).attempts == 1)
        }
    }

    /// The seconds for which a job waits that is refused twice.
    private func waits(reset: Int64?, recheck: Duration?, dice: UInt64) async throws -> [Int64] {
        let stage = try JobStage { _, number, time in
            number > 2
                ? .envelope("ok")
                : .error(
                    .budgetExceeded, budgetReset: reset.map { time.now().advanced(seconds: $0) })
        } adjust: { parts in
            parts.budgetRecheck = recheck
            parts.dice = { dice }
        }
        var waits: [Int64] = []
        try await stage.whileRunning {
            let id = try await stage.add(1, waitsForBudget: true)
            for turn in 1...2 as ClosedRange<Int64> {
                try await stage.until { stage.runner.counts[stage.queue]?.heldBack == turn }
                guard case .queued(let due, .budget) = try await stage.job(id).state else { return }
                waits.append(due.milliseconds(since: stage.service.starts[Int(turn) - 1]) / 1_000)
                let rest = due.milliseconds(since: stage.time.now())
                stage.time.advance(by: .milliseconds(max(0, rest)))
            }
            try await stage.until(id, is: .complete)
        }
        return waits
    }

    @Test(
        arguments: [
            ("it is raised elsewhere", nil, 3_600, 0, 1_800...1_900),
            ("at random", nil, 3_600, .max, 3_599...3_700),
            ("it begins anew before", 600, 3_600, 0, 600...700),
            ("and long after", 50_000, 3_600, 0, 1_800...1_900),
            ("whoever raises it tells", 40_000, nil, 0, 40_000...40_100),
        ] as [(String, Int64?, Int64?, UInt64, ClosedRange<Int64>)])
    func `a job asks for its budget again when it may be there`(
        why: String, reset: Int64?, recheck: Int64?, dice: UInt64, expected: ClosedRange<Int64>
    ) async throws {
        let waits = try await waits(
            reset: reset, recheck: recheck.map { .seconds($0) }, dice: dice)
        #expect(waits.count == 2 && waits.allSatisfy(expected.contains), "\(why): \(waits)")
    }

    @Test func `a budget that should have begun anew already is asked again after a moment`()
        async throws
    {
        let past = Timestamp(milliseconds: 0)
        let stage = try JobStage { _, number, _ in
            number < 3 ? .error(.budgetExceeded, budgetReset: past) : .envelope("ok")
        }
        try await stage.whileRunning {
            let id = try await stage.add(1, waitsForBudget: true)
            try await stage.until(id, is: .complete)
            let starts = stage.service.starts.map(\.milliseconds)
            #expect(starts[1] - starts[0] >= 1_000 && starts[2] - starts[1] >= 1_000)
        }
    }

    @Test func `a job that waited for its budget in vain fails for want of it`() async throws {
        let stage = try JobStage { _, _, _ in .error(.budgetExceeded) }
        try await stage.whileRunning {
            let id = try await stage.add(1, deadline: 4_000, waitsForBudget: true)
            try await stage.until { stage.runner.counts[stage.queue]?.heldBack == 1 }
            try await stage.until(.seconds(1)) { try await stage.job(id).status == .failed }
            guard case .failed(let failure, _) = try await stage.job(id).state else { return }
            #expect(failure.code == .budgetExceeded)
        }
    }
}
