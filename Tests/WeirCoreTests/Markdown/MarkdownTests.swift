import Testing
import WeirCore

@Suite struct MarkdownTests {
    private func html(_ text: String) -> String {
        String(decoding: Markdown.html(text), as: UTF8.self)
    }

    @Test(arguments: [
        ("Hello", "<p>Hello</p>\n"), ("a\nb\n\nc", "<p>a\nb</p>\n<p>c</p>\n"), ("", ""),
        ("\n \n", ""),
        ("# One", "<h1>One</h1>\n"), ("###### Six ##", "<h6>Six</h6>\n"),
        ("# a #b", "<h1>a #b</h1>\n"),
        ("####### Seven", "<p>####### Seven</p>\n"), ("#tag", "<p>#tag</p>\n"),
        ("#", "<h1></h1>\n"),
        ("Title\n=====\nText", "<h1>Title</h1>\n<p>Text</p>\n"), ("Title\n---", "<h2>Title</h2>\n"),
        ("---", "<hr>\n"), ("* * *", "<hr>\n"), ("a\n***\nb", "<p>a</p>\n<hr>\n<p>b</p>\n"),
        ("a\r\nb", "<p>a\nb</p>\n"), ("a  \nb", "<p>a<br>\nb</p>\n"),
        ("a\\\nb", "<p>a<br>\nb</p>\n"),
        ("a \nb", "<p>a\nb</p>\n"),
        ("> a\n> b\n\nc", "<blockquote>\n<p>a\nb</p>\n</blockquote>\n<p>c</p>\n"),
        ("> > a", "<blockquote>\n<blockquote>\n<p>a</p>\n</blockquote>\n</blockquote>\n"),
        (
            "```swift\nlet a = 1 < 2\n```\nb",
            "<pre><code>let a = 1 &lt; 2\n</code></pre>\n<p>b</p>\n"
        ),
        ("~~~\n```\n~~~", "<pre><code>```\n</code></pre>\n"),
        ("```\na\n", "<pre><code>a\n\n</code></pre>\n"),
        ("``` a ` b", "<p>``` a ` b</p>\n"),
        ("2026. A year", "<ol start=\"2026\">\n<li>A year\n</li>\n</ol>\n"),
        ("In\n2026. So", "<p>In\n2026. So</p>\n"),
    ])
    func `blocks`(text: String, expected: String) { #expect(html(text) == expected) }

    @Test(arguments: [
        ("- a\n- b", "<ul>\n<li>a\n</li>\n<li>b\n</li>\n</ul>\n"),
        ("1. a\n2. b", "<ol>\n<li>a\n</li>\n<li>b\n</li>\n</ol>\n"),
        ("- a\n\n- b", "<ul>\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>\n"),
        (
            "- a\n  - b\n- c",
            "<ul>\n<li>a\n<ul>\n<li>b\n</li>\n</ul>\n</li>\n<li>c\n</li>\n</ul>\n"
        ),
        ("1. a\n  - b", "<ol>\n<li>a\n<ul>\n<li>b\n</li>\n</ul>\n</li>\n</ol>\n"),
        ("- a\nb", "<ul>\n<li>a\nb\n</li>\n</ul>\n"),
        ("- a\n\nb", "<ul>\n<li>a\n</li>\n</ul>\n<p>b</p>\n"),
        ("- a\n* b", "<ul>\n<li>a\n</li>\n</ul>\n<ul>\n<li>b\n</li>\n</ul>\n"),
        ("So:\n- a", "<p>So:</p>\n<ul>\n<li>a\n</li>\n</ul>\n"), ("-", "<ul>\n<li></li>\n</ul>\n"),
        ("- ```\n  a\n  ```", "<ul>\n<li><pre><code>a\n</code></pre>\n</li>\n</ul>\n"),
        ("-a", "<p>-a</p>\n"), ("- **a**: b", "<ul>\n<li><strong>a</strong>: b\n</li>\n</ul>\n"),
    ])
    func `lists`(text: String, expected: String) { #expect(html(text) == expected) }

    @Test(arguments: [
        (
            "| a | b |\n|---|--:|\n| 1 | 2 |\n",
            "<tr><th>a</th><th class=\"right\">b</th></tr>",
            "<tr><td>1</td><td class=\"right\">2</td></tr>"
        ),
        (
            "a | b\n:-: | :--\n1 | 2", "<th class=\"centre\">a</th><th class=\"left\">b</th>",
            "<td class=\"left\">2</td>"
        ),
        ("Text:\n| a |\n|---|\n| 1 | 2 | 3 |", "<p>Text:</p>\n<table>", "<tr><td>1</td></tr>"),
        ("| a | b |\n|---|---|\n| 1 |", "<th>b</th>", "<tr><td>1</td></tr>"),
        ("| a\\|b |\n|---|\n| `x` |", "<th>a|b</th>", "<td><code>x</code></td>"),
    ])
    func `tables`(text: String, first: String, second: String) {
        let shown = html(text)
        #expect(shown.contains(first), "\(shown)")
        #expect(shown.contains(second), "\(shown)")
        #expect(shown.hasSuffix("</tbody>\n</table>\n"))
    }

    @Test(arguments: ["| a | b |\n|---|", "a\n| --- |", "| a |\n| -:- |", "| a |\n", "|\n|"])
    func `what is no table`(text: String) { #expect(!html(text).contains("<table>")) }

    @Test(arguments: [
        ("*a* _b_", "<em>a</em> <em>b</em>"),
        ("**a** __b__", "<strong>a</strong> <strong>b</strong>"),
        ("***a***", "<em><strong>a</strong></em>"),
        ("**a *b* c**", "<strong>a <em>b</em> c</strong>"),
        ("*a **b** c*", "<em>a <strong>b</strong> c</em>"),
        ("***a** b*", "<em><strong>a</strong> b</em>"),
        ("snake_case_name", "snake_case_name"), ("2 * 3 * 4", "2 * 3 * 4"),
        ("a*b*c", "a<em>b</em>c"),
        ("**a*", "*<em>a</em>"), ("*a**", "<em>a</em>*"), ("**a*b**", "<strong>a*b</strong>"),
        ("*a _b* c_", "<em>a _b</em> c_"), ("~~a~~ ~b~", "<del>a</del> ~b~"), ("* a*", "* a*"),
        ("\\*a\\*", "*a*"), ("a\\b", "a\\b"), ("**", "**"),
        ("*********a*********", "*********a*********"),
        ("`a*b*`", "<code>a*b*</code>"), ("`` a`b ``", "<code>a`b</code>"), ("`a", "`a"),
        ("``a`", "``a`"),
        ("*a `b* c`", "*a <code>b* c</code>"), ("\\`a`", "`a`"),
        ("Überschuß *Ärger*", "Überschuß <em>Ärger</em>"),
    ])
    func `emphasis and code`(text: String, expected: String) {
        #expect(html("x \(text)") == "<p>x \(expected)</p>\n")
    }

    private static let link = "<a rel=\"noopener noreferrer nofollow\" href=\""

    @Test(arguments: [
        ("[a](https://b.example/c?d=1&e=2)", "\(link)https://b.example/c?d=1&amp;e=2\">a</a>"),
        ("[*a*](HTTP://b)", "\(link)HTTP://b\"><em>a</em></a>"),
        ("![a](https://b/c.png)", "\(link)https://b/c.png\">a</a>"),
        ("[a](https://b \"t\")", "\(link)https://b\">a</a>"),
        ("[a](https://b/(c))", "\(link)https://b/(c)\">a</a>"),
        ("<https://b>", "\(link)https://b\">https://b</a>"),
        ("[x [a](https://b) y](https://c)", "[x \(link)https://b\">a</a> y](https://c)"),
        ("*[a*](https://b)", "*\(link)https://b\">a*</a>"),
        ("*[a](https://b)*", "<em>\(link)https://b\">a</a></em>"),
        ("[a]", "[a]"), ("[a](b", "[a](b"), ("![a]", "![a]"), ("a!", "a!"), ("]a[", "]a["),
    ])
    func `links`(text: String, expected: String) {
        #expect(html("x \(text)") == "<p>x \(expected)</p>\n")
    }
}
