import Testing
import WeirProviders

@Suite("Redaction")
struct RedactionTests {
    @Test(
        "removes keys, accounts, hosts and paths and leaves the sentence",
        arguments: [
            ("key sk-abc123.", "key [redacted]."),
            (
                "Incorrect API key provided: sk-pr***************yz. You can",
                "Incorrect API key provided: [redacted]. You can"
            ),
            ("sk-…wxyz", "[redacted]"), ("a (sk-a), b", "a ([redacted]), b"),
            ("OPENAI_sk-abc", "OPENAI_[redacted]"), ("AIzaSyA-b_c9", "[redacted]"),
            ("wk_deadbeef!", "[redacted]!"), ("gsk_1 xai-2", "[redacted] [redacted]"),
            ("Authorization: Bearer abc.def failed", "Authorization: [redacted] failed"),
            ("bearer abc", "bearer [redacted]"),
            ("BEARER\tx Bearer  y", "BEARER\t[redacted] Bearer  [redacted]"),
            ("?key=abc&x=1", "?key=[redacted]&x=1"), ("api_key = 'abc'", "api_key = '[redacted]'"),
            (#"{"x-api-key": "abc", "a": 1}"#, #"{"x-api-key": "[redacted]", "a": 1}"#),
            ("password:hunter2", "password:[redacted]"),
            ("see https://api.openai.com/v1/x?key=abc.", "see [redacted]."),
            ("(http://10.0.0.7:8080/a) x", "([redacted]) x"), ("\"wss://h\"", "\"[redacted]\""),
            ("at generativelanguage.googleapis.com:443 now", "at [redacted] now"),
            ("to API.OpenAI.Com/v1/chat now", "to [redacted] now"),
            ("https://a.example/é?key=1 é", "[redacted] é"),
            ("10.1.2.3:80, 10.1.2.3", "[redacted], [redacted]"), ("localhost:8080", "[redacted]"),
            ("db.prod.svc.cluster.local", "[redacted]"),
            ("upstream vllm.gpu:8000", "upstream [redacted]"),
            ("[2001:db8::1]:443 and fe80::1", "[redacted] and [redacted]"),
            ("user jane.doe+x@example.com has", "user [redacted] has"),
            ("x@p.iam.gserviceaccount.com", "[redacted]"),
            ("in organization org-AbC123 on", "in organization [redacted] on"),
            ("Consumer 'project_number:123456'", "Consumer '[redacted]'"),
            ("projects/my-team denied", "[redacted] denied"),
            ("open /etc/weir/weir.db: no", "open [redacted]: no"),
            ("id 0123456789abcdef0123456789abcdef end", "id [redacted] end"),
            ("токен sk-abc é", "токен [redacted] é"),
        ])
    func removes(text: String, expected: String) {
        #expect(redact(text) == expected)
        #expect(redact(redact(text)) == expected)
    }

    @Test(
        "leaves what a caller needs",
        arguments: [
            "", "messages.0.content: Field required", "max_tokens: 5 > 4096",
            "The model `gpt-5.2-proo` does not exist.", "model: claude-sonet-4-5",
            "claude-3-5-sonnet@20240620", "model claude-3-5-sonnet-20241022 at 12:30:45",
            "generationConfig.maxOutputTokens must be positive, e.g. 5.",
            "Invalid token: expected ','", "a risk-based task", "provider answered 503",
            "Unsupported value: 'messages[0].role' does not support 'developer'",
            "use v1/chat/completions", "and/or 1/2 /", "Basic plan", "日本語 / é",
        ])
    func leaves(text: String) {
        #expect(redact(text) == text)
    }

    @Test("reads a bounded part of a long text")
    func isBounded() {
        #expect(redact(String(repeating: "a.", count: 100_000)).utf8.count <= 1024)
        #expect(redact(String(repeating: "é ", count: 10_000)).utf8.count <= 1030)
    }
}
