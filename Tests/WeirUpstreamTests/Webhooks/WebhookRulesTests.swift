import Testing
import WeirCore

@testable import WeirUpstream

/// Which addresses a tenant may give. Numbers in disguise, and names in disguise, are none.
@Suite struct WebhookRulesTests {
    private var rules: WebhookRules {
        var rules = WebhookRules()
        rules.hosts = ["hooks.example.com", "*.tenants.example", "127.0.0.1", "8.8.8.8"]
        rules.hosts += ["::ffff:169.254.169.254", "2606:4700::1111", "localhost"]
        return rules
    }

    @Test(arguments: [
        "https://hooks.example.com", "https://hooks.example.com/",
        "https://HOOKS.example.com/a?b=c",
        "https://hooks.example.com:443/a/", "https://a.tenants.example/x", "https://8.8.8.8/",
        "https://a.b.tenants.example", "https://[2606:4700::1111]/",
    ])
    func `an allowed host may be told`(url: String) throws { try rules.check(url) }

    @Test(arguments: [
        "", "hooks.example.com", "ftp://hooks.example.com/", "http://hooks.example.com/",
        "https://", "https:///a", "https://example.com/", "https://hooks.example.com.evil.org/",
        "https://evil-hooks.example.com/", "https://tenants.example/", "https://.tenants.example/",
        "https://user@hooks.example.com/", "https://hooks.example.com@evil.org/",
        "https://hooks.example.com:8443/", "https://hooks.example.com:0/",
        "https://hooks.example.com:443:80/", "https://hooks.example.com#@evil.org/",
        "https://hooks.example.com\\@evil.org/", "https://hooks.example.com/\r\nx: y",
        "https://hooks.example.com/ a", "https://hooks.example.com/\u{e9}",
        "https://hooks.example.com/../a", "https://127.0.0.1/", "https://0x7f000001/",
        "https://2130706433/", "https://0177.0.0.1/", "https://127.1/", "https://127.0.0.1./",
        "https://[::ffff:169.254.169.254]/", "https://[::1]/", "https://[fe80::1%25eth0]/",
        "https://[::ffff:7f00:1]/", "https://169.254.169.254/latest/meta-data/",
    ])
    func `anything else may not`(url: String) {
        #expect {
            try rules.check(url)
        } throws: { error in
            let error = error as? WeirError
            return error?.code == .invalidRequest && error?.param == "webhook_url"
        }
    }

    @Test func `what the operator allows is allowed`() throws {
        var rules = rules
        rules.allowsHTTP = true
        rules.allowsPrivate = true
        rules.ports = [8_080]
        for url in [
            "http://localhost:8080/a", "http://127.0.0.1/", "https://[::ffff:169.254.169.254]/",
            "http://hooks.example.com:80/",
        ] { try rules.check(url) }
        #expect(throws: WeirError.self) { try rules.check("http://localhost:8081/") }
        rules.hosts = []
        #expect(throws: WeirError.self) { try rules.check("https://hooks.example.com/") }
    }

    @Test(arguments: [
        ("hooks.example.com", true), ("*.example.com", true), ("127.0.0.1", true), ("::1", true),
        ("*", false), ("*.", false), ("*.*.com", false), ("a.*.com", false), ("*.127.0.0.1", false),
        ("", false), ("https://a", false), ("a:443", false), ("a/b", false), ("0x7f.1", false),
        ("UPPER.example", false),
    ])
    func `a pattern is a name, or all names below one`(text: String, isOne: Bool) {
        #expect(WebhookRules.isPattern(text) == isOne)
    }
}
