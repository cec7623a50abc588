import WeirCore
import WeirService
import WeirStorage
import WeirTesting

/// What a ledger is, in dictionaries.
struct LedgerModel {
    var rowsByAttempt: [AttemptID: LedgerRow] = [:]
    var claims: [ClaimKey: IdempotencyRecord] = [:]
    var operations = 0
    private var claimsByAttempt: [AttemptID: IdempotencyClaim] = [:]
    private var next: Int64 = 1

    static let tenants: [Int64] = [1, 2, 3]
    static let periods = ["2026-04", "2026-05"]
    static let keys = (0..<60).map { "key-\($0)" }

    struct ClaimKey: Hashable {
        let tenant: TenantID
        let key: String
    }

    enum Result: Equatable, Sendable { case done, existing(IdempotencyRecord), refused }

    struct Operation: Sendable {
        enum Action: Sendable {
            case intend(LedgerRow, IdempotencyClaim?)
            case settle(LedgerRow, ClaimResolution?)
            case record(LedgerRow)
        }
        let action: Action
        let expected: Result

        func run(on store: SQLiteStore) async throws -> Result {
            do {
                switch action {
                case .intend(let row, let claim):
                    if case .existing(let record) = try await store.intend(row, claim: claim) {
                        return .existing(record)
                    }
                case .settle(let row, let claim): try await store.settle(row, claim: claim)
                case .record(let row): try await store.record(row, audit: nil)
                }
                return .done
            } catch StoreError.refused {
                return .refused
            }
        }
    }

    mutating func apply(_ operation: Operation) {
        operations += 1
        guard operation.expected == .done else { return }
        switch operation.action {
        case .intend(let row, let claim):
            rowsByAttempt[row.attempt] = row
            guard let claim else { return }
            claimsByAttempt[row.attempt] = claim
            claims[ClaimKey(tenant: claim.tenant, key: claim.key)] = IdempotencyRecord(
                fingerprint: claim.fingerprint, request: row.request, reply: nil)
        case .settle(let row, let resolution):
            guard rowsByAttempt[row.attempt]?.state == .intent else { return }
            rowsByAttempt[row.attempt] = row
            resolve(resolution)
        case .record(let row): rowsByAttempt[row.attempt] = row
        }
    }

    mutating func recover() -> RecoverySummary {
        var charged = Money.zero
        let open = rowsByAttempt.values.filter { $0.state == .intent }
        for var row in open {
            row.state = .settled
            row.outcome = LedgerRow.Outcome(
                status: .crashed, cost: row.held, basis: .worstCase, usage: .zero,
                isInDoubt: true, settledAt: Sample.now)
            rowsByAttempt[row.attempt] = row
            charged = charged.saturatingAdd(row.held)
            guard let claim = claimsByAttempt[row.attempt] else { continue }
            let body =
                #"{"error":"provider_error","message":"The call was interrupted and its outcome "#
                + #"is unknown; it was charged at its worst case","request_id":"\#(row.request)"}"#
            claims[ClaimKey(tenant: claim.tenant, key: claim.key)] = IdempotencyRecord(
                fingerprint: claim.fingerprint, request: row.request,
                reply: StoredReply(status: 502, body: Array(body.utf8)))
        }
        return RecoverySummary(inDoubt: open.count, charged: charged)
    }

    private mutating func resolve(_ resolution: ClaimResolution?) {
        switch resolution {
        case .complete(let claim, let reply):
            let key = ClaimKey(tenant: claim.tenant, key: claim.key)
            guard let held = claims[key] else { return }
            claims[key] = IdempotencyRecord(
                fingerprint: held.fingerprint, request: held.request, reply: reply)
        case .free(let claim): claims[ClaimKey(tenant: claim.tenant, key: claim.key)] = nil
        case nil: break
        }
    }
}

extension LedgerModel {
    func rows(of tenant: TenantID, in period: Period) -> [LedgerRow] {
        rowsByAttempt.values
            .filter { $0.tenant == tenant && $0.date.period == period }
            .sorted { $0.attempt > $1.attempt }
    }

    func usage(of tenant: TenantID, in period: Period, by grouping: UsageGrouping) -> UsageReport {
        var totals = UsageTotals.zero
        var groups: [String: UsageTotals] = [:]
        for row in rows(of: tenant, in: period) where row.state == .settled {
            totals.count(row)
            groups[row.name(by: grouping), default: .zero].count(row)
        }
        let lines = groups.map { UsageReport.Line(name: $0.key, totals: $0.value) }
        return UsageReport(
            totals: totals,
            lines: lines.sorted {
                ($1.totals.cost, $0.name) < ($0.totals.cost, $1.name)
            })
    }
}

