import Foundation
import Testing
import WeirCore
import WeirService
import WeirUpstream

@testable import weir

@Suite("Reading a gateway's configuration")
struct GatewayConfigurationTests {
    private static let pools = """
        gateway:
          pools:
            main:
              instances: ["http://ai-1:8080", "https://ai-2"]
              balance: round_robin
              timeouts: { connect: 1s, read: 5s, total: 6m }
              max_in_flight: 7
              max_connection_age: 60s
              resolve_every: 5s
              ca_file: /etc/ca.pem
              health: { path: "/h?deep", every: 3s, timeout: 1s, failures: 2, passes: 4,
                status: 204, body: "ok" }
              ejection: { failures: 3, base: 1s, longest: 9s, most_percent: 100 }
              slow_start: 0s
            reports: { instances: ["http://10.0.0.9:81"] }
          default_pool: main
          jobs_pool: reports
          features: { "report-*": reports, exact: main }
          routes:
            - { prefix: /crm/v2, pool: reports, identity: true, body: 1MiB,
                limits: { per_minute: 60, burst: 5, concurrent: 3 } }
            - { prefix: /files, pool: reports, auth: none }

        """

    private func read(
        _ yaml: String, _ environment: [String: String] = [:]
    ) throws(ConfigurationError) -> ConfigurationReading {
        try Configuration.read(yaml: yaml, environment: environment)
    }

    private func slug(_ text: String) throws -> Slug { try #require(Slug(text)) }

    @Test("Pools, features and routes are read")
    func whole() throws {
        let reading = try read(Self.pools)
        #expect(reading.warnings.isEmpty)
        let gateway = reading.configuration.gateway
        let plan = try #require(gateway.plan)
        let main = plan.pools[0]
        #expect(plan.pools.map(\.name) == [try slug("main"), try slug("reports")])
        #expect(main.rules.method == .roundRobin && main.rules.mostInFlight == 7)
        #expect(main.limits.connect == .seconds(1) && main.limits.total == .seconds(360))
        #expect(main.limits.read == .seconds(5) && main.resolveEvery == .seconds(5))
        #expect(main.check.path == "/h?deep" && main.check.text == "ok")
        #expect(main.check.status == 204 && main.check.timeout == .seconds(1))
        #expect(main.rules.checkInterval == .seconds(3))
        #expect(main.rules.failedChecks == 2 && main.rules.passedChecks == 4)
        #expect(main.rules.failedCalls == 3 && main.rules.ejectedShare == 100)
        #expect(main.rules.ejection == .seconds(1) && main.rules.longestEjection == .seconds(9))
        #expect(main.rules.slowStart == .zero)
        let urls = ["http://ai-1:8080", "https://ai-2"]
        #expect(gateway.pools[0].instances.map(\.description) == urls)
        #expect(gateway.pools[0].maxConnectionAge == .seconds(60))
        #expect(gateway.pools[0].caFile == "/etc/ca.pem")
        #expect(plan.pools[1] == PoolPlan(name: try slug("reports")))
        #expect(plan.routing.pool(for: try slug("report-x")) == (try slug("reports")))
        #expect(plan.routing.pool(for: try slug("exact")) == (try slug("main")))
        #expect(plan.routing.pool(for: nil) == (try slug("main")))
        var crm = RegularRoute(prefix: "/crm/v2", pool: try slug("reports"))
        crm.passesIdentity = true
        crm.bodyLimit = 1 << 20
        crm.limits = CallLimits(calls: RateLimit(perMinute: 60, burst: 5), concurrent: 3)
        var files = RegularRoute(prefix: "/files", pool: try slug("reports"))
        files.requiresKey = false
        #expect(plan.routes == [crm, files])
        #expect(plan.jobsPool == (try slug("reports")))
    }

    @Test("What is listed reads back as the same")
    func listing() throws {
        let first = try read(Self.pools).configuration
        let again = try read(first.listing).configuration
        #expect(again.gateway == first.gateway)
        #expect(again.differences(from: first).isEmpty)
    }

    @Test("What the example shows of a gateway is sound, and the defaults")
    func example() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../weir.example.yaml").standardizedFileURL.path()
        let lines = try SmallFile.text(file, limit: 1 << 20).split(
            separator: "\n", omittingEmptySubsequences: false)
        let shown = lines.drop { $0 != "# gateway:" }.prefix { !$0.isEmpty }
            .map { $0.dropFirst(2) }.joined(separator: "\n")
        let gateway = try read(shown).configuration.gateway
        #expect(gateway.pools[0].plan == PoolPlan(name: try slug("main")))
        #expect(gateway.pools[0].maxConnectionAge == gateway.pools[1].maxConnectionAge)
        #expect(gateway.routes.map(\.bodyLimit) == [4 << 20])
    }

