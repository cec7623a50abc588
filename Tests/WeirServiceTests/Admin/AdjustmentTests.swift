import Testing
import WeirCore
import WeirService
import WeirTesting

@Suite struct AdjustmentTests {
    private func order(
        _ nanos: Int64, attempt: Int64 = 7, tenant number: Int64 = 42
    ) throws -> AdjustmentOrder {
        AdjustmentOrder(
            tenant: try tenantNumber(number), attempt: AttemptID(number: attempt),
            amount: Money(nanos: nanos), reason: "credit", request: try name("req_admin"))
    }

    @Test func `credits never go below what was charged, however many come at once`()
        async throws
    {
        let stage = try AdminStage()
        stage.ledger.plant(try .settled(7, nanos: 10))
        let adjustments = stage.adjustments
        let one = try order(-3)
        let refusals = await withTaskGroup(of: WeirError.Code?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await refusal { () async throws(WeirError) in
                        _ = try await adjustments.book(one, by: stage.admin, answer: plain)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refusals.count { $0 == nil } == 3)
        #expect(refusals.count { $0 == .invalidRequest } == 17)
        #expect(stage.ledger.rows.filter { $0.kind == .adjustment }.count == 3)
    }

    @Test func `the counters of all four scopes follow, in the row's own period`() async throws {
        let stage = try AdminStage()
        stage.ledger.plant(try .settled(7, nanos: 1_000, month: 3))
        let period = try #require(Period(year: 2026, month: 3))
        let id = try tenantNumber(42)
        let keys = [BudgetScope.tenant, .user(101), .feature("sales"), .key("key_service")].map {
            BudgetBook.CounterKey(tenant: id, period: period, scope: $0)
        }
        // Opened before, so that the correction has to reach counters in memory.
        #expect(try await stage.budget.counters(keys).allSatisfy { $0.settled.nanos == 1_000 })
        _ = try await stage.adjustments.book(try order(500), by: stage.admin, answer: plain)
        let row = try #require(stage.ledger.rows.first { $0.kind == .adjustment })
        #expect(row.date.period == period)
        #expect(row.adjusts == AttemptID(number: 7))
        #expect(row.key.description == "key_service")
        #expect(row.outcome?.status == .adjusted)
        #expect(try await stage.budget.counters(keys).allSatisfy { $0.settled.nanos == 1_500 })
        #expect(stage.ledger.audit.first?.subject == "7")
    }

    @Test(arguments: [
        (8, 42, 1, WeirError.Code.notFound), (7, 43, 1, .notFound), (7, 42, 0, .invalidRequest),
        (7, 42, -1_001, .invalidRequest), (7, 42, .max, .invalidRequest), (9, 42, 1, .conflict),
        (10, 42, 1, .conflict),
    ])
    func `an order that can't be is refused`(
        attempt: Int64, tenant: Int64, nanos: Int64, code: WeirError.Code
    ) async throws {
        let stage = try AdminStage()
        stage.ledger.plant(try .settled(7, nanos: 1_000))
        var open = try LedgerRow.settled(9, nanos: 5)
        open.state = .intent
        open.outcome = nil
        stage.ledger.plant(open)
        var other = try LedgerRow.settled(10, nanos: 5)
        other.kind = .adjustment
        stage.ledger.plant(other)
        let wrong = try order(nanos, attempt: attempt, tenant: tenant)
        let adjustments = stage.adjustments
        let refused = await refusal { () async throws(WeirError) in
            _ = try await adjustments.book(wrong, by: stage.admin, answer: plain)
        }
        #expect(refused == code)
        #expect(stage.ledger.rows.count == 3)
    }

    @Test func `one key is booked once, however many come at once`() async throws {
        let stage = try AdminStage()
        stage.ledger.plant(try .settled(7, nanos: 10))
        let adjustments = stage.adjustments
        let one = try order(-6)
        let key = try #require(IdempotencyKey("credit-7", fingerprint: [1]))
        let bookings = try await withThrowingTaskGroup(of: Adjustments.Booking.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await adjustments.book(
                        one, idempotency: key, by: stage.admin, answer: plain)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(bookings.count { !$0.isReplay } == 1)
        #expect(Set(bookings.map(\.reply.body)).count == 1)
        #expect(stage.ledger.rows.filter { $0.kind == .adjustment }.count == 1)
        #expect(stage.ledger.audit.count == 1)
        let other = try #require(IdempotencyKey("credit-7", fingerprint: [2]))
        let refused = await refusal { () async throws(WeirError) in
            _ = try await adjustments.book(
                one, idempotency: other, by: stage.admin, answer: plain)
        }
        #expect(refused == .idempotencyMismatch)
    }
}

/// An answer that tells rows apart.
private func plain(_ row: LedgerRow) -> StoredReply {
    StoredReply(status: 201, body: Array("\(row.attempt.number)".utf8))
}
