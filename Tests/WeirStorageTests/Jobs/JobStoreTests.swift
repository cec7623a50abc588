import Testing
import WeirCore
import WeirService

/// What every store of jobs does.
@Suite struct JobStoreTests {
    private let now = Sample.now
    private let rules = QueueRules()

    @Test(arguments: JobStoreKind.allCases)
    func aJobIsAcceptedClaimedAndCompleted(kind: JobStoreKind) async throws {
        try await kind.run { store in
            let job = try Sample.job(1)
            #expect(try await store.add(job) == .accepted)
            #expect(try await store.job(job.id) == job)
            #expect(try await store.claim(from: try Sample.queue("o"), rules, at: now) == nil)
            #expect(try await store.claims(2) == ["job_1"])
            let beaten = try await store.apply(
                .beat(epoch: 1, at: now.advanced(seconds: 5), rules), to: job.id, result: nil)
            #expect(beaten?.state == .processing(until: now.advanced(seconds: 35)))
            #expect(try await store.result(of: job.id) == nil)
            let done = try await store.apply(
                .complete(epoch: 1, at: now), to: job.id, result: [1, 2])
            #expect(done?.state == .complete(at: now))
            #expect(try await store.job(job.id) == done)
            #expect(try await store.result(of: job.id) == [1, 2])
            #expect(try await store.job(try Sample.jobID(2)) == nil)
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func aLateWorkersResultIsDropped(kind: JobStoreKind) async throws {
        try await kind.run { store in
            let (job, queue) = (try Sample.job(1), try Sample.queue())
            try await store.add(job)
            #expect(try await store.claims(1) == ["job_1"])
            #expect(try await store.takeBack(from: queue, rules, at: now, dice: [0]).isEmpty)
            let later = now.advanced(by: rules.lease)
            let back = try await store.takeBack(from: queue, rules, at: later, dice: [0, 0])
            #expect(back.map(\.state) == [.queued(dueAt: later, because: .retry)])
            #expect(try await store.claims(1, at: later) == ["job_1"])
            let late = try await store.apply(
                .complete(epoch: 1, at: later), to: job.id, result: [1])
            #expect(late == nil)
            #expect(try await store.result(of: job.id) == nil)
            let done = try await store.apply(
                .complete(epoch: 2, at: later), to: job.id, result: [2])
            #expect(done?.attempts == 2)
            #expect(try await store.result(of: job.id) == [2])
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func tenantsHaveTheirTurns(kind: JobStoreKind) async throws {
        try await kind.run { store in
            for number in 1...200 { try await store.add(try Sample.job(number)) }
            #expect(try await store.claims(3) == ["job_1", "job_2", "job_3"])
            try await store.add(try Sample.job(901, tenant: 50))
            try await store.add(try Sample.job(902, tenant: 50))
            try await store.add(try Sample.job(801, tenant: 7, priority: 1))
            try await store.add(try Sample.job(802, tenant: 7, priority: 9))
            let order = try await store.claims(8)
            let expected = [
                "job_802", "job_901", "job_801", "job_4", "job_902", "job_5", "job_6", "job_7",
            ]
            #expect(order == expected)
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func whatIsNotDueWaits(kind: JobStoreKind) async throws {
        try await kind.run { store in
            let soon = now.advanced(seconds: 10)
            try await store.add(try Sample.job(1, runAt: soon))
            try await store.add(try Sample.job(2, runAt: soon, deadline: 10))
            #expect(try await store.claims(1).isEmpty)
            #expect(try await store.claims(2, at: soon) == ["job_1"])
            let expired = try await store.job(try Sample.jobID(2))
            let after = try await store.expire(at: soon, limit: 9)
            #expect((expired?.status == .failed) != (after.count == 1))
            #expect(try await store.job(try Sample.jobID(2))?.status == .failed)
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func theSameKeyIsTheSameJob(kind: JobStoreKind) async throws {
        try await kind.run { store in
            let first = try Sample.job(1)
            let claim = try Sample.claim("k")
            #expect(try await store.add(first, claim: claim) == .accepted)
            let other = try Sample.claim("k", fingerprint: 2)
            for again in [claim, other] {
                #expect(
                    try await store.add(try Sample.job(2), claim: again)
                        == .existing(first, fingerprint: claim.fingerprint))
            }
            let foreign = try Sample.claim("k", tenant: 7)
            #expect(
                try await store.add(try Sample.job(3, tenant: 7), claim: foreign) == .accepted)
            #expect(try await store.job(try Sample.jobID(2)) == nil)
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func aTenantsJobsAreLimited(kind: JobStoreKind) async throws {
        try await kind.run { store in
            #expect(try await store.add(try Sample.job(1), limit: 2) == .accepted)
            #expect(try await store.add(try Sample.job(2), limit: 2) == .accepted)
            #expect(try await store.add(try Sample.job(3), limit: 2) == .full)
            #expect(try await store.add(try Sample.job(4, tenant: 7), limit: 2) == .accepted)
            let cancelled = try await store.apply(
                .cancel(at: now), to: try Sample.jobID(1), result: nil)
            #expect(cancelled?.status == .cancelled)
            #expect(try await store.add(try Sample.job(3), limit: 2) == .accepted)
            #expect(Set(try await store.claims(9)) == ["job_2", "job_3", "job_4"])
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func whatWaitsForBudgetIsWoken(kind: JobStoreKind) async throws {
        try await kind.run { store in
            let reset = now.advanced(seconds: 3_600)
            for (number, tenant) in [(1, 42), (2, 7)] as [(Int, Int64)] {
                try await store.add(
                    try Sample.job(number, tenant: tenant, waitsForBudget: true))
            }
            _ = try await store.claims(2)
            for number in 1...2 {
                let ending = Sample.failure(.budgetExceeded, budgetReset: reset)
                let parked = try await store.apply(
                    .fail(epoch: 1, ending, at: now, rules, dice: 0),
                    to: try Sample.jobID(number), result: nil)
                #expect(parked?.state == .queued(dueAt: reset, because: .budget))
            }
            #expect(try await store.claims(1).isEmpty)
            let tenant = try Sample.tenant()
            #expect(
                try await store.wake(.service, tenant: nil, at: now, limit: 9).isEmpty)
            let woken = try await store.wake(.budget, tenant: tenant, at: now, limit: 9)
            #expect(woken.map(\.id.description) == ["job_1"])
            #expect(try await store.claims(2) == ["job_1"])
            #expect(try await store.claims(2, at: reset) == ["job_2"])
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func listsArePagedAndKeepTenantsApart(kind: JobStoreKind) async throws {
        try await kind.run { store in
            for number in 1...9 {
                try await store.add(try Sample.job(number, tenant: number % 3 == 0 ? 7 : 42))
            }
            let tenant = try Sample.tenant()
            var (cursor, pages) = (Int64?.none, [[String]]())
            while true {
                let page = try await store.jobs(
                    tenant: tenant, status: nil, queue: nil, below: cursor, limit: 4)
                guard let last = page.last else { break }
                pages.append(page.map(\.job.id.description))
                cursor = last.sequence
            }
            #expect(pages == [["job_8", "job_7", "job_5", "job_4"], ["job_2", "job_1"]])
            let failing = Sample.failure(.unsafeInput)
            _ = try await store.claims(1)
            let claimed = try await store.jobs(
                tenant: nil, status: .processing, queue: nil, below: nil, limit: 9)
            let id = try #require(claimed.first).job.id
            _ = try await store.apply(
                .fail(epoch: 1, failing, at: now, rules, dice: 0), to: id, result: nil)
            let dead = try await store.jobs(
                tenant: nil, status: .failed, queue: nil, below: nil, limit: 9)
            #expect(dead.map(\.job.id) == [id])
            let replayed = try await store.apply(
                .replay(at: now, deadline: now.advanced(seconds: 60)), to: id, result: nil)
            #expect(replayed?.attempts == 0)
            #expect(try await store.job(id) == replayed)
            #expect(try await store.claims(99).count == 9)
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func whatHasEndedIsForgotten(kind: JobStoreKind) async throws {
        try await kind.run { store in
            let queue = try Sample.queue()
            for number in 1...4 { try await store.add(try Sample.job(number)) }
            #expect(try await store.claims(3) == ["job_1", "job_2", "job_3"])
            for number in 1...3 {
                _ = try await store.apply(
                    .complete(epoch: 1, at: now.advanced(seconds: Int64(number))),
                    to: try Sample.jobID(number), result: [1])
            }
            let moment = now.advanced(seconds: 2)
            #expect(try await store.purge(queue, endedBy: moment, limit: 1) == 1)
            #expect(try await store.purge(queue, endedBy: moment, limit: 9) == 1)
            #expect(try await store.purge(queue, endedBy: moment, limit: 9) == 0)
            #expect(try await store.result(of: try Sample.jobID(2)) == nil)
            let left = try await store.jobs(
                tenant: nil, status: nil, queue: nil, below: nil, limit: 9)
            #expect(left.map(\.job.id.description) == ["job_4", "job_3"])
        }
    }
}
