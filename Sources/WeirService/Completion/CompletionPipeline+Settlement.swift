import Logging
import WeirCore

extension CompletionPipeline {
    /// Makes the terminal row durable, then ends the hold. Throws where the ledger can't be
    /// written: the hold stays then, and recovery charges it.
    func settle(
        _ attempt: Attempt, _ charge: Charge, _ digest: [UInt8], _ claim: ClaimResolution?
    ) async throws(WeirError) {
        try await settle(attempt.row, charge, digest, claim)
    }

    /// - Parameter tier: what it was served at, where no reply tells.
    func settle(
        _ intent: LedgerRow, _ charge: Charge, _ digest: [UInt8], _ claim: ClaimResolution?,
        at tier: ServiceTier? = nil
    ) async throws(WeirError) {
        var row = intent
        row.state = charge.status == .notSent ? .void : .settled
        row.outcome = LedgerRow.Outcome(
            status: charge.status, cost: charge.cost, basis: charge.basis,
            usage: tier.map(charge.usage.served) ?? charge.usage, isInDoubt: charge.isInDoubt,
            isUsageSuspect: charge.isUsageSuspect, settledAt: parts.time.now(),
            answerDigest: digest)
        do {
            try await parts.ledger.settle(row, claim: claim)
        } catch {
            parts.logger.critical(
                "attempt not settled",
                metadata: ["attempt": "\(row.attempt.number)", "error": "\(error)"])
            throw WeirError(error)
        }
        if row.state == .void {
            parts.budget.release(row.attempt)
        } else {
            await parts.budget.settle(row.attempt, cost: charge.cost)
        }
        if charge.cost > row.held {
            parts.logger.error(
                "cost above the worst case",
                metadata: [
                    "attempt": "\(row.attempt.number)", "model": "\(row.upstreamModel)",
                    "cost_usd": "\(charge.cost.exactUSD)", "held_usd": "\(row.held.exactUSD)",
                ])
        }
    }

    /// An executed call keeps its answer for retries; one that cost nothing and gave no answer
    /// frees its key.
    func resolution(
        _ attempt: Attempt, _ run: CompletionRun, _ reply: Result<CompletionReply, WeirError>
    ) -> ClaimResolution? {
        guard let claim = attempt.claim else { return nil }
        switch reply {
        case .success(let reply):
            let stored = StoredReply(
                status: reply.status, body: reply.body, contentType: reply.contentType)
            return .complete(claim, stored)
        case .failure(let error): return failed(claim, run, error)
        }
    }

    func failed(
        _ claim: IdempotencyClaim, _ run: CompletionRun, _ error: WeirError
    ) -> ClaimResolution {
        guard run.hasCharged else { return .free(claim) }
        return .complete(claim, StoredReply(error, request: run.call.request))
    }

    /// Ends the claim of a call whose attempts are all settled and that gives no answer.
    func endClaim(of run: CompletionRun, _ error: WeirError) async throws(WeirError) {
        guard let claim = run.claim else { return }
        do {
            try await parts.ledger.resolve(
                failed(claim, run, error), request: run.call.request)
        } catch {
            throw WeirError(error)
        }
    }
}
