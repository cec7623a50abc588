import Testing
import WeirCore
import WeirService
import WeirStorage

@Suite struct DirectoryTests {
    private func tenant(_ number: Int64, name: String = "Acme \"North\"\n✓") throws -> Tenant {
        Tenant(
            id: try Sample.tenant(number), name: name, tier: .growth, isActive: true,
            expiresAt: Sample.now, budget: .capped(Money(nanos: 10_000_000_001)),
            caps: ScopeCaps(
                users: ["101": Money(nanos: 1), "*": .zero], features: ["a-b": Money(nanos: 2)],
                keys: ["key_1": Money.largest]),
            timeZone: "Africa/Kampala", features: ["reports": false, "*": true],
            models: [try #require(ModelName("gpt-4o-mini"))],
            limits: TenantLimits(perMinute: 5, tokensPerMinute: 0, concurrent: 1_000_000))
    }

    private func key(
        _ id: String, digest: UInt8, reach: ServiceKey.Reach = .all, endsAt: Timestamp? = nil
    ) throws -> ServiceKey {
        ServiceKey(
            id: try #require(KeyID(id)), name: "finance", role: .service, reach: reach,
            digest: [UInt8](repeating: digest, count: 32), createdAt: Sample.now, endsAt: endsAt)
    }

    @Test func whatIsPutIsLoadedAgain() async throws {
        let folder = try StoreFolder()
        let store = try await SQLiteStore.open(path: folder.path)
        #expect(try await store.loadDirectory() == DirectoryContents())
        var unlimited = Tenant(id: try Sample.tenant(7), name: "")
        unlimited.budget = .unlimited
        let keys = [
            try key("key_a", digest: 1),
            try key("key_b", digest: 2, reach: .tenants([try Sample.tenant(7)])),
            try key("key_c", digest: 3, reach: .tenants([]), endsAt: Sample.now),
        ]
        let targets: [KillSwitches.Target] = [
            .all, .tenant(try Sample.tenant(7)), .model(try #require(ModelName("gpt-4o"))),
        ]
        let changes: [DirectoryChange] =
            [
                .putTenant(try tenant(42, name: "old")), .putTenant(unlimited),
                .putTenant(try tenant(42)), .putKeys(keys), .addPrices("{\"a\":1}"),
                .addPrices("{\"b\":2}"),
            ] + targets.map { .engage($0, true) }
            + [.engage(.all, false), .engage(targets[1], true)]
        for change in changes { try await store.apply(change, audit: Sample.audit()) }
        let expected = DirectoryContents(
            tenants: [unlimited, try tenant(42)], keys: keys,
            switches: KillSwitches(engaged: Set(targets.dropFirst())),
            prices: ["{\"a\":1}", "{\"b\":2}"])
        #expect(try await store.loadDirectory() == expected)
        await store.close()
        let reopened = try await SQLiteStore.open(path: folder.path)
        #expect(try await reopened.loadDirectory() == expected)
        let entries = try await reopened.auditEntries(below: nil, limit: 100)
        #expect(entries.count == changes.count)
        await reopened.close()
    }

    @Test func aRefusedChangeLeavesNeitherItselfNorAnEntry() async throws {
        try await withStore { store, _ in
            try await store.apply(
                .putKeys([try key("key_a", digest: 1)]), audit: Sample.audit())
            await #expect(throws: StoreError.self) {
                try await store.apply(
                    .putKeys([try key("key_b", digest: 2), try key("key_c", digest: 1)]),
                    audit: Sample.audit("key.create"))
            }
            #expect(try await store.loadDirectory().keys.map(\.id.description) == ["key_a"])
            #expect(try await store.auditEntries(below: nil, limit: 9).count == 1)
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
        }
    }

    @Test func changesAndCallsShareTheWriter() async throws {
        try await withStore { store, _ in
            try await concurrently(Array(1...100)) { number in
                let row = try Sample.intent(Int64(number), tenant: Int64(number))
                try await store.apply(
                    .putTenant(Tenant(id: row.tenant, name: "t")), audit: Sample.audit())
                _ = try await store.intend(row, claim: nil)
                try await store.settle(try row.settled(cost: 1), claim: nil)
            }
            #expect(try await store.loadDirectory().tenants.count == 100)
            #expect(try await store.verifyAudit(checkpoint: nil).isSound)
        }
    }
}
