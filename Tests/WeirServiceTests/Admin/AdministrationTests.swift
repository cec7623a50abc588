import Testing
import WeirCore
import WeirService
import WeirTesting

@Suite struct AdministrationTests {
    @Test func `only an administrator administers`() async throws {
        let stage = try AdminStage()
        for who in [try caller(.service, 42), try caller(.tenant, 42)] {
            let id = try tenantNumber(42)
            let key = try name("key_x")
            let refused = [
                await refusal { () throws(WeirError) in _ = try stage.tenants.list(by: who) },
                await refusal { () throws(WeirError) in _ = try stage.tenants.get(id, by: who) },
                await refusal { () async throws(WeirError) in
                    _ = try await stage.tenants.put(id, TenantChange(), by: who)
                },
                await refusal { () throws(WeirError) in _ = try stage.keys.list(by: who) },
                await refusal { () async throws(WeirError) in
                    try await stage.keys.revoke(key, by: who)
                },
                await refusal { () async throws(WeirError) in
                    _ = try await stage.keys.rotate(key, overlap: 0, by: who)
                },
                await refusal { () async throws(WeirError) in
                    _ = try await stage.usage().tenants(in: nil, for: who)
                },
                await refusal { () async throws(WeirError) in
                    _ = try await AuditQueries(store: stage.store)
                        .page(below: nil, limit: 1, by: who)
                },
            ]
            #expect(refused.allSatisfy { $0 == .forbidden })
        }
        #expect(stage.store.audit.isEmpty)
    }

    @Test func `changes at the same time lose nothing`() async throws {
        let stage = try AdminStage()
        let tenants = stage.tenants
        let id = try tenantNumber(42)
        await withTaskGroup { group in
            for number in 0..<40 {
                group.addTask {
                    var change = TenantChange()
                    switch number % 4 {
                    case 0: change.name = "N\(number)"
                    case 1: change.budget = .unlimited
                    case 2: change.isActive = true
                    default: change.tier = .enterprise
                    }
                    _ = await refusal { [change] () async throws(WeirError) in
                        _ = try await tenants.put(id, change, by: stage.admin)
                    }
                }
            }
        }
        let end = try #require(stage.directory.snapshot.tenants[id])
        #expect(end.isActive && end.tier == .enterprise && end.budget == .unlimited)
        #expect(end.name.hasPrefix("N"))
        #expect(stage.store.audit.count == 40)
    }

    @Test func `what can't be made durable isn't done`() async throws {
        let stage = try AdminStage()
        stage.store.fail(with: .unavailable("disk"))
        let id = try tenantNumber(42)
        let refused = await refusal { () async throws(WeirError) in
            _ = try await stage.tenants.put(id, TenantChange(), by: stage.admin)
        }
        #expect(refused == .serviceUnavailable)
        #expect(stage.directory.snapshot.tenants.isEmpty)
    }

    @Test func `a token is 256 random bits behind its mark, and only its digest is kept`()
        async throws
    {
        let stage = try AdminStage()
        let keys = stage.keys
        var tokens = Set<String>()
        for _ in 0..<50 {
            let issued = try await keys.create(
                KeySpecification(name: "till", role: .service, reach: .all), by: stage.admin)
            #expect(issued.token.wholeMatch(of: /wk_[A-Za-z0-9_-]{43}/) != nil)
            #expect(issued.key.digest == digest(ofToken: issued.token))
            #expect(issued.key.id.description.wholeMatch(of: /key_[0-9a-z]{26}/) != nil)
            #expect(try stage.authenticator().authenticate(issued.token).key == issued.key.id)
            tokens.insert(issued.token)
        }
        #expect(tokens.count == 50)
        #expect(Set(try keys.list(by: stage.admin).map(\.id)).count == 50)
    }

    @Test func `rotating twice, or what has ended, never lengthens a life`() async throws {
        let stage = try AdminStage()
        let keys = stage.keys
        let end = stage.time.now().advanced(seconds: 100)
        let first = try await keys.create(
            KeySpecification(name: "till", role: .service, reach: .all, endsAt: end),
            by: stage.admin)
        let second = try await keys.rotate(first.key.id, overlap: 3_600, by: stage.admin)
        #expect(second.replaced.endsAt == end)
        #expect(second.issued.key.endsAt == end)
        let third = try await keys.rotate(first.key.id, overlap: 10, by: stage.admin)
        #expect(third.replaced.endsAt == stage.time.now().advanced(seconds: 10))
        stage.time.advance(seconds: 100)
        let refused = await refusal { () async throws(WeirError) in
            _ = try await keys.rotate(third.issued.key.id, overlap: 10, by: stage.admin)
        }
        #expect(refused == .conflict)
    }
}
