import Synchronization
import Testing
import WeirCore
import WeirService
import WeirStorage
import WeirTesting

/// What every outbox does.
@Suite struct EventStoreTests {
    private let now = Sample.now

    @Test(arguments: EventStoreKind.allCases)
    func `events come in their order, page by page`(kind: EventStoreKind) async throws {
        try await kind.run { store, publish in
            #expect(try await store.eventSpan() == EventSpan(forgotten: 0, newest: 0))
            for number in 1...5 { try await publish("E\(number)", 42, nil, now) }
            let first = try await store.events(after: 0, for: .everybody, limit: 2)
            #expect(first.events.map(\.type) == ["E1", "E2"])
            #expect(first.events.map(\.sequence) == [1, 2])
            #expect(first.events.first?.at == now)
            #expect(first.events.first?.payload == Array(#"{"n":"E1"}"#.utf8))
            #expect(first.next == 2)
            let rest = try await store.events(after: first.next, for: .everybody, limit: 9)
            #expect(rest.events.map(\.type) == ["E3", "E4", "E5"])
            #expect(rest.next == 5)
            #expect(try await store.eventSpan() == EventSpan(forgotten: 0, newest: 5))
        }
    }

    @Test(arguments: EventStoreKind.allCases)
    func `an audience has its own and nothing else`(kind: EventStoreKind) async throws {
        try await kind.run { store, publish in
            try await publish("A", 42, 7, now)
            try await publish("B", 43, 7, now)
            try await publish("C", 42, nil, now)
            try await publish("D", nil, nil, now)
            try await publish("E", 42, 8, now)
            func types(_ audience: EventAudience) async throws -> [String] {
                let page = try await store.events(after: 0, for: audience, limit: 9)
                #expect(page.next == 5)
                #expect(page.events.allSatisfy { audience.includes($0) })
                return page.events.map(\.type)
            }
            let (tenant, user) = (try Sample.tenant(42), UserID(7))
            #expect(try await types(.everybody) == ["A", "B", "C", "D", "E"])
            #expect(try await types(.tenant(tenant, user: nil)) == ["A", "C", "E"])
            #expect(try await types(.tenant(tenant, user: user)) == ["A"])
            #expect(try await types(.tenant(try Sample.tenant(44), user: nil)) == [])
        }
    }

    @Test(arguments: EventStoreKind.allCases)
    func `the oldest are forgotten, and never one behind a newer one`(
        kind: EventStoreKind
    ) async throws {
        try await kind.run { store, publish in
            let later = now.advanced(seconds: 10)
            for at in [now, now, later, now, later] { try await publish("E", 42, nil, at) }
            #expect(try await store.forgetEvents(publishedBy: now, limit: 1) == 1)
            #expect(try await store.eventSpan() == EventSpan(forgotten: 1, newest: 5))
            #expect(try await store.forgetEvents(publishedBy: now, limit: 9) == 1)
            #expect(try await store.eventSpan() == EventSpan(forgotten: 2, newest: 5))
            #expect(try await store.forgetEvents(publishedBy: later, limit: 9) == 3)
            #expect(try await store.eventSpan() == EventSpan(forgotten: 5, newest: 5))
            #expect(try await store.forgetEvents(publishedBy: later, limit: 9) == 0)
            try await publish("F", 42, nil, later)
            #expect(try await store.eventSpan() == EventSpan(forgotten: 5, newest: 6))
        }
    }

    @Test func `the bell rings for whom something is durable`() async throws {
        try await withStore { store, _ in
            let rung = Mutex<[PublishedEvents]>([])
            store.eventBell.listen { published in rung.withLock { $0.append(published) } }
            try await store.append(entry(42))
            #expect(rung.withLock { $0 }.isEmpty)
            try await store.append(entry(42), event: "A")
            try await store.append(entry(nil), event: "B")
            // The writer rings behind its answer; the next one comes after that.
            try await store.append(entry(42))
            var all = PublishedEvents()
            all.add(tenant: try Sample.tenant(42))
            all.add(tenant: nil)
            let heard = rung.withLock { $0 }
            #expect(heard.reduce(into: Set<TenantID>()) { $0.formUnion($1.tenants) } == all.tenants)
            #expect(heard.contains { $0.hasOperators })
            #expect(heard.allSatisfy { !$0.hasWebhooks })
        }
    }

    private func entry(_ tenant: Int64?) -> AuditEntry {
        AuditEntry(
            at: now, actor: "weir", action: "test", tenant: tenant.flatMap(TenantID.init),
            subject: "thing")
    }

    @Test func `a job's event is its user's`() async throws {
        try await withStore { store, _ in
            try await store.add(try Sample.job(1))
            _ = try await store.claims(1)
            let id = try Sample.jobID(1)
            _ = try await store.apply(.complete(epoch: 1, at: now), to: id, result: [])
            let audience = EventAudience.tenant(
                try Sample.tenant(42), user: UserID(101))
            let page = try await store.events(after: 0, for: audience, limit: 9)
            #expect(page.events.map(\.type) == ["JobCompleted"])
        }
    }
}

/// The implementations of the port, which one suite of tests holds for.
enum EventStoreKind: CaseIterable, Sendable {
    case sqlite, memory

    typealias Publish = (String, Int64?, Int64?, Timestamp) async throws -> Void

    func run(_ body: (any EventStore, Publish) async throws -> Void) async throws {
        switch self {
        case .sqlite:
            try await withStore { store, path in
                try await body(store) { type, tenant, user, at in
                    let values = [tenant, user].map { $0.map(String.init) ?? "NULL" }
                    try rawSQL(
                        path,
                        """
                        INSERT INTO events (at, tenant_id, user_id, type, payload)
                        VALUES (\(at.milliseconds), \(values[0]), \(values[1]), '\(type)',
                            '{"n":"\(type)"}')
                        """)
                }
            }
        case .memory:
            let store = InMemoryEventStore()
            try await body(store) { type, tenant, user, at in
                store.publish(
                    type, payload: ["n": .string(type)], tenant: tenant.flatMap(TenantID.init),
                    user: user.flatMap(UserID.init), at: at)
            }
        }
    }
}
