import Testing
import WeirCore
import WeirService
import WeirTesting

/// A feed over an outbox in memory, with a key for tenants 42 and 43, and an administrator.
struct FeedStage: Sendable {
    let time = ManualTime()
    let store = InMemoryEventStore()
    let directory: Directory
    let feed: EventFeed
    let service: Caller
    let tenant: Caller
    let admin = Authenticator.bootstrapAdmin
    private let key: ServiceKey

    init(_ settings: EventSettings = EventSettings()) throws {
        let (first, second) = (try #require(TenantID(42)), try #require(TenantID(43)))
        key = ServiceKey(
            id: try #require(KeyID("key_1")), name: "one", role: .service,
            reach: .tenants([first, second]), digest: digest(ofToken: "wk_1"),
            createdAt: time.now(), endsAt: nil)
        let contents = DirectoryContents(keys: [key])
        directory = try Directory(
            contents: contents, prices: PriceBook(json: #"{"version": "t", "prices": []}"#),
            store: InMemoryDirectoryStore(contents))
        service = Caller(key: key.id, role: .service, reach: key.reach)
        tenant = Caller(key: key.id, role: .tenant, reach: .tenants([first]))
        feed = EventFeed(
            store: store, directory: directory, settings: settings, time: time)
    }

    func publish(_ type: String, tenant: Int64? = 42, user: Int64? = nil) {
        store.publish(
            type, payload: [:], tenant: tenant.flatMap(TenantID.init),
            user: user.flatMap(UserID.init), at: time.now())
    }

    func subscribe(
        user: Int64? = nil, after last: Int64? = nil, by caller: Caller? = nil
    ) async throws -> EventStream {
        try await feed.subscribe(
            to: TenantID(42), user: user.flatMap(UserID.init), after: last,
            by: caller ?? service)
    }

    func revoke() async throws {
        let revoked = ServiceKey(
            id: key.id, name: key.name, role: key.role, reach: key.reach, digest: key.digest,
            createdAt: key.createdAt, endsAt: time.now())
        try await directory.apply(
            .putKeys([revoked]),
            audit: AuditEntry(
                at: time.now(), actor: "test", action: "key.revoke", subject: "key_1"))
    }
}