    @Test("The only pool is the default one; the environment may say where it is")
    func onlyPool() throws {
        let yaml = "gateway: { pools: { main: { instances: [\"http://nowhere\"] } } }"
        let variable = ["WEIR_GATEWAY_POOLS_MAIN_INSTANCES": "http://a:1,http://b:2"]
        let gateway = try read(yaml, variable).configuration.gateway
        #expect(gateway.defaultPool == (try slug("main")) && !gateway.keepsJobs)
        #expect(gateway.pools[0].instances.map(\.port) == [1, 2])
        #expect(Configuration().gateway.plan == nil)
    }

    private static let one = "main: { instances: [\"http://a\"] }"

    @Test(
        "Mistakes are told with their paths",
        arguments: [
            ("pools: { main: {} }", "gateway.pools.main.instances"),
            ("pools: { main: { instances: [] } }", "gateway.pools.main.instances"),
            ("pools: { main: { instances: [ai] } }", "gateway.pools.main.instances[0]"),
            ("pools: { main: { instances: [\"http://a/x\"] } }", "gateway.pools.main.instances[0]"),
            (
                "pools: { main: { instances: [\"http://a\", \"http://A:80\"] } }",
                "gateway.pools.main.instances[1]"
            ),
            ("pools: { a b: { instances: [\"http://a\"] } }", "gateway.pools.a b"),
            ("pools: { \(one), b: { instances: [\"http://b\"] } }", "gateway.default_pool"),
            ("pools: { \(one) }, default_pool: mian", "gateway.default_pool"),
            ("default_pool: main", "gateway.default_pool"),
            ("pools: { \(one) }, features: { a: crm }", "gateway.features.a"),
            ("pools: { \(one) }, jobs_pool: crm", "gateway.jobs_pool"),
            ("pools: { \(one) }, keeps_jobs: true, jobs_pool: main", "gateway.jobs_pool"),
            ("pools: { \(one) }, features: { \"a b\": main }", "gateway.features.a b"),
            (
                "pools: { main: { instances: [\"http://a\"], balance: best } }",
                "gateway.pools.main.balance"
            ),
            (
                "pools: { main: { instances: [\"http://a\"], health: { every: 1s } } }",
                "gateway.pools.main.health.every"
            ),
            (
                "pools: { main: { instances: [\"http://a\"], health: { path: h } } }",
                "gateway.pools.main.health.path"
            ),
            (
                "pools: { main: { instances: [\"http://a\"], timeouts: { total: 1s } } }",
                "gateway.pools.main.timeouts.total"
            ),
            (
                "pools: { main: { instances: [\"http://a\"], ejection: { longest: 1s } } }",
                "gateway.pools.main.ejection.longest"
            ),
            ("pools: { \(one) }, routes: [{ prefix: /x, pool: y }]", "gateway.routes[0].pool"),
            ("pools: { \(one) }, routes: [{ prefix: /x }]", "gateway.routes[0].pool"),
            ("pools: { \(one) }, routes: [{ pool: main }]", "gateway.routes[0].prefix"),
            (
                "pools: { \(one) }, routes: [{ prefix: /x, pool: main }, "
                    + "{ prefix: /x, pool: main }]",
                "gateway.routes[1].prefix"
            ),
            (
                "pools: { \(one) }, routes: [{ prefix: /x, pool: main, auth: none, "
                    + "identity: true }]",
                "gateway.routes[0].identity"
            ),
            (
                "pools: { \(one) }, routes: [{ prefix: /x, pool: main, limits: { tokens: 1 } }]",
                "gateway.routes[0].limits.tokens"
            ),
        ])
    func mistakes(section: String, path: String) {
        do {
            _ = try read("gateway: { \(section) }")
            Issue.record("\(section) was read")
        } catch {
            #expect(error.mistakes.map(\.path) == [path])
        }
    }

    @Test(
        "A prefix is whole segments, and none of Weir's own",
        arguments: [
            "crm", "/", "/crm/", "//crm", "/crm//v1", "/crm/./x", "/crm/..", "/c%72m", "/crm?x",
            "/crm;v=1", "/ai", "/ai/other", "/admin/x", "/v1/models", "/health", "/r\\u00e9s",
        ])
    func prefixes(prefix: String) {
        do {
            _ = try read(
                "gateway: { pools: { \(Self.one) }, "
                    + "routes: [{ prefix: \"\(prefix)\", pool: main }] }")
            Issue.record("\(prefix) was read")
        } catch {
            #expect(error.mistakes.map(\.path) == ["gateway.routes[0].prefix"])
        }
    }

    @Test("What a role can't do without is told all at once")
    func roles() throws {
        let paths: [(Role, [String])] = [
            (.all, []), (.service, ["identity.secret"]),
            (.gateway, ["identity.secret", "gateway.pools"]),
            (.worker, ["identity.secret", "gateway.pools"]),
        ]
        for (role, expected) in paths {
            do {
                try Configuration().require(for: role)
                #expect(expected.isEmpty)
            } catch {
                #expect(error.mistakes.map(\.path) == expected)
            }
        }
    }
}
