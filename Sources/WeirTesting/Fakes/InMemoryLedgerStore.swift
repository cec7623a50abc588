import Synchronization
package import WeirCore
package import WeirService

/// A ledger without a disk that keeps the port's contract. Can be told to fail.
package final class InMemoryLedgerStore: LedgerStore {
    struct State {
        var rows: [AttemptID: LedgerRow] = [:]
        var claims: [ClaimKey: (record: IdempotencyRecord, expiresAt: Timestamp)] = [:]
        var announced: [BudgetBook.CounterKey: Set<Int>] = [:]
        var audit: [AuditEntry] = []
        var failure: StoreError?
        var batches: [BatchID: OpenBatch] = [:]
        /// Writes until the disk fails; nil: it doesn't.
        var writesLeft: Int?
    }

    struct ClaimKey: Hashable {
        let tenant: TenantID
        let key: String
    }

    let state = Mutex(State())

    package init() {}

    /// What every later write answers; nil lets them through again.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    /// Lets so many more writes through, and no other after them; nil lets them all through again.
    package func fail(after writes: Int?) {
        state.withLock { state in
            state.writesLeft = writes
            state.failure = nil
        }
    }

    /// Puts a row as it is, past every rule.
    package func plant(_ row: LedgerRow) { state.withLock { $0.rows[row.attempt] = row } }

    /// Every row, oldest first.
    package var rows: [LedgerRow] { state.withLock { $0.sorted { _ in true } } }

    package var audit: [AuditEntry] { state.withLock { $0.audit } }

    package var failure: String? {
        state.withLock { state in
            if case .unavailable(let reason) = state.failure { reason } else { nil }
        }
    }

    package func intend(
        _ row: LedgerRow, claim: IdempotencyClaim?
    ) async throws(StoreError) -> ClaimOutcome {
        try write { state in
            if let claim {
                let key = ClaimKey(tenant: claim.tenant, key: claim.key)
                if let taken = state.claims[key], row.createdAt < taken.expiresAt {
                    return .existing(taken.record)
                }
                let record = IdempotencyRecord(
                    fingerprint: claim.fingerprint, request: row.request, reply: nil)
                state.claims[key] = (record, claim.expiresAt)
            }
            state.rows[row.attempt] = row
            return .claimed
        }
    }

    package func settle(_ row: LedgerRow, claim: ClaimResolution?) async throws(StoreError) {
        try write { state in
            guard state.rows[row.attempt]?.state ?? .intent == .intent else { return }
            state.rows[row.attempt] = row
            if let claim { state.resolve(claim, request: row.request) }
        }
    }

    package func resolve(
        _ claim: ClaimResolution, request: RequestID
    ) async throws(StoreError) {
        try write { $0.resolve(claim, request: request) }
    }

    package func record(_ row: LedgerRow, audit: AuditEntry?) async throws(StoreError) {
        try write { state in
            state.rows[row.attempt] = row
            if let audit { state.audit.append(audit) }
        }
    }

    package func adjust(
        _ row: LedgerRow, audit: AuditEntry, claim: IdempotencyClaim?, reply: StoredReply
    ) async throws(StoreError) -> ClaimOutcome {
        try write { state in
            if let claim {
                let key = ClaimKey(tenant: claim.tenant, key: claim.key)
                if let taken = state.claims[key], row.createdAt < taken.expiresAt {
                    return .existing(taken.record)
                }
                state.resolve(.complete(claim, reply), request: row.request)
            }
            state.rows[row.attempt] = row
            state.audit.append(audit)
            return .claimed
        }
    }

    package func announce(
        _ crossing: BudgetBook.ThresholdCrossing, audit: AuditEntry
    ) async throws(StoreError) -> Bool {
        try write { state in
            guard state.announced[crossing.key, default: []].insert(crossing.percent).inserted
            else { return false }
            state.audit.append(audit)
            return true
        }
    }

    package func recover(now: Timestamp) async throws(StoreError) -> RecoverySummary {
        try write { state in
            var charged = Money.zero
            let batched = Set(state.batches.values.flatMap { $0.calls.map(\.row.attempt) })
            let open = state.rows.values.filter {
                $0.state == .intent && !batched.contains($0.attempt)
            }
            for var row in open {
                row.state = .settled
                row.outcome = LedgerRow.Outcome(
                    status: .crashed, cost: row.held, basis: .worstCase, usage: .zero,
                    isInDoubt: true, settledAt: now)
                state.rows[row.attempt] = row
                charged = charged.saturatingAdd(row.held)
            }
            return RecoverySummary(inDoubt: open.count, charged: charged)
        }
    }

    func write<Result: Sendable>(
        _ change: (inout State) -> Result
    ) throws(StoreError) -> Result {
        let (result, failure) = state.withLock { state -> (Result?, StoreError?) in
            if let left = state.writesLeft {
                state.writesLeft = left - 1
                if left <= 0 { state.failure = .unavailable("the disk is full") }
            }
            if let failure = state.failure { return (nil, failure) }
            return (change(&state), nil)
        }
        guard let result else { throw failure ?? .refused("no result") }
        return result
    }
}

extension InMemoryLedgerStore.State {
    fileprivate mutating func resolve(_ resolution: ClaimResolution, request: RequestID) {
        switch resolution {
        case .complete(let claim, let reply):
            let record = IdempotencyRecord(
                fingerprint: claim.fingerprint, request: request, reply: reply)
            let key = InMemoryLedgerStore.ClaimKey(tenant: claim.tenant, key: claim.key)
            claims[key] = (record, claim.expiresAt)
        case .free(let claim):
            claims[InMemoryLedgerStore.ClaimKey(tenant: claim.tenant, key: claim.key)] = nil
        }
    }

    /// Rows that pass, oldest first.
    func sorted(_ isIncluded: (LedgerRow) -> Bool) -> [LedgerRow] {
        rows.values.filter(isIncluded).sorted { $0.attempt < $1.attempt }
    }
}
