import Testing
import WeirCore

@testable import WeirService

@Suite struct OutputScreenTests {
    @Test(arguments: OutputAttacks.all)
    func `no tag survives stripping`(_ text: String) throws {
        var policy = ScreeningPolicy()
        policy.output.stripTags = true
        let screen = try OutputScreen(policy)
        let (stripped, _) = try screen.screen(text)
        #expect(!opensTag(stripped), "\(stripped)")
        #expect(try screen.screen(stripped).text == stripped)
    }

    @Test(arguments: [
        ("<b>Total</b>: 5", "Total: 5"), ("a < b and c > d", "a < b and c > d"),
        ("if a<b then", "if ab then"), ("<scr<script>ipt>alert(1)</script>", "script>alert(1)"),
        ("<<b>script>x", "script>x"), ("See <https://x.io/a>.", "See https://x.io/a."),
        ("<!-- note -->Yes", "Yes"), ("1 <2 <3", "1 <2 <3"), ("<", "<"), ("<a", "a"),
    ])
    func `stripping keeps the text`(_ text: String, _ expected: String) throws {
        var policy = ScreeningPolicy()
        policy.output.stripTags = true
        #expect(try OutputScreen(policy).screen(text).text == expected)
    }

    @Test(arguments: OutputAttacks.all)
    func `nothing that means something in html survives escaping`(_ text: String) throws {
        var policy = ScreeningPolicy()
        policy.output.escapeHTML = true
        let escaped = try OutputScreen(policy).screen(text).text
        #expect(!escaped.utf8.contains { [0x3C, 0x3E, 0x22, 0x27].contains($0) })
        let plain = [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"),
        ]
        .reduce(escaped) { replace($1.0, by: $1.1, in: $0) }
        #expect(plain == text)
    }

    @Test(arguments: [
        "{\"total\":5,\"customer\":{\"name\":\"A\"},\"items\":[{\"sku\":1},{\"sku\":2}]}",
        "```json\n{\"total\":null,\"customer\":{\"name\":\"```\"},\"items\":[]}\n```",
        "It:\n```\n{\"total\":5,\"customer\":{\"name\":\"A\"},\"items\":[]}\n```\nOK",
        " \n{\"total\":5,\"customer\":{\"name\":\"A\"},\"items\":{\"sku\":1}}\n",
    ])
    func `an answer with all required fields passes as it is`(_ text: String) throws {
        let (result, findings) = try jsonScreen().screen(text)
        #expect(result == text)
        #expect(findings.isEmpty)
    }

    @Test(arguments: [
        ("{\"total\":5,\"items\":[]}", "customer.name"),
        ("{\"customer\":{\"name\":1},\"items\":[]}", "total"),
        ("{\"total\":5,\"customer\":\"name\",\"items\":[]}", "customer.name"),
        ("{\"total\":5,\"customer\":{\"name\":1},\"items\":[{\"sku\":1},{}]}", "items.sku"),
        ("[1]", "an array"), ("Sorry, I can't.", "not the JSON"), ("", "not the JSON"),
        ("{\"total\":5", "not the JSON"), ("```json\n{\"total\":", "not the JSON"),
        ("{\"total\":1,\"total\":2}", "not the JSON"), ("```", "not the JSON"),
    ])
    func `an answer without them is unsafe`(_ text: String, _ reason: String) throws {
        let screen = try jsonScreen()
        let error = #expect(throws: WeirError.self) { try screen.screen(text) }
        #expect(error?.code == .unsafeOutput)
        #expect(error?.message.contains(reason) == true)
    }

    @Test func `json stays json when its strings are mended`() throws {
        var policy = ScreeningPolicy()
        policy.output.requiredJSONFields = ["note"]
        policy.output.stripTags = true
        policy.output.escapeHTML = true
        let text = "```json\n{\"note\":\"\\u003cscript\\u003e\\\"x\\\" & y\",\"n\":1.50}\n```"
        let (result, findings) = try OutputScreen(policy).screen(text)
        #expect(result == "```json\n{\"note\":\"&quot;x&quot; &amp; y\",\"n\":1.50}\n```")
        #expect(findings == [Finding("output.html")])
    }

