import Testing

@testable import WeirUpstream

@Suite struct BaseURLTests {
    @Test(arguments: [
        ("https://api.example.com", "api.example.com", 443, "", "api.example.com"),
        ("HTTPS://API.Example.com/v1/", "api.example.com", 443, "/v1", "api.example.com"),
        ("http://127.0.0.1:8080/a/b", "127.0.0.1", 8080, "/a/b", "127.0.0.1:8080"),
        ("http://[::1]:80/", "::1", 80, "", "[::1]"),
        ("https://[2001:DB8::1]:8443", "2001:db8::1", 8443, "", "[2001:db8::1]:8443"),
        ("http://my_host-1", "my_host-1", 80, "", "my_host-1"),
        ("http://h/a%20b", "h", 80, "/a%20b", "h"),
    ])
    func aURLIsReadExactly(
        _ text: String, _ host: String, _ port: Int, _ prefix: String, _ authority: String
    ) throws {
        let url = try BaseURL(text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.pathPrefix == prefix)
        #expect(url.authority == authority)
    }

    @Test(arguments: [
        "", "api.example.com", "ftp://h", "https:/h", "https://", "https:///v1", "https://:80",
        "https://user@h", "https://user:secret@h", "http://127.0.0.1#@api.example.com",
        "https://h?x=1", "https://h/v1?x=1", "https://h/v1#top", "https://h/a b", "https://h/\r\n",
        "https://h/\u{0}", "https://hö", "https://h:0", "https://h:65536", "https://h:",
        "https://h:+1", "https://h:1x", "https://h:999999999999999999999", "https://[::1",
        "https://[::1]x", "https://[127.0.0.1]", "https://[h]", "https://h..x", "https://.h",
        "https://h.", "https://-h", "https://h-", "http://0x7f000001", "http://2130706433",
        "http://127.1", "http://1.2.3.4.5", "https://h/a/../b", "https://h/./b", "https://h/%zz",
        "https://h\\x", "https://" + String(repeating: "a", count: 64),
        "https://h/" + String(repeating: "a", count: 2_048),
    ])
    func whatIsNotExactlyAURLIsRefused(_ text: String) {
        #expect(throws: BaseURLDefect.self) { try BaseURL(text) }
    }

    @Test func aDefectNeverShowsThePassword() {
        #expect {
            _ = try BaseURL("https://user:secret@h")
        } throws: { error in
            !String(describing: error).contains("secret")
        }
    }
}
