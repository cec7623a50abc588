import Logging
import WeirCore

/// A job of several calls: each answer is kept as it comes, so that a later claim makes only those
/// that are missing.
extension JobRun {
    /// What a pass over the missing calls has met.
    private struct Pass {
        /// Of a call that was made and may be made again: it uses an attempt up.
        var failure: JobEnding?
        /// Nobody was there to be asked; no more calls are begun.
        var heldBack: JobEnding?
        var isOver = false
    }

    func runAll(_ request: JobRequest) async -> End {
        guard let kept = await keptAnswers() else { return .abandoned }
        let known = Set(kept.map(\.number))
        let pass = await makeCalls(
            request.calls.indices.filter { !known.contains($0) }, request)
        if isLost.hasHappened { return .dropped }
        if let ending = pass.failure ?? pass.heldBack { return await fail(ending) }
        guard let answers = await keptAnswers() else { return .abandoned }
        guard answers.count == request.calls.count else {
            // Every call that was begun has its answer, so this claim needn't count.
            return pass.isOver ? .abandoned : await handBack()
        }
        return await end(JobVerdict(of: answers))
    }

    private func makeCalls(_ missing: [Int], _ request: JobRequest) async -> Pass {
        var (pass, rest) = (Pass(), missing[...])
        await withTaskGroup(of: (Int, JobVerdict?).self) { group in
            func begin() {
                guard !pass.isOver, pass.heldBack == nil, !isStopping(), !isLost.hasHappened,
                    let number = rest.popFirst()
                else { return }
                group.addTask { (number, await ask(request, number: number)) }
            }
            for _ in 0..<max(parts.callsAtOnce, 1) { begin() }
            while let (number, verdict) = await group.next() {
                await take(verdict, number, &pass)
                begin()
            }
        }
        return pass
    }

    private func take(_ verdict: JobVerdict?, _ number: Int, _ pass: inout Pass) async {
        switch verdict {
        case .answer(let body):
            await keep(JobCallAnswer(number: number, isError: false, body: body), &pass)
        case .failure(let ending, let body) where job.keeps(ending, rules):
            await keep(JobCallAnswer(number: number, isError: true, body: body), &pass)
        case .failure(let ending, _) where ending.usesAttempt:
            pass.failure = pass.failure ?? ending
        case .failure(let ending, _): pass.heldBack = pass.heldBack ?? ending
        case nil: pass.isOver = true
        }
    }

    private func keep(_ answer: JobCallAnswer, _ pass: inout Pass) async {
        do {
            let isOurs = try await parts.store.keep(
                answer, of: job.id, epoch: job.epoch, at: parts.time.now())
            if !isOurs { isLost.note() }
        } catch {
            // The next claim makes the call anew.
            log("an answer to a job's call was not kept", error)
            pass.isOver = true
        }
    }

    private func keptAnswers() async -> [JobCallAnswer]? {
        do {
            return try await parts.store.answers(of: job.id)
        } catch {
            log("the answers to a job's calls can't be read", error)
            return nil
        }
    }
}
