import Logging
import Synchronization
import WeirCore

/// A job's claim ends with the last of the calls that it makes; answers are kept as they come.
extension BatchRunner {
    /// A call of a job has ended. A job that is no longer in this claim stays as it is.
    func tell(
        _ id: JobID, epoch: Int64, number: Int, _ verdict: JobVerdict
    ) async throws(StoreError) {
        guard let claim = try await claim(of: id, epoch: epoch) else { return }
        let verdict = verdict.held(to: claim.report)
        guard claim.calls > 1 else { return try await end(claim.job, verdict) }
        var failure: JobEnding?
        switch verdict {
        case .answer(let body):
            try await keep(.init(number: number, isError: false, body: body), claim)
        case .failure(let ending, let body) where claim.job.keeps(ending, rules):
            try await keep(.init(number: number, isError: true, body: body), claim)
        case .failure(let ending, _): failure = ending
        }
        let now = claims.withLock { claims in
            claims[id]?.end(number, failure)
            return claims[id]
        }
        if let now, now.left.isEmpty { try await conclude(now) }
    }

    /// Ends a claim all of whose calls have ended: with the job, or so that a later one makes the
    /// calls that have no answer.
    func conclude(_ claim: BatchClaim) async throws(StoreError) {
        if let failure = claim.failure {
            return try await end(claim.job, .failure(failure, body: []))
        }
        let answers = try await jobs.answers(of: claim.job.id)
        if answers.count == claim.calls {
            try await end(claim.job, JobVerdict(of: answers))
        } else {
            // Every call that was begun has its answer, so this claim needn't count.
            try await apply(.handBack(epoch: claim.job.epoch, at: parts.time.now()), claim.job)
        }
    }

    func end(_ job: Job, _ verdict: JobVerdict) async throws(StoreError) {
        let now = parts.time.now()
        switch verdict {
        case .answer(let body):
            try await apply(.complete(epoch: job.epoch, at: now), job, result: body)
        case .failure(let ending, _):
            try await apply(
                .fail(epoch: job.epoch, ending, at: now, rules, dice: parts.dice()), job)
        }
    }

    /// Writes what ends something of a job; where it can't be written, the claim is left to its
    /// lease.
    func leavingToLease(_ job: JobID, _ write: () async throws(StoreError) -> Void) async {
        do {
            try await write()
        } catch {
            parts.logger.error(
                "batch job not ended", metadata: ["job": "\(job)", "error": "\(error)"])
        }
    }

    private func apply(
        _ step: JobStep, _ job: Job, result: [UInt8]? = nil
    ) async throws(StoreError) {
        _ = try await jobs.apply(step, to: job.id, result: result)
        claims.withLock { claims in
            if claims[job.id]?.job.epoch == job.epoch { claims[job.id] = nil }
        }
    }

    private func keep(_ answer: JobCallAnswer, _ claim: BatchClaim) async throws(StoreError) {
        _ = try await jobs.keep(
            answer, of: claim.job.id, epoch: claim.job.epoch, at: parts.time.now())
    }

    /// Nil where it is over.
    private func claim(of id: JobID, epoch: Int64) async throws(StoreError) -> BatchClaim? {
        if let claim = claims.withLock({ $0[id] }) {
            return claim.job.epoch == epoch ? claim : nil
        }
        // An earlier process has made it, and nobody else makes another meanwhile.
        guard let job = try await jobs.job(id), job.epoch == epoch, job.status == .processing,
            let request = try await jobs.request(of: id).flatMap({ JobRequest($0) })
        else { return nil }
        let claim = BatchClaim(job, of: request, left: openCalls(of: id, epoch: epoch))
        claims.withLock { $0[id] = claim }
        return claim
    }
}
