import Testing
import WeirCore
import WeirTesting

/// Random lives of jobs, with workers that come late.
@Suite struct JobWalkTests {
    @Test(arguments: 0..<300 as Range<UInt64>)
    func `a job ends once, within its attempts`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var rules = QueueRules()
        rules.attempts = Int.random(in: 1...4, using: &random)
        var job = try JobSample.job(deadline: Int64.random(in: 60...5_000, using: &random))
        var (time, ends) = (JobSample.now, 0)
        for _ in 0..<400 {
            time = time.advanced(seconds: Int64.random(in: 0...40, using: &random))
            let before = job
            let step = step(job, time, rules, &random)
            let applied = job.apply(step)
            #expect(applied || job == before, "seed \(seed)")
            #expect((0...rules.attempts).contains(job.attempts), "seed \(seed)")
            #expect(job.epoch >= before.epoch && job.epoch - before.epoch <= 1, "seed \(seed)")
            if case .claim = step, applied { #expect(job.epoch == before.epoch + 1) }
            if before.endedAt != nil { #expect(job == before, "seed \(seed)") }
            if before.endedAt == nil, job.endedAt != nil { ends += 1 }
            if applied, case .fail = step, let dueAt = job.dueAt {
                #expect(dueAt < job.deadline, "seed \(seed)")
            }
        }
        _ = job.apply(.takeBack(at: time.advanced(seconds: 86_400), rules, dice: 0))
        if job.apply(.expire(at: max(time, job.deadline))) { ends += 1 }
        #expect(ends == 1, "seed \(seed)")
    }

    private func step(
        _ job: Job, _ time: Timestamp, _ rules: QueueRules, _ random: inout SplitMix
    ) -> JobStep {
        // Half of what workers say comes from one that was given up.
        let epoch = job.epoch - Int64.random(in: 0...1, using: &random)
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<16: return .claim(at: time, rules)
        case 16..<20: return .beat(epoch: epoch, at: time, rules)
        case 20: return .complete(epoch: epoch, at: time)
        case 21..<28:
            let codes = [WeirError.Code.providerError, .rateLimited, .providerUnavailable]
            let ending = JobSample.ending(
                codes[Int.random(in: 0..<3, using: &random)],
                retryAfter: Bool.random(using: &random)
                    ? Int.random(in: 0...900, using: &random) : nil,
                heldBack: Bool.random(using: &random))
            return .fail(epoch: epoch, ending, at: time, rules, dice: random.next())
        case 28..<31: return .handBack(epoch: epoch, at: time)
        case 31..<37: return .takeBack(at: time, rules, dice: random.next())
        case 37: return .wake(.service, at: time)
        case 38: return .expire(at: time)
        default: return Bool.random(using: &random) ? .cancel(at: time) : .wake(.budget, at: time)
        }
    }
}

@Suite struct FairTurnsTests {
    @Test(arguments: 0..<50 as Range<UInt64>)
    func `who has jobs waiting is served in turn, however many they are`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var turns = FairTurns()
        var (marks, waiting, last) = ([Int: Int64](), [Int: Int](), [Int: Int64]())
        // Others that were served while somebody waited for its turn.
        var passed: [Int: [Int: Int]] = [:]
        for _ in 0..<600 {
            if Bool.random(using: &random) {
                let tenant = Int.random(in: 0..<6, using: &random)
                if waiting[tenant, default: 0] == 0 {
                    marks[tenant] = turns.mark(after: last[tenant])
                    passed[tenant] = [:]
                }
                waiting[tenant, default: 0] += tenant == 0 ? 100 : 1
            }
            let ready = marks.filter { waiting[$0.key, default: 0] > 0 }
            guard let next = ready.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else {
                continue
            }
            let mark = turns.serve(next.value)
            (marks[next.key], last[next.key]) = (mark, mark)
            waiting[next.key, default: 0] -= 1
            passed[next.key] = [:]
            for other in ready.keys where other != next.key {
                passed[other, default: [:]][next.key, default: 0] += 1
                #expect(passed[other]?[next.key] ?? 0 <= 2, "seed \(seed)")
            }
        }
        #expect(turns.present > 0)
    }
}