extension LedgerModel {
    /// Up to fifty operations that don't touch each other.
    mutating func wave(_ random: inout SplitMix) throws -> [Operation] {
        var operations: [Operation] = []
        var touched = Set<AttemptID>()
        var usedKeys = Set<ClaimKey>()
        let known = rowsByAttempt.keys.sorted()
        while operations.count < 50 {
            let any = known.randomElement(using: &random).flatMap { rowsByAttempt[$0] }
            let operation: Operation?
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45: operation = try intend(&random, &usedKeys)
            case 45..<85: operation = try any.flatMap { try settle($0, &random, &usedKeys) }
            case 85..<90: operation = try any.map { try adjust($0, &random) }
            case 90..<95: operation = any.map { replay($0) }
            case 95..<98: operation = try any.map { try intendAgain($0, &random) }
            default: operation = try settleUnknown()
            }
            guard let operation, touched.isDisjoint(with: operation.attempts) else { continue }
            touched.formUnion(operation.attempts)
            operations.append(operation)
        }
        return operations
    }

    private mutating func freshAttempt() -> Int64 {
        defer { next += 1 }
        return next
    }

    private mutating func intend(
        _ random: inout SplitMix, _ used: inout Set<ClaimKey>
    ) throws -> Operation? {
        let tenant = LedgerModel.tenants.randomElement(using: &random) ?? 1
        let period = Int.random(in: 0..<10, using: &random) == 0 ? 1 : 0
        let row = try Sample.intent(
            freshAttempt(), tenant: tenant, user: Int64.random(in: 0..<5, using: &random),
            feature: "feature-\(Int.random(in: 0..<4, using: &random))",
            model: "model-\(Int.random(in: 0..<3, using: &random))",
            provider: "provider-\(Int.random(in: 0..<2, using: &random))",
            period: LedgerModel.periods[period],
            day: 20_260_401 + Int32(period) * 100 + Int32.random(in: 0..<3, using: &random),
            held: Int64.random(in: 0..<1_000_000, using: &random))
        guard Bool.random(using: &random) else {
            return Operation(action: .intend(row, nil), expected: .done)
        }
        let claim = try Sample.claim(
            LedgerModel.keys.randomElement(using: &random) ?? "", tenant: tenant,
            fingerprint: UInt8.random(in: 0..<2, using: &random))
        let key = ClaimKey(tenant: claim.tenant, key: claim.key)
        guard used.insert(key).inserted else { return nil }
        return Operation(
            action: .intend(row, claim), expected: claims[key].map { .existing($0) } ?? .done)
    }

    private func settle(
        _ row: LedgerRow, _ random: inout SplitMix, _ used: inout Set<ClaimKey>
    ) throws -> Operation? {
        guard row.kind == .call else { return nil }
        var intent = row
        intent.state = .intent
        intent.outcome = nil
        let isVoid = Int.random(in: 0..<6, using: &random) == 0
        var end =
            try isVoid
            ? intent.voided()
            : intent.settled(
                cost: Int64.random(in: 0..<2_000_000, using: &random),
                input: Int64.random(in: 0..<9_000, using: &random),
                output: Int64.random(in: 0..<900, using: &random))
        let isPoisoned = Int.random(in: 0..<25, using: &random) == 0
        if isPoisoned, isVoid { end.outcome?.cost = Money(nanos: 1) }
        let isRefused = isPoisoned && isVoid && row.state == .intent
        var resolution: ClaimResolution?
        if row.state == .intent, let claim = claimsByAttempt[row.attempt] {
            guard used.insert(ClaimKey(tenant: claim.tenant, key: claim.key)).inserted else {
                return nil
            }
            let reply = StoredReply(status: 200, body: Array("\(row.attempt.number)".utf8))
            resolution = isVoid ? .free(claim) : .complete(claim, reply)
        }
        return Operation(
            action: .settle(end, resolution), expected: isRefused ? .refused : .done)
    }

    private mutating func adjust(
        _ row: LedgerRow, _ random: inout SplitMix
    ) throws -> Operation {
        let amount = Int64.random(in: -1_000...1_000, using: &random)
        return Operation(
            action: .record(row.adjusted(freshAttempt(), by: amount)),
            expected: row.state == .intent ? .refused : .done)
    }

    private mutating func replay(_ row: LedgerRow) -> Operation {
        var replay = row.replayed(freshAttempt())
        replay.adjusts = nil
        return Operation(action: .record(replay), expected: .done)
    }

    private func intendAgain(
        _ row: LedgerRow, _ random: inout SplitMix
    ) throws -> Operation {
        let again = try Sample.intent(
            row.attempt.number, tenant: LedgerModel.tenants.randomElement(using: &random) ?? 1,
            request: "req_again_\(row.attempt.number)")
        return Operation(action: .intend(again, nil), expected: .refused)
    }

    private mutating func settleUnknown() throws -> Operation {
        let row = try Sample.intent(freshAttempt()).settled(cost: 1)
        return Operation(action: .settle(row, nil), expected: .refused)
    }
}

extension LedgerModel.Operation {
    var attempts: [AttemptID] {
        switch action {
        case .intend(let row, _), .settle(let row, _): [row.attempt]
        case .record(let row): [row.attempt, row.adjusts].compactMap(\.self)
        }
    }
}

extension UsageTotals {
    fileprivate mutating func count(_ row: LedgerRow) {
        calls += row.kind == .adjustment ? 0 : 1
        inputTokens += row.outcome?.usage.input ?? 0
        outputTokens += row.outcome?.usage.output ?? 0
        cost = cost.saturatingAdd(row.outcome?.cost ?? .zero)
    }
}

extension LedgerRow {
    fileprivate func name(by grouping: UsageGrouping) -> String {
        switch grouping {
        case .user: String(user.number)
        case .feature: feature.description
        case .model: model.description
        case .provider: provider.description
        case .day: date.day.description
        case .key: key.description
        }
    }
}