    @Test func `a long answer is refused`() throws {
        var policy = ScreeningPolicy()
        policy.output.maxBytes = 4
        let screen = try OutputScreen(policy)
        #expect(try screen.screen("éé").text == "éé")
        let error = #expect(throws: WeirError.self) { try screen.screen("ééé") }
        #expect(error?.code == .unsafeOutput)
    }

    @Test func `personal data in answers is scrubbed, flagged or blocked`() throws {
        var policy = ScreeningPolicy()
        let text = "Write to a@b.io"
        #expect(try OutputScreen(policy).screen(text).findings.isEmpty)
        policy.output.personalData = .flag
        #expect(try OutputScreen(policy).screen(text).findings == [Finding("pii.email")])
        policy.output.personalData = .scrub
        #expect(try OutputScreen(policy).screen(text).text == "Write to [email]")
        policy.output.personalData = .block
        let screen = try OutputScreen(policy)
        let error = #expect(throws: WeirError.self) { try screen.screen(text) }
        #expect(error?.message.contains("pii.email") == true)
        #expect(error?.message.contains("a@b.io") == false)
    }

    @Test func `addresses that run code are counted`() throws {
        var policy = ScreeningPolicy()
        policy.output.stripTags = true
        let text =
            "[x](JavaScript:alert(1)) [y](data:text/html,z) [z](vbscript:q) javascript is fun"
        #expect(
            try OutputScreen(policy).screen(text).findings
                == [Finding("output.script_url", count: 3)])
    }

    private func jsonScreen() throws -> OutputScreen {
        var policy = ScreeningPolicy()
        policy.output.requiredJSONFields = ["total", "customer.name", "items.sku"]
        return try OutputScreen(policy)
    }
}

/// What HTML's tokenizer takes for the start of a tag, comment or declaration.
func opensTag(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.indices.dropLast().contains { index in
        guard bytes[index] == UInt8(ascii: "<") else { return false }
        let next = bytes[index + 1]
        return (next.isLetterOrDigit && !next.isDigit) || Array("/!?".utf8).contains(next)
    }
}

private func replace(_ text: String, by other: String, in whole: String) -> String {
    let bytes = Array(whole.utf8)
    let search = Array(text.utf8)
    var result: [UInt8] = []
    var position = 0
    while position < bytes.count {
        if bytes[position...].starts(with: search) {
            result += Array(other.utf8)
            position += search.count
        } else {
            result.append(bytes[position])
            position += 1
        }
    }
    return String(decoding: result, as: UTF8.self)
}

enum OutputAttacks {
    static let all = [
        "<script>alert(1)</script>", "<SCRIPT SRC=//x.io></SCRIPT>", "<scr<script>ipt>alert(1)",
        "<<script>script>alert(1)<</script>/script>", "<img src=x onerror=alert(1)",
        "<img src=\"x>y\" onerror=a>",
        "<svg/onload=alert(1)>", "<svg><script>alert&#40;1)</script>",
        "<iframe srcdoc='<b>'></iframe>",
        "<!--<img src=--><img src=x onerror=a>//-->", "<![CDATA[<b>]]>", "<?xml version=1?>",
        "<!doctype html>",
        "</textarea><script>x</script>", "<a href=\"javascript:alert(1)\">x</a>", "<b\n>x</b\t>",
        "<\u{0}script>alert(1)</script>", "<math><mtext></form><form><mglyph><style></math>",
        "<<<<<<b>b>b>b>script>", "<<!-->script>", "<</x>/x>", "<<?a>!--", "<a<a<a<a<a<a",
        "<x/y=z>'\"&amp;",
        "<body onload=alert(1)>", "<input autofocus onfocus=x>", "<details open ontoggle=x>",
        "<é><b>é</b>",
        "\"><script>x</script>", "' onmouseover='x", "<https://a<b>c>",
        "<https://<script>x</script>>",
        "<mailto:<b>x>", "<http://x.io><script>", "<https://x.io/?a=<<b>b>",
    ]
}
