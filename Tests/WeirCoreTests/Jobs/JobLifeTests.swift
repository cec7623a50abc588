import Testing
import WeirCore

@Suite struct JobLifeTests {
    private let now = JobSample.now
    private let rules = QueueRules()

    private func claimed(waitsForBudget: Bool = false) throws -> Job {
        var job = try JobSample.job(waitsForBudget: waitsForBudget)
        job.does(.claim(at: now, rules))
        return job
    }

    private func fail(_ job: inout Job, _ ending: JobEnding) {
        job.does(.fail(epoch: job.epoch, ending, at: now, rules, dice: .max))
    }

    @Test func `a job is due from its time on and until its deadline`() throws {
        let due = now.advanced(seconds: 10)
        var job = try JobSample.job(runAt: due, deadline: 20)
        job.refuses(.claim(at: now, rules))
        job.refuses(.expire(at: due))
        var late = job
        job.does(.claim(at: due, rules))
        #expect(job.attempts == 1 && job.epoch == 1)
        late.refuses(.claim(at: now.advanced(seconds: 20), rules))
        late.does(.expire(at: now.advanced(seconds: 20)))
        #expect(late.failedWith == .providerTimeout)
    }

    @Test func `a worker that was given up changes nothing`() throws {
        var job = try claimed()
        let until = now.advanced(by: rules.lease)
        job.refuses(.takeBack(at: now, rules, dice: 0))
        job.does(.takeBack(at: until, rules, dice: 0))
        job.does(.claim(at: until, rules))
        let second = job
        job.refuses(.complete(epoch: 1, at: until))
        job.refuses(.beat(epoch: 1, at: until, rules))
        job.refuses(.handBack(epoch: 1, at: until))
        let ending = JobSample.ending(.providerError)
        job.refuses(.fail(epoch: 1, ending, at: until, rules, dice: 0))
        #expect(job == second)
        job.does(.complete(epoch: 2, at: until))
        #expect(job.state == .complete(at: until))
    }

    @Test func `a job whose worker is lost behind its deadline has failed by that`() throws {
        var job = try JobSample.job(deadline: 10)
        job.does(.claim(at: now, rules))
        let until = now.advanced(by: rules.lease)
        job.does(.takeBack(at: until, rules, dice: 0))
        #expect(job.failedWith == .internalError && job.attempts == 1)
    }

    @Test func `a job that is held back waits longer each time, though no attempt counts`() throws {
        var (job, time) = (try JobSample.job(), now)
        for seconds: Int64 in [2, 4, 8, 16] {
            job.does(.claim(at: time, rules))
            let ending = JobSample.ending(.serviceUnavailable, heldBack: true)
            job.does(.fail(epoch: job.epoch, ending, at: time, rules, dice: .max))
            #expect(job.dueAt == time.advanced(seconds: seconds) && job.attempts == 0)
            time = try #require(job.dueAt)
        }
    }

    @Test func `a job whose worker dies each time is dead after its attempts`() throws {
        var (job, time) = (try JobSample.job(), now)
        for attempt in 1...3 {
            time = max(time, job.dueAt ?? time)
            job.does(.claim(at: time, rules))
            #expect(job.attempts == attempt)
            time = time.advanced(by: rules.lease)
            job.does(.takeBack(at: time, rules, dice: .max))
        }
        #expect(job.failedWith == .internalError)
        job.refuses(.claim(at: time, rules))
    }

    @Test(arguments: WeirError.Code.allCases)
    func `each refusal has its consequence`(code: WeirError.Code) throws {
        let again: Set<WeirError.Code> = [
            .idempotencyInProgress, .rateLimited, .serviceUnavailable, .providerUnavailable,
            .overloaded, .providerError, .providerTimeout, .unsafeOutput, .internalError,
        ]
        var job = try claimed()
        fail(&job, JobSample.ending(code))
        if again.contains(code) {
            #expect(job.state == .queued(dueAt: now.advanced(seconds: 2), because: .retry))
            #expect(job.attempts == 1)
        } else {
            #expect(job.failedWith == code)
        }
    }

    @Test func `what was held back uses no attempt up`() throws {
        var (job, time) = (try JobSample.job(), now)
        let ending = JobSample.ending(.providerUnavailable, retryAfter: 7, heldBack: true)
        for _ in 0..<10 {
            time = max(time, job.dueAt ?? time)
            job.does(.claim(at: time, rules))
            job.does(.fail(epoch: job.epoch, ending, at: time, rules, dice: 0))
            #expect(job.attempts == 0)
            #expect(
                job.state == .queued(dueAt: time.advanced(seconds: 7), because: .service))
        }
        job.does(.wake(.service, at: time))
        #expect(job.dueAt == time)
        job.refuses(.wake(.service, at: time))
    }

    @Test func `a refusal for want of budget is final, unless it is to be waited out`() throws {
        let reset = now.advanced(seconds: 3_600)
        let ending = JobSample.ending(.budgetExceeded, heldBack: true, budgetReset: reset)
        var job = try claimed()
        fail(&job, ending)
        #expect(job.failedWith == .budgetExceeded)
        job = try claimed(waitsForBudget: true)
        fail(&job, ending)
        #expect(job.state == .queued(dueAt: reset, because: .budget) && job.attempts == 0)
        var late = job
        late.does(.expire(at: job.deadline))
        #expect(late.failedWith == .budgetExceeded)
        job.refuses(.wake(.service, at: now))
        job.does(.wake(.budget, at: now))
        job.does(.claim(at: now, rules))
        let never = JobSample.ending(.budgetExceeded, budgetReset: job.deadline)
        fail(&job, never)
        #expect(job.failedWith == .budgetExceeded)
    }

    @Test func `an answer that was refused is asked for again, a prompt isn't`() throws {
        var job = try claimed()
        fail(&job, JobSample.ending(.unsafeOutput))
        #expect(job.status == .queued && job.attempts == 1)
        job = try claimed()
        fail(&job, JobSample.ending(.unsafeInput))
        #expect(job.failedWith == .unsafeInput)
    }

    @Test func `a job that has ended stays so, but for a replay of a dead letter`() throws {
        var job = try claimed()
        job.does(.cancel(at: now))
        let cancelled = job
        job.refuses(.complete(epoch: 1, at: now))
        job.refuses(.cancel(at: now))
        job.refuses(.replay(at: now, deadline: .init(milliseconds: .max)))
        #expect(job == cancelled)
        job = try claimed()
        fail(&job, JobSample.ending(.unsafeInput))
        let deadline = now.advanced(seconds: 9)
        job.refuses(.replay(at: now, deadline: now))
        job.does(.replay(at: now, deadline: deadline))
        #expect(job.attempts == 0 && job.epoch == 1 && job.deadline == deadline)
        job.does(.claim(at: now, rules))
        #expect(job.epoch == 2)
    }

    @Test func `what comes from outside traps nothing`() throws {
        var wide = QueueRules()
        (wide.base, wide.cap) = (.seconds(Int64.max), .seconds(Int64.max))
        for asked in [Int.min, -1, 0, Int.max] {
            for attempt in [Int.min, 0, 1, 64, Int.max] {
                let wait = rules.wait(afterAttempt: attempt, asked: asked, dice: .max)
                #expect(wait >= .zero && wait <= rules.cap)
                #expect(wide.wait(afterAttempt: attempt, asked: asked, dice: .max) >= .zero)
            }
        }
        var job = try claimed()
        let ending = JobSample.ending(.rateLimited, retryAfter: .max)
        fail(&job, ending)
        #expect(job.dueAt == now.advanced(by: rules.cap))
    }
}
