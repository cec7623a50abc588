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
              tenants: { 42: ${KEY} }
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

    @Test(arguments: [
        ("webhooks: { hosts: [a.example] }", "webhooks.hosts"),
        ("webhooks: { hosts: ['*'], secret: '${KEY}' }", "webhooks.hosts[0]"),
        ("webhooks: { hosts: ['https://a.example'], secret: '${KEY}' }", "webhooks.hosts[0]"),
        ("webhooks: { secret: short }", "webhooks.secret"),
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
