package import WeirCore

/// A correction of what an attempt cost.
package struct AdjustmentOrder: Sendable, Equatable {
    package let tenant: TenantID
    package let attempt: AttemptID
    /// What is added to the attempt's cost; negative is a credit.
    package let amount: Money
    package let reason: String
    /// The administrator's own request.
    package let request: RequestID

    package init(
        tenant: TenantID, attempt: AttemptID, amount: Money, reason: String, request: RequestID
    ) {
        self.tenant = tenant
        self.attempt = attempt
        self.amount = amount
        self.reason = reason
        self.request = request
    }
}

/// Books corrections as rows of their own that point at the row they correct: a terminal row never
/// changes. A correction counts in the period of the row that it corrects.
package final class Adjustments: Sendable {
    private let ledger: any LedgerStore
    private let budget: BudgetGuard
    private let time: any TimeSource
    private let nextAttempt: @Sendable (Timestamp) -> AttemptID
    private let onBudget: BudgetChange?
    /// Adding up an attempt's corrections and booking one more is one step.
    private let changes = SerialGate()

    /// - Parameters:
    ///   - onBudget: is told whose budget has more left, once it has.
    ///   - nextAttempt: the process's one sequence of attempt ids.
    package init(
        ledger: any LedgerStore, budget: BudgetGuard, time: any TimeSource,
        onBudget: BudgetChange? = nil, nextAttempt: @escaping @Sendable (Timestamp) -> AttemptID
    ) {
        self.onBudget = onBudget
        self.ledger = ledger
        self.budget = budget
        self.time = time
        self.nextAttempt = nextAttempt
    }

    /// What is answered to an order, the first time or again.
    package struct Booking: Sendable, Equatable {
        package let reply: StoredReply
        /// The order had been booked before, under the same idempotency key.
        package let isReplay: Bool
    }

    /// Throws 404 where the tenant has no such attempt, 409 where it isn't a call that was
    /// settled, 400 where the attempt's total would be negative, 409 or 422 for a key that is in
    /// use otherwise. One key is booked once.
    ///
    /// - Parameter answer: makes the answer out of the row that was booked.
    package func book(
        _ order: AdjustmentOrder, idempotency: IdempotencyKey? = nil, by caller: Caller,
        answer: (LedgerRow) -> StoredReply
    ) async throws(WeirError) -> Booking {
        try caller.requireAdmin()
        try requireName(order.reason, param: "reason")
        guard order.amount != .zero else {
            throw WeirError(.invalidRequest, "amount_usd is zero", param: "amount_usd")
        }
        await changes.enter()
        defer { changes.leave() }
        if let again = try await replay(order, idempotency) { return again }
        let corrected = try await settledRow(order)
        let row = adjustment(of: corrected, order)
        let reply = answer(row)
        let outcome: ClaimOutcome
        do {
            outcome = try await ledger.adjust(
                row, audit: entry(row, order, by: caller),
                claim: claim(order, idempotency, at: row.createdAt), reply: reply)
        } catch {
            throw WeirError(error)
        }
        if case .existing(let record) = outcome {
            return try Adjustments.replay(record, idempotency)
        }
        await budget.adjust(counters(of: corrected), by: order.amount)
        if order.amount < .zero { await onBudget?(order.tenant) }
        return Booking(reply: reply, isReplay: false)
    }

    private func entry(
        _ row: LedgerRow, _ order: AdjustmentOrder, by caller: Caller
    ) -> AuditEntry {
        AuditEntry(
            at: row.createdAt, actor: caller.key.description, action: "adjustment.book",
            tenant: order.tenant, subject: "\(order.attempt.number)",
            details: [
                "adjustment": .string("\(row.attempt.number)"),
                "amount_usd": .number(order.amount.exactUSD), "reason": .string(order.reason),
            ])
    }

    private func settledRow(_ order: AdjustmentOrder) async throws(WeirError) -> LedgerRow {
        let (found, booked): (LedgerRow?, Money)
        do {
            found = try await ledger.row(tenant: order.tenant, attempt: order.attempt)
            booked = try await ledger.adjustments(tenant: order.tenant, of: order.attempt)
        } catch {
            throw WeirError(error)
        }
        guard let row = found else {
            throw WeirError(
                .notFound, "Tenant \(order.tenant) has no attempt \(order.attempt.number)")
        }
        guard row.kind == .call, row.state == .settled, let outcome = row.outcome else {
            throw WeirError(.conflict, "Only a settled call can be adjusted")
        }
        let total = outcome.cost.adding(booked)?.adding(order.amount)
        guard let total, total >= .zero, total <= .largest else {
            throw WeirError(
                .invalidRequest, "The attempt's total would be below zero or too large",
                param: "amount_usd")
        }
        return row
    }

    private func adjustment(of row: LedgerRow, _ order: AdjustmentOrder) -> LedgerRow {
        let now = time.now()
        var next = row
        next.attempt = nextAttempt(now)
        next.request = order.request
        next.attemptNumber = 1
        next.kind = .adjustment
        next.held = .zero
        next.createdAt = now
        next.promptDigest = []
        next.outcome = LedgerRow.Outcome(
            status: .adjusted, cost: order.amount, basis: .none, usage: .zero, settledAt: now)
        next.adjusts = row.attempt
        return next
    }

    private func counters(of row: LedgerRow) -> [BudgetBook.CounterKey] {
        let scopes: [BudgetScope] = [
            .tenant, .user(row.user.number), .feature(row.feature.description),
            .key(row.key.description),
        ]
        return scopes.map {
            BudgetBook.CounterKey(tenant: row.tenant, period: row.date.period, scope: $0)
        }
    }
}

extension Adjustments {
    /// Seconds for which an answer is kept under its key.
    private static let keptSeconds: Int64 = 86_400

    private func claim(
        _ order: AdjustmentOrder, _ key: IdempotencyKey?, at now: Timestamp
    ) -> IdempotencyClaim? {
        key.map {
            IdempotencyClaim(
                tenant: order.tenant, key: $0.key, fingerprint: $0.fingerprint,
                expiresAt: now.advanced(seconds: Adjustments.keptSeconds))
        }
    }

    private func replay(
        _ order: AdjustmentOrder, _ key: IdempotencyKey?
    ) async throws(WeirError) -> Booking? {
        guard let key else { return nil }
        let record: IdempotencyRecord?
        do {
            record = try await ledger.claim(tenant: order.tenant, key: key.key, now: time.now())
        } catch {
            throw WeirError(error)
        }
        return try record.map { record throws(WeirError) in
            try Adjustments.replay(record, key)
        }
    }

    private static func replay(
        _ record: IdempotencyRecord, _ key: IdempotencyKey?
    ) throws(WeirError) -> Booking {
        guard record.fingerprint == key?.fingerprint else {
            throw WeirError(
                .idempotencyMismatch, "This Idempotency-Key was used for another request",
                param: "Idempotency-Key")
        }
        guard let reply = record.reply else {
            throw WeirError(
                .idempotencyInProgress, "A call with this Idempotency-Key is in flight")
        }
        return Booking(reply: reply, isReplay: true)
    }
}
