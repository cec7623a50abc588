import Testing
import WeirCore
import WeirService

/// What every store of jobs knows of their claims, answers and times.
@Suite struct JobProgressTests {
    private let now = Sample.now
    private let rules = QueueRules()

    private func later(_ seconds: Int64) -> Timestamp { now.advanced(seconds: seconds) }

    private func answer(_ number: Int, isError: Bool = false) -> JobCallAnswer {
        JobCallAnswer(number: number, isError: isError, body: [UInt8(number)])
    }

    private func add(_ number: Int, calls: Int = 1, to store: any JobStore) async throws -> Job {
        let job = try Sample.job(number)
        let request = try Sample.request("r", calls: calls)
        _ = try await store.enqueue(job, request: request, claim: nil, limit: 99)
        #expect(try await store.request(of: job.id) == request.encoded)
        return job
    }

    private func claim(_ store: any JobStore, _ seconds: Int64) async throws -> Int64 {
        let claimed = try await store.claim(
            from: try Sample.queue(), rules, at: later(seconds))
        return try #require(claimed).job.epoch
    }

    @Test(arguments: JobStoreKind.allCases)
    func `answers are kept once each, for the claim that holds the job`(
        kind: JobStoreKind
    ) async throws {
        try await kind.run { store in
            let job = try await add(1, calls: 3, to: store)
            #expect(try await !store.keep(answer(0), of: job.id, epoch: 1, at: now))
            let first = try await claim(store, 1)
            #expect(try await store.keep(answer(2), of: job.id, epoch: first, at: later(2)))
            let other = JobCallAnswer(number: 2, isError: true, body: [])
            #expect(try await store.keep(other, of: job.id, epoch: first, at: later(3)))
            #expect(try await !store.keep(answer(1), of: job.id, epoch: 2, at: later(3)))
            let record = try #require(try await store.record(of: job.id))
            #expect(record.progress == JobProgress(done: 1, total: 3))
            #expect(record.claimedAt == later(1) && record.changedAt == later(2))
            #expect(record.feature.description == "sales-summary" && record.job.epoch == 1)

            let back = try await store.takeBack(
                from: job.queue, rules, at: later(60), dice: [0])
            #expect(back.count == 1)
            #expect(try await !store.keep(answer(0), of: job.id, epoch: first, at: later(61)))
            let second = try await claim(store, 61)
            #expect(try await store.keep(answer(0), of: job.id, epoch: second, at: later(62)))
            #expect(try await store.answers(of: job.id) == [answer(0), answer(2)])
            _ = try await store.apply(
                .complete(epoch: second, at: later(63)), to: job.id, result: [7])
            #expect(try await store.answers(of: job.id).isEmpty)
            let done = try await store.record(of: job.id)?.progress
            #expect(done == JobProgress(done: 3, total: 3))
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func `a replay asks again what was an error, and nothing else`(
        kind: JobStoreKind
    ) async throws {
        try await kind.run { store in
            let job = try await add(1, calls: 3, to: store)
            let epoch = try await claim(store, 0)
            for answer in [answer(0), answer(1, isError: true)] {
                _ = try await store.keep(answer, of: job.id, epoch: epoch, at: now)
            }
            let ending = Sample.failure(.unsafeInput)
            let failure = JobStep.fail(epoch: epoch, ending, at: now, rules, dice: 0)
            _ = try await store.apply(failure, to: job.id, result: nil)
            #expect(try await store.answers(of: job.id).count == 2)
            let replay = JobStep.replay(at: now, deadline: later(60))
            _ = try await store.apply(replay, to: job.id, result: nil)
            #expect(try await store.answers(of: job.id) == [answer(0)])
            let progress = try await store.record(of: job.id)?.progress
            #expect(progress == JobProgress(done: 1, total: 3))
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func `the history has every claim's outcome`(kind: JobStoreKind) async throws {
        try await kind.run { store in
            let job = try await add(1, to: store)
            let held = Sample.failure(.providerUnavailable, heldBack: true)
            let failed = Sample.failure(.providerError)
            let ends: [(Int64) -> JobStep] = [
                { .fail(epoch: $0, held, at: now, rules, dice: 0) },
                { .handBack(epoch: $0, at: now) },
                { .fail(epoch: $0, failed, at: now, rules, dice: 0) },
                { _ in .takeBack(at: now.advanced(seconds: 30), rules, dice: 0) },
                { .complete(epoch: $0, at: now.advanced(seconds: 60)) },
            ]
            for (turn, end) in ends.enumerated() {
                let epoch = try await claim(store, turn == 4 ? 40 : 0)
                _ = try await store.apply(end(epoch), to: job.id, result: [1])
            }
            let history = try await store.history(of: job.id)
            #expect(history.map(\.epoch) == [1, 2, 3, 4, 5])
            #expect(history.map(\.number) == [1, 1, 1, 2, 3])
            #expect(
                history.map(\.outcome) == [.heldBack, .handedBack, .failed, .lost, .complete])
            #expect(history.map(\.code) == [.providerUnavailable, nil, .providerError, nil, nil])
            #expect(history.map(\.endedAt) == [now, now, now, later(30), later(60)])
            #expect(history.last?.claimedAt == later(40))
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func `the history is bounded, and tells of a cancellation`(
        kind: JobStoreKind
    ) async throws {
        try await kind.run { store in
            let job = try await add(1, to: store)
            for _ in 0..<JobAttempt.kept {
                let epoch = try await claim(store, 0)
                _ = try await store.apply(
                    .handBack(epoch: epoch, at: now), to: job.id, result: nil)
            }
            _ = try await claim(store, 0)
            #expect(try await store.history(of: job.id).last?.endedAt == nil)
            _ = try await store.apply(.cancel(at: later(9)), to: job.id, result: nil)
            let history = try await store.history(of: job.id)
            #expect(history.count == JobAttempt.kept && history.first?.epoch == 2)
            #expect(history.last?.outcome == .cancelled && history.last?.endedAt == later(9))
            #expect(try await store.forget(job.id))
            #expect(try await !store.forget(job.id))
            #expect(try await store.record(of: job.id) == nil)
            #expect(try await store.history(of: job.id).isEmpty)
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func `how long jobs take is told by those that are complete`(
        kind: JobStoreKind
    ) async throws {
        try await kind.run { store in
            let (queue, feature) = (
                try Sample.queue(), try #require(FeatureSlug("sales-summary"))
            )
            #expect(try await store.typicalDuration(queue: queue, feature: feature) == nil)
            for (number, seconds) in [40, 2, 9].enumerated() {
                let job = try await add(number, to: store)
                let epoch = try await claim(store, 10)
                _ = try await store.apply(
                    .complete(epoch: epoch, at: later(10 + Int64(seconds))), to: job.id,
                    result: [])
            }
            #expect(
                try await store.typicalDuration(queue: queue, feature: feature) == .seconds(9))
            let other = try #require(FeatureSlug("other"))
            #expect(try await store.typicalDuration(queue: queue, feature: other) == nil)
        }
    }

    @Test(arguments: JobStoreKind.allCases)
    func `the outlook says what is to be done when`(kind: JobStoreKind) async throws {
        try await kind.run { store in
            let queue = try Sample.queue()
            #expect(try await store.outlook(of: [queue]) == JobOutlook())
            try await store.add(try Sample.job(1, at: later(5)))
            try await store.add(try Sample.job(2, at: later(2), runAt: later(60)))
            _ = try await claim(store, 7)
            try await store.add(try Sample.job(3, at: later(8), deadline: 50))
            try await store.add(try Sample.job(4, queue: "ai-reports", at: later(8)))
            var expected = JobOutlook()
            expected.due = [queue: later(8)]
            expected.leases = [queue: later(37)]
            expected.deadline = later(58)
            #expect(try await store.outlook(of: [queue]) == expected)
            let figures = try await store.figures()
            #expect(figures.map(\.queue.description) == ["ai-reports", "default"])
            #expect(figures.map(\.waiting) == [1, 2] && figures.map(\.processing) == [0, 1])
            #expect(figures.last?.dueSince == later(8))
            #expect(figures.last?.oldestAcceptedAt == later(8))
        }
    }
}
