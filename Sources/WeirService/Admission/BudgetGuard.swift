import Logging
import Synchronization
package import WeirCore

/// Holds and settles money: the budget book behind a lock, filled from the ledger on demand.
package final class BudgetGuard: Sendable {
    private let book = Mutex(BudgetBook())
    private let store: any LedgerStore
    private let time: any TimeSource
    private let logger = Logger(label: "weir.budget")
    /// Counters kept in memory before idle ones are dropped.
    private let counterLimit: Int

    package init(store: any LedgerStore, time: any TimeSource, counterLimit: Int = 100_000) {
        self.store = store
        self.time = time
        self.counterLimit = counterLimit
    }

    /// Takes the worst case from every scope's budget.
    ///
    /// Throws 402 where one of them can't carry it, 503 where the ledger can't be read: fail
    /// closed.
    package func hold(
        _ attempt: AttemptID, amount: Money, tenant: TenantID, period: Period,
        limits: [ScopeLimit]
    ) async throws(WeirError) {
        // A counter may be dropped between its opening and the next try; three tries are plenty.
        for _ in 0..<3 {
            let (admission, generation) = book.withLock { book in
                (
                    book.hold(
                        attempt, amount: amount, tenant: tenant, period: period, limits: limits),
                    book.generation
                )
            }
            await announceCrossings()
            switch admission {
            case .held: return
            case .refused(let scope): throw refusal(scope, tenant: tenant)
            case .unopened(let keys): try await open(keys, generation: generation)
            }
        }
        throw WeirError(.serviceUnavailable, "Budgets can't be read")
    }

    /// Takes the hold of an attempt that an earlier process has left open, before anything is
    /// admitted. Throws 503 where the ledger can't be read.
    package func restore(
        _ row: LedgerRow, limits: [ScopeLimit]
    ) async throws(WeirError) {
        let keys = limits.map {
            BudgetBook.CounterKey(tenant: row.tenant, period: row.date.period, scope: $0.scope)
        }
        for _ in 0..<3 {
            let (unopened, generation) = book.withLock { book in
                (book.restore(row.attempt, amount: row.held, keys: keys), book.generation)
            }
            guard !unopened.isEmpty else { return }
            try await open(unopened, generation: generation)
        }
        throw WeirError(.serviceUnavailable, "Budgets can't be read")
    }

    /// Ends a hold with its true cost, after the ledger has it.
    package func settle(_ attempt: AttemptID, cost: Money) async {
        book.withLock { $0.settle(attempt, cost: cost) }
        await announceCrossings()
    }

    /// Ends a hold of which nothing was sent, after the ledger has it.
    package func release(_ attempt: AttemptID) {
        book.withLock { $0.release(attempt) }
    }

    /// Books a correction that the ledger has.
    package func adjust(_ keys: [BudgetBook.CounterKey], by amount: Money) async {
        book.withLock { book in
            for key in keys { book.adjust(key, by: amount) }
        }
        await announceCrossings()
    }

    /// What stands on counters now, read from the ledger where they aren't in memory.
    package func counters(
        _ keys: [BudgetBook.CounterKey]
    ) async throws(WeirError) -> [BudgetBook.Counter] {
        for _ in 0..<3 {
            let (found, generation) = book.withLock { book in
                (keys.map { book.counter($0) }, book.generation)
            }
            let counters = found.compactMap(\.self)
            if counters.count == keys.count { return counters }
            let missing = zip(keys, found).filter { $0.1 == nil }.map(\.0)
            try await open(missing, generation: generation)
        }
        throw WeirError(.serviceUnavailable, "Budgets can't be read")
    }

    private func open(
        _ keys: [BudgetBook.CounterKey], generation: Int
    ) async throws(WeirError) {
        let settled: [SettledCounter]
        do {
            settled = try await store.counters(keys)
        } catch {
            throw WeirError(error)
        }
        book.withLock { book in
            if book.count > counterLimit { book.dropIdle() }
            for (key, counter) in zip(keys, settled) {
                book.open(
                    key, settled: counter.settled, announced: counter.announced,
                    readAt: generation)
            }
        }
    }

    private func announceCrossings() async {
        let crossings = book.withLock { $0.takeCrossings() }
        for crossing in crossings {
            let entry = AuditEntry(
                at: time.now(), actor: "weir", action: "budget.threshold",
                tenant: crossing.key.tenant, subject: crossing.key.scope.description,
                details: [
                    "period": .string(crossing.key.period.description),
                    "percent": JSON(crossing.percent), "limit_usd": JSON(crossing.limit),
                    "settled_usd": JSON(crossing.settled),
                ])
            do {
                guard try await store.announce(crossing, audit: entry) else { continue }
                logger.notice(
                    "budget threshold passed",
                    metadata: [
                        "tenant": "\(crossing.key.tenant)", "scope": "\(crossing.key.scope)",
                        "percent": "\(crossing.percent)",
                    ])
            } catch {
                // Not announced durably, so the next opening of the counter announces it again.
                logger.error("budget threshold not announced", metadata: ["error": "\(error)"])
            }
        }
    }

    private func refusal(_ scope: BudgetScope, tenant: TenantID) -> WeirError {
        let whose =
            scope == .tenant ? "tenant \(tenant)" : "\(scope) of tenant \(tenant)"
        return WeirError(.budgetExceeded, "Monthly AI budget exhausted for \(whose)")
    }
}
