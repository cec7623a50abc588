package import WeirCore

/// Where money's history is kept. Every write returns only after it is durable.
///
/// A store that failed to make something durable refuses all further writes until it is opened
/// again: a failed fsync is never retried.
package protocol LedgerStore: Sendable {
    /// Settles every attempt that an earlier process left open at its worst case, completes its
    /// idempotency claims with the final error; calls of a batch (`BatchStore`) stay open. Before
    /// the first admission, and once.
    func recover(now: Timestamp) async throws(StoreError) -> RecoverySummary

    /// The durable INTENT of an attempt, with the claim of its idempotency key in one transaction.
    /// Where somebody holds the key nothing is written and the record comes back.
    func intend(_ row: LedgerRow, claim: IdempotencyClaim?) async throws(StoreError) -> ClaimOutcome

    /// The terminal state of an attempt (`settled` or `void`), its roll-ups, and what becomes of
    /// its claim, in one transaction. A second settlement of an attempt changes nothing.
    func settle(_ row: LedgerRow, claim: ClaimResolution?) async throws(StoreError)

    /// What becomes of a claim whose attempts are all terminal: a call that ended between two
    /// attempts.
    func resolve(
        _ claim: ClaimResolution, request: RequestID
    ) async throws(StoreError)

    /// A row that is terminal from the start: a replay, a cache hit, an adjustment.
    func record(_ row: LedgerRow, audit: AuditEntry?) async throws(StoreError)

    /// An adjustment with its audit entry, and the answer under its idempotency key, in one
    /// transaction. Where somebody holds the key nothing is written and the record comes back.
    func adjust(_ row: LedgerRow, audit: AuditEntry, claim: IdempotencyClaim?, reply: StoredReply)
        async throws(StoreError) -> ClaimOutcome

    /// A threshold that was passed; false where it had been announced before.
    func announce(
        _ crossing: BudgetBook.ThresholdCrossing, audit: AuditEntry
    ) async throws(StoreError) -> Bool

    /// The record under an idempotency key, if it hasn't expired.
    func claim(tenant: TenantID, key: String, now: Timestamp) async throws(StoreError)
        -> IdempotencyRecord?

    /// What the ledger has settled on counters, and which thresholds were announced; same order.
    func counters(_ keys: [BudgetBook.CounterKey]) async throws(StoreError) -> [SettledCounter]

    /// One tenant's month by one dimension, and its totals; independent of the number of rows.
    func usage(tenant: TenantID, period: Period, by grouping: UsageGrouping)
        async throws(StoreError) -> UsageReport

    /// Every tenant's total of a month.
    func tenantTotals(period: Period) async throws(StoreError) -> [TenantID: UsageTotals]

    /// Rows of a tenant's month, newest first, strictly below the cursor.
    func rows(tenant: TenantID, period: Period, below cursor: AttemptID?, limit: Int)
        async throws(StoreError) -> [LedgerRow]

    func row(tenant: TenantID, attempt: AttemptID) async throws(StoreError) -> LedgerRow?

    /// The sum of the adjustments of an attempt.
    func adjustments(tenant: TenantID, of attempt: AttemptID) async throws(StoreError) -> Money

    /// The highest attempt id ever given out.
    func highestAttempt() async throws(StoreError) -> AttemptID

    /// Why nothing can be written any more; nil while the store is sound.
    var failure: String? { get }
}

package enum StoreError: Error, Sendable, Equatable {
    /// Nothing can be made durable, now or until a restart.
    case unavailable(String)
    /// More is waiting than the queue may hold.
    case overloaded
    /// The database refuses this one write; its neighbours went through.
    case refused(String)
}

package struct RecoverySummary: Sendable, Equatable {
    package let inDoubt: Int
    package let charged: Money

    package init(inDoubt: Int, charged: Money) {
        self.inDoubt = inDoubt
        self.charged = charged
    }
}

/// What the ledger says of a counter.
package struct SettledCounter: Sendable, Equatable {
    package let settled: Money
    package let announced: Set<Int>

    package init(settled: Money, announced: Set<Int>) {
        self.settled = settled
        self.announced = announced
    }
}
