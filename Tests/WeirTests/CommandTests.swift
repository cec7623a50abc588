import ArgumentParser
import Testing
import WeirCore

@testable import weir

@Suite("Commands")
struct CommandTests {
    @Test("A tenant's change holds what was given and nothing else")
    func tenantChange() throws {
        let command = try Tenants.Put.parse([
            "42", "--name", "Acme", "--active", "--budget", "10.50", "--expires", "never",
            "--feature", "sales=on", "--feature", "*=off", "--user-budget", "7=0.5",
            "--model", "a", "--model", "b",
        ])
        #expect(
            try command.change() == [
                "name": "Acme", "is_active": true, "expires_at": .null,
                "budget_usd": .number("10.5"), "features": ["sales": true, "*": false],
                "budgets": ["users": ["7": .number("0.5")]], "models": ["a", "b"],
            ])
        #expect(try Tenants.Put.parse(["42"]).change() == .object(JSONObject()))
        #expect(
            try Tenants.Put.parse(["42", "--no-active", "--unlimited", "--all-models"]).change()
                == ["is_active": false, "unlimited": true, "models": []])
        #expect(
            try Tenants.Put.parse(["42", "--per-minute", "5", "--concurrent", "0"]).change()
                == ["limits": ["per_minute": 5, "concurrent": 0]])
        #expect(try Tenants.Put.parse(["42", "--tier-limits"]).change() == ["limits": .null])
    }

    @Test(
        "Wrong usage ends with 2",
        arguments: [
            ["nonsense"], ["tenants", "put"], ["tenants", "put", "x"],
            ["tenants", "put", "1", "--budget", "1", "--unlimited"],
            ["tenants", "put", "1", "--budget", "1e3"], ["tenants", "put", "1", "--budget", "-1"],
            ["tenants", "put", "1", "--feature", "sales"],
            ["tenants", "put", "1", "--tier-limits", "--burst", "3"],
            ["tenants", "put", "1", "--feature", "a=on", "--feature", "a=off"],
            ["keys", "create", "n"], ["keys", "create", "n", "--tenant", "1", "--all-tenants"],
            ["keys", "rotate", "k", "--overlap", "10"], ["switches", "engage", "everything"],
            ["adjust", "1", "2", "--reason", "r"], ["usage", "log", "1", "--limit", "0"],
            ["usage", "show", "1", "--by", "colour"], ["sandbox", "--port", "70000"],
        ])
    func wrongUsage(arguments: [String]) {
        do {
            _ = try Weir.parseAsRoot(arguments)
            Issue.record("accepted")
        } catch {
            #expect(Weir.report(error).status == 2)
        }
    }

    @Test("Help ends with 0, a failure with its own status")
    func statuses() {
        #expect(help(for: ["tenants"]).status == 0)
        #expect(Weir.report(CommandFailure("x")).status == 1)
        #expect(Weir.report(CommandFailure("x", status: .unreachable)) == ("x", 3))
    }

    @Test(
        "Every command explains itself",
        arguments: [
            ["serve"], ["doctor"], ["demo"], ["sandbox"], ["check-config"], ["adjust"],
            ["tenants", "put"], ["keys", "create"], ["audit", "verify"], ["prices", "put"],
        ])
    func help(path: [String]) {
        #expect(help(for: path).text.contains("OVERVIEW:"))
    }

    @Test(
        "What goes into a URL is escaped",
        arguments: [
            ("key_1-a.b~", "key_1-a.b~"), ("a/b?c#d&e=f g", "a%2Fb%3Fc%23d%26e%3Df%20g"),
            ("é\r\n", "%C3%A9%0D%0A"),
        ])
    func escape(text: String, escaped: String) {
        #expect(AdminClient.escape(text) == escaped)
    }

    @Test(
        "A wildcard address is reached by the loopback",
        arguments: [
            ("0.0.0.0", "http://127.0.0.1:8080"), ("::", "http://127.0.0.1:8080"),
            ("::1", "http://[::1]:8080"), ("weir.internal", "http://weir.internal:8080"),
        ])
    func localURL(host: String, url: String) {
        #expect(Configuration.Server(host: host, port: 8_080).localURL == url)
    }

    @Test("A client needs no provider's key, but a sound server section")
    func endpoint() throws {
        let yaml = """
            server: { port: 9000 }
            admin_key: ${NOT_HERE}
            providers: { openai: { api_key: ${NOT_HERE} } }
            """
        let (server, key) = try Configuration.readEndpoint(yaml: yaml, environment: [:])
        #expect(server.port == 9_000)
        #expect(key == nil)
        #expect(throws: ConfigurationError.self) {
            try Configuration.readEndpoint(yaml: "server: { port: x }", environment: [:])
        }
    }

    @Test("A finding that fails says what to do")
    func findings() {
        let text = Finding.text([.ok("a", "fine"), .fail("b", "broken", "mend it")])
        #expect(text.contains("ok    a      fine"))
        #expect(text.contains("What to do:\nfail  b: mend it"))
        #expect(Finding.text([.ok("a", "fine")]).hasSuffix("Ready to start."))
    }

    private func help(for path: [String]) -> (text: String, status: Int32) {
        do {
            var command = try Weir.parseAsRoot(path + ["--help"])
            try command.run()
            return ("nothing was said", -1)
        } catch {
            return Weir.report(error)
        }
    }
}
