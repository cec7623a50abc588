import Logging
import Synchronization
import WeirCore

/// One claim of a job, from its call to its end. Only as long as the claim is the newest does it
/// change anything; what its call has cost is in the ledger either way.
struct JobRun: Sendable {
    let parts: JobParts
    let calls: JobCalls
    let gate: JobGate
    let rules: QueueRules
    let job: Job
    /// Whether the process is about to end.
    let isStopping: @Sendable () -> Bool
    let isLost = JobLoss()

    enum End: Sendable, Equatable {
        case complete, failed, retried
        case heldBack(WeirError.Code)
        case handedBack
        /// The job is somebody else's by now, or has ended.
        case dropped
        /// Left to its lease.
        case abandoned
    }

    func run(_ body: [UInt8]) async -> End {
        if isStopping() { return await handBack() }
        guard let request = JobRequest(body) else {
            let unreadable = JobFailure(
                code: .invalidRequest, message: "what the job asks for can't be read")
            return await fail(JobEnding(unreadable))
        }
        return await withTaskGroup(of: End?.self) { group in
            group.addTask {
                await giveSignsOfLife()
                return nil
            }
            group.addTask {
                request.calls.count == 1
                    ? await runOnly(request) : await runAll(request)
            }
            for await end in group {
                guard let end else { continue }
                group.cancelAll()
                return end
            }
            return .abandoned
        }
    }

    private func runOnly(_ request: JobRequest) async -> End {
        guard let verdict = await ask(request, number: nil) else { return .abandoned }
        return await end(verdict)
    }

    func end(_ verdict: JobVerdict) async -> End {
        switch verdict {
        case .answer(let body): return await complete(body)
        case .failure(let ending, _): return await fail(ending)
        }
    }

    /// Makes one call; nil where the process ends before its answer.
    func ask(_ request: JobRequest, number: Int?) async -> JobVerdict? {
        let suffix = number.map { ":\($0)" } ?? ""
        // An administrator's job is no more than a service's: it has one tenant in reach.
        let role = request.role == .admin ? .service : request.role
        let call = JobCall(
            request: parts.newRequest(),
            caller: Caller(key: request.key, role: role, reach: .tenants([job.tenant])),
            tenant: job.tenant, user: job.user, feature: request.feature,
            idempotencyKey: "job:\(job.id):\(job.epoch)\(suffix)",
            body: request.calls[number ?? 0].encoded)
        let (gate, bell, queue) = (gate, parts.bell, job.queue)
        let outcome = await calls.perform(call, within: rules.attemptTimeout) {
            gate.endOverrun()
            bell.ring(queue)
        }
        switch outcome {
        case .answered(let answer): return JobVerdict(answer).held(to: request.report)
        case .timedOut:
            gate.beginOverrun()
            return .timeout
        case .abandoned: return nil
        }
    }

    func complete(_ result: [UInt8]) async -> End {
        let step = JobStep.complete(epoch: job.epoch, at: parts.time.now())
        return await write(step, result) == nil ? .dropped : .complete
    }

    func fail(_ ending: JobEnding) async -> End {
        let now = parts.time.now()
        let ending = ending.failure.code == .budgetExceeded ? waitingOut(ending, now) : ending
        let step = JobStep.fail(
            epoch: job.epoch, ending, at: now, rules, dice: parts.dice())
        guard let after = await write(step, nil) else { return .dropped }
        switch after.state {
        case .queued(_, .service), .queued(_, .budget): return .heldBack(ending.failure.code)
        case .queued, .processing: return .retried
        case .failed, .complete, .cancelled: return .failed
        }
    }

    func handBack() async -> End {
        let step = JobStep.handBack(epoch: job.epoch, at: parts.time.now())
        return await write(step, nil) == nil ? .dropped : .handedBack
    }

    /// A budget may be raised before it begins anew, so that a job whose deadline is earlier waits
    /// until then, and fails for want of budget.
    private func waitingOut(_ ending: JobEnding, _ now: Timestamp) -> JobEnding {
        let recheck = parts.budgetRecheck.map { longest in
            let earliest = now.advanced(by: longest / 2)
            let range = UInt64(clamping: earliest.milliseconds(since: now))
            let share = parts.dice().multipliedFullWidth(by: range).high
            return earliest.advanced(by: .milliseconds(Int64(clamping: share)))
        }
        let last = job.deadline.advanced(seconds: -1)
        let next = [ending.budgetReset, recheck].compactMap(\.self).min() ?? last
        return JobEnding(
            ending.failure, retryAfter: ending.retryAfter, wasHeldBack: ending.wasHeldBack,
            budgetReset: last > now ? min(max(next, now.advanced(seconds: 1)), last) : nil)
    }

    /// Nil where the claim isn't the job's any more, or nothing can be made durable: the lease
    /// ends it then.
    private func write(_ step: JobStep, _ result: [UInt8]?) async -> Job? {
        for _ in 0..<JobRun.writes {
            do {
                return try await parts.store.apply(step, to: job.id, result: result)
            } catch .overloaded {
                await parts.time.pause(.milliseconds(100))
            } catch {
                log("a job's end was not written", error)
                return nil
            }
        }
        log("a job's end was not written", .overloaded)
        return nil
    }

    private static let writes = 20

    private func giveSignsOfLife() async {
        while true {
            await parts.time.pause(rules.lease / 3)
            guard !Task.isCancelled else { return }
            let step = JobStep.beat(epoch: job.epoch, at: parts.time.now(), rules)
            do {
                guard try await parts.store.apply(step, to: job.id, result: nil) == nil
                else { continue }
                return isLost.note()
            } catch {
                log("a job's sign of life was not written", error)
            }
        }
    }

    func log(_ event: Logger.Message, _ error: StoreError) {
        parts.logger.error(event, metadata: ["job": "\(job.id)", "error": "\(error)"])
    }
}

/// Whether a run has heard that its claim is not the job's any more.
final class JobLoss: Sendable {
    private let state = Mutex(false)

    var hasHappened: Bool { state.withLock { $0 } }

    func note() { state.withLock { $0 = true } }
}
