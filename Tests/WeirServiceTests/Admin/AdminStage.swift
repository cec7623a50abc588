import Synchronization
import WeirCore
import WeirService
import WeirTesting

/// A directory and a ledger over fakes, for the administrative and usage use cases.
struct AdminStage: Sendable {
    let time = ManualTime()
    let ledger = InMemoryLedgerStore()
    let store: InMemoryDirectoryStore
    let directory: Directory
    let budget: BudgetGuard
    let admin = Authenticator.bootstrapAdmin

    enum Failure: Error { case badName(String) }

    init(tenants: [Tenant] = [], keys: [ServiceKey] = []) throws {
        let contents = DirectoryContents(tenants: tenants, keys: keys)
        store = InMemoryDirectoryStore(contents)
        directory = try Directory(contents: contents, prices: PriceBook(), store: store)
        budget = BudgetGuard(store: ledger, time: time)
    }

    var tenants: TenantAdministration { TenantAdministration(directory: directory, time: time) }

    var keys: KeyAdministration {
        KeyAdministration(directory: directory, time: time, random: sequentialBytes())
    }

    var adjustments: Adjustments {
        let sequence = AttemptCounter()
        return Adjustments(ledger: ledger, budget: budget, time: time) { _ in sequence.next() }
    }

    func usage(catalogue: ModelCatalogue = ModelCatalogue(providers: [], aliases: [:]))
        -> UsageQueries
    {
        UsageQueries(
            directory: directory, ledger: ledger, budget: budget, catalogue: catalogue,
            calendar: BillingCalendar(), time: time)
    }

    func authenticator() -> Authenticator {
        Authenticator(directory: directory, adminToken: nil, time: time)
    }
}

/// Attempt ids from a million on.
final class AttemptCounter: Sendable {
    private let last = Mutex<Int64>(1_000_000)

    func next() -> AttemptID {
        last.withLock { last in
            last += 1
            return AttemptID(number: last)
        }
    }
}

func tenantNumber(_ number: Int64) throws -> TenantID {
    guard let id = TenantID(number) else { throw AdminStage.Failure.badName("\(number)") }
    return id
}

func name(_ text: String) throws -> Slug {
    guard let slug = Slug(text) else { throw AdminStage.Failure.badName(text) }
    return slug
}

/// A caller with a key that reaches these tenants.
func caller(_ role: ServiceKey.Role, _ numbers: Int64...) throws -> Caller {
    Caller(
        key: try name("key_\(role)"), role: role,
        reach: .tenants(try numbers.map { try tenantNumber($0) }))
}

/// What a throwing use case refused with; nil where it did not.
func refusal(
    _ work: () async throws(WeirError) -> Void
) async -> WeirError.Code? {
    do {
        try await work()
        return nil
    } catch { return error.code }
}

extension LedgerRow {
    /// A settled call of user 101 by the key `key_service`, in April 2026 unless said otherwise.
    static func settled(
        _ number: Int64, tenant id: Int64 = 42, nanos: Int64, month: Int = 4
    ) throws -> LedgerRow {
        guard let user = UserID(101), let period = Period(year: 2026, month: month) else {
            throw AdminStage.Failure.badName("row")
        }
        let moment = Timestamp(milliseconds: 1_776_254_400_000)
        return LedgerRow(
            attempt: AttemptID(number: number), request: try name("req_\(number)"),
            attemptNumber: 1, state: .settled, tenant: try tenantNumber(id), user: user,
            feature: try name("sales"), key: try name("key_service"), provider: try name("acme"),
            model: try name("small"), upstreamModel: try name("small"),
            date: BillingDate(
                period: period, day: Day(number: Int32(20_260_000 + month * 100 + 15))),
            held: Money(nanos: nanos), priceVersion: "v1", createdAt: moment,
            promptDigest: [1],
            outcome: Outcome(
                status: .ok, cost: Money(nanos: nanos), basis: .reported, usage: .zero,
                settledAt: moment))
    }
}
