extension Job {
    /// Lets something happen to the job; false where it can't, and nothing has changed then.
    package mutating func apply(_ step: JobStep) -> Bool {
        switch step {
        case .claim(let now, let rules): claim(now, rules)
        case .beat(let epoch, let now, let rules):
            isHeld(by: epoch) && move(to: .processing(until: now.advanced(by: rules.lease)))
        case .complete(let epoch, let now): isHeld(by: epoch) && move(to: .complete(at: now))
        case .fail(let epoch, let ending, let now, let rules, let dice):
            isHeld(by: epoch) && fail(ending, now, rules, dice)
        case .handBack(let epoch, let now):
            isHeld(by: epoch) && uncount(dueAt: now, because: .turn)
        case .takeBack(let now, let rules, let dice): takeBack(now, rules, dice)
        case .expire(let now): expire(now)
        case .cancel(let now): endedAt == nil && move(to: .cancelled(at: now))
        case .wake(let wait, let now): wake(wait, now)
        case .replay(let now, let deadline): replay(now, deadline)
        }
    }

    private func isHeld(by epoch: Int64) -> Bool {
        guard case .processing = state else { return false }
        return epoch == self.epoch
    }

    private mutating func move(to next: State) -> Bool {
        state = next
        return true
    }

    private mutating func claim(_ now: Timestamp, _ rules: QueueRules) -> Bool {
        guard case .queued(let dueAt, _) = state, dueAt <= now, now < deadline
        else { return false }
        attempts += 1
        epoch += 1
        return move(to: .processing(until: now.advanced(by: rules.lease)))
    }

    /// What was held back hasn't used an attempt up: it waits for the service as long as the
    /// deadline allows. The wait grows with the claims, so that an outage isn't asked after by
    /// every job at every turn.
    private mutating func fail(
        _ ending: JobEnding, _ now: Timestamp, _ rules: QueueRules, _ dice: UInt64
    ) -> Bool {
        let failure = ending.failure
        if failure.code == .budgetExceeded {
            guard waitsForBudget, let reset = ending.budgetReset, reset < deadline else {
                return move(to: .failed(failure, at: now))
            }
            return uncount(dueAt: max(reset, now), because: .budget)
        }
        guard failure.code.isWorthAnotherAttempt else {
            return move(to: .failed(failure, at: now))
        }
        let tries = ending.wasHeldBack ? Int(clamping: epoch) : attempts
        let wait = rules.wait(afterAttempt: tries, asked: ending.retryAfter, dice: dice)
        let dueAt = now.advanced(by: wait)
        guard dueAt < deadline else { return move(to: .failed(failure, at: now)) }
        if ending.wasHeldBack { return uncount(dueAt: dueAt, because: .service) }
        guard attempts < rules.attempts else { return move(to: .failed(failure, at: now)) }
        return move(to: .queued(dueAt: dueAt, because: .retry))
    }

    private mutating func uncount(dueAt: Timestamp, because wait: Wait) -> Bool {
        attempts = max(attempts - 1, 0)
        return move(to: .queued(dueAt: dueAt, because: wait))
    }

    private mutating func takeBack(
        _ now: Timestamp, _ rules: QueueRules, _ dice: UInt64
    ) -> Bool {
        guard case .processing(let until) = state, until <= now else { return false }
        let lost = JobFailure(
            code: .internalError, message: "the worker stopped before the job ended")
        let wait = rules.wait(afterAttempt: attempts, asked: nil, dice: dice)
        let dueAt = now.advanced(by: wait)
        guard attempts < rules.attempts, dueAt < deadline else {
            return move(to: .failed(lost, at: now))
        }
        return move(to: .queued(dueAt: dueAt, because: .retry))
    }

    private mutating func expire(_ now: Timestamp) -> Bool {
        guard case .queued(_, let wait) = state, deadline <= now else { return false }
        let failure =
            if wait == .budget {
                JobFailure(
                    code: .budgetExceeded,
                    message: "the job's deadline passed while its budget was exhausted")
            } else {
                JobFailure(
                    code: .providerTimeout,
                    message: "the job's deadline passed before it could run")
            }
        return move(to: .failed(failure, at: now))
    }

    private mutating func wake(_ wait: Wait, _ now: Timestamp) -> Bool {
        guard case .queued(let dueAt, wait) = state, now < dueAt else { return false }
        return move(to: .queued(dueAt: now, because: .turn))
    }

    private mutating func replay(_ now: Timestamp, _ deadline: Timestamp) -> Bool {
        guard case .failed = state, now < deadline else { return false }
        attempts = 0
        self.deadline = deadline
        return move(to: .queued(dueAt: now, because: .turn))
    }
}

extension WeirError.Code {
    /// Whether a job tries again after it. More than what is retryable for a client: a job has
    /// time, and what an attempt may have cost is settled before the next one. An answer that was
    /// refused is the model's fault, which may answer otherwise.
    package var isWorthAnotherAttempt: Bool {
        switch self {
        case .providerError, .providerTimeout, .unsafeOutput, .internalError: true
        default: isRetryable
        }
    }
}
