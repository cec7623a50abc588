import Testing
import WeirCore
import WeirService
import WeirUpstream

@testable import weir

@Suite struct EventConfigurationTests {
    private static let secret = "0123456789abcdef0123456789abcdef"

    private func read(_ yaml: String) throws -> Configuration {
        try Configuration.read(yaml: yaml, environment: ["KEY": Self.secret]).configuration
    }

    @Test func `every key is read, and listed as it was read`() throws {
        let yaml = """
            events:
              retention: 1h
              keep_alive: 5s
              stall: 2s
              streams_per_tenant: 3
              streams_in_all: 9
            webhooks:
              hosts: [Hooks.Example.com, "*.tenants.example"]
              secret: ${KEY}
              previous_secret: ${KEY}
              tenants: { 42: ${KEY} }
              previous_tenants: { 43: ${KEY} }
              allow_http: true
              allow_private: true
              ports: [8080, 8443]
              timeout: 3s
              ca_file: /etc/ca.pem
              attempts: 5
              retry_base: 1s
              retry_cap: 1h
              concurrency: 2
              per_tenant: 1
              retention: 24h
            """
        let configuration = try read(yaml)
        #expect(configuration.events.retention == .seconds(3_600))
        #expect(configuration.events.keepAlive == .seconds(5))
        #expect(configuration.events.stall == .seconds(2))
        #expect(configuration.events.perTenant == 3)
        #expect(configuration.events.inAll == 9)
        let webhooks = configuration.webhooks
        #expect(webhooks.rules.hosts == ["hooks.example.com", "*.tenants.example"])
        #expect(webhooks.rules.allowsHTTP && webhooks.rules.allowsPrivate)
        #expect(webhooks.rules.ports == [8_080, 8_443])
        #expect(webhooks.tenants.map(\.0) == [TenantID(42)])
        #expect(webhooks.previousTenants.map(\.0) == [TenantID(43)])
        #expect(webhooks.previousSecret != nil)
        #expect(webhooks.timeout == .seconds(3))
        #expect(webhooks.caFile == "/etc/ca.pem")
        #expect(webhooks.settings.retries.attempts == 5)
        #expect(webhooks.settings.retries.base == .seconds(1))
        #expect(webhooks.settings.retries.cap == .seconds(3_600))
        #expect(webhooks.settings.concurrency == 2)
        #expect(webhooks.settings.perTenant == 1)
        #expect(webhooks.settings.retention == .seconds(86_400))
        #expect(webhooks.seal != nil)
        for part in ["retention: 1h", "streams_in_all: 9", "*.tenants.example", "8443"] {
            #expect(configuration.listing.contains(part), "\(part)")
        }
        #expect(!configuration.listing.contains(Self.secret))
    }

    @Test func `without a word nobody is told`() throws {
        #expect(try read("").webhooks.seal == nil)
        #expect(try read("webhooks: { secret: '${KEY}' }").webhooks.seal == nil)
    }

    @Test func `each secret signs, a tenant's own in the place of the common ones`() throws {
        let yaml = """
            webhooks:
              hosts: [a.example]
              secret: ${KEY}
              previous_secret: ${KEY}
              tenants: { 42: "${KEY}", 43: "${KEY}" }
              previous_tenants: { 43: "${KEY}", 44: "${KEY}" }
            """
        let seal = try #require(try read(yaml).webhooks.seal)
        for (tenant, count) in [(41, 2), (42, 1), (43, 2), (44, 3)] {
            let delivery = WebhookDelivery(
                sequence: 1, id: "a-1", tenant: try #require(TenantID(Int64(tenant))), url: "",
                body: [], attempts: 0)
            let header = seal.headers(delivery, at: Timestamp(milliseconds: 0)).last
            #expect(header?.value.split(separator: ", ").count == count, "\(tenant)")
        }
    }

    @Test func `a reload takes over secrets and nothing else of it`() throws {
        let old = try read("webhooks: { hosts: [a.example], secret: '${KEY}' }")
        let next = try read(
            "webhooks: { hosts: [b.example], secret: '${KEY}x', previous_secret: '${KEY}' }")
        let merged = old.adopting(next)
        #expect(merged.webhooks.rules.hosts == ["a.example"])
        #expect(
            merged.differences(from: old) == ["webhooks.previous_secret", "webhooks.secret"])
        #expect(next.differences(from: merged) == ["webhooks.hosts"])
        // What signs can't be taken away while somebody is told.
        #expect(old.adopting(try read("")).webhooks == old.webhooks)
    }

    @Test(arguments: [
        ("webhooks: { hosts: [a.example] }", "webhooks.hosts"),
        ("webhooks: { hosts: ['*'], secret: '${KEY}' }", "webhooks.hosts[0]"),
        ("webhooks: { hosts: ['https://a.example'], secret: '${KEY}' }", "webhooks.hosts[0]"),
        ("webhooks: { secret: short }", "webhooks.secret"),
        ("webhooks: { secret: '${KEY}', previous_secret: short }", "webhooks.previous_secret"),
        ("webhooks: { previous_secret: '${KEY}' }", "webhooks.previous_secret"),
        ("webhooks: { previous_tenants: { 0: '${KEY}' } }", "webhooks.previous_tenants.0"),
        ("webhooks: { tenants: { x: '${KEY}' } }", "webhooks.tenants.x"),
        ("webhooks: { tenants: { 042: '${KEY}' } }", "webhooks.tenants.042"),
        ("webhooks: { ports: [0] }", "webhooks.ports[0]"),
        ("events: { keep_alive: 0s }", "events.keep_alive"),
        ("events: { stall: 301s }", "events.stall"),
    ])
    func `what is wrong is told by its path`(yaml: String, path: String) throws {
        #expect {
            _ = try read(yaml)
        } throws: { error in
            (error as? ConfigurationError)?.mistakes.contains { $0.path == path } == true
        }
    }
}
