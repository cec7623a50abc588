import Testing
import WeirCore
import WeirTesting

/// What a model was talked into writing.
@Suite struct HostileMarkdownTests {
    private func html(_ text: String) -> String {
        String(decoding: Markdown.html(text), as: UTF8.self)
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a <b onclick='x'> c",
        "`<script>`", "```\n</code></pre><script>\n```", "# <script>", "- <script>",
        "> <svg/onload=x>",
        "| <script> |\n|---|\n| <script> |", "<!-- a --><style>*{}</style>", "&lt;script&gt;",
        "```\"><script>\na\n```", "**<script>**", "[<script>](https://a)", "<https://a\"><script>>",
    ])
    func `no tag of the text is a tag`(text: String) {
        for tag in tags(in: html(text)) {
            #expect(HostileMarkdownTests.own.contains(tag), "\(tag)")
        }
        #expect(!html(text).lowercased().contains("<script"))
    }

    @Test(arguments: [
        "[a](javascript:alert(1))", "[a](JaVaScRiPt:x)", "[a]( javascript:x)",
        "[a](data:text/html,x)",
        "[a](vbscript:x)", "[a](//evil)", "[a](/x)", "[a](https:evil)", "[a](https://)",
        "<javascript:x>", "![a](data:image/png;base64,x)", "[a](<javascript:x>)",
        "[a](java\tscript:x)",
        "[a](mailto:x@y)", "[a](file:///etc/passwd)", "[a](&#106;avascript:x)",
        "[a](\u{1}javascript:x)",
    ])
    func `no link but to the web`(text: String) { #expect(!html(text).contains("href")) }

    @Test(arguments: [
        "[a](https://b\"onmouseover=\"x)", "[a](https://b'x)", "[a](https://b>c)",
        "[a](https://b`c)",
        "<https://b\"onclick=x>", "<https://b'x>", "[a](https://b/&quot;onclick=x)",
    ])
    func `an address stays in its quotes`(text: String) {
        let shown = html(text)
        for tag in tags(in: shown) { #expect(HostileMarkdownTests.own.contains(tag), "\(shown)") }
        #expect(!shown.contains("\" on") && !shown.contains("\"on"))
    }

    /// Much of whatever makes a careless parser look at everything again and again. A slow one
    /// would take hours, not this test's seconds.
    @Test(arguments: [
        "[", "]", "![", "[](", "[a](", "[a](https://b ", "[a](https://b \"", "*", "*a", "*a ",
        "**a *b ",
        "_a*", "*a_ ", "`", "`a``b", "` `` ``` ", "<", "<https://a", "<https://a ", "\\", "a  \n",
        "|",
        "| a\n|-|\n", "|-", "> ", ">", "- ", "- a\n", "1. ", "- a\n\n", "  - a\n", "#", "# a\n",
        "```\n",
        "~~~ a\n", "a\n", " ", "\n", "\t", "a\n---\n", "~~a", "~~ ", "(", "((", "[[a](b)", "-\n*\n",
        "> a\n\n",
        "***a", "*a*", "[*a](https://b)*", "é*",
    ])
    func `much of anything is shown`(piece: String) { show(piece, bytes: 1 << 17) }

    @Test(arguments: ["[", "[](", "**a *b ", "` `` ``` "])
    func `a megabyte of it is shown, too`(piece: String) { show(piece, bytes: 1 << 20) }

    private func show(_ piece: String, bytes: Int) {
        let text = String(repeating: piece, count: bytes / piece.utf8.count)
        let shown = Markdown.html(text)
        #expect(shown.count < 32 * text.utf8.count)
        #expect(isBalanced(shown))
    }

    @Test func `a longer text is shown as it is`() {
        let text = String(repeating: "*a* <\n", count: Markdown.Limits.bytes / 6 + 1)
        let shown = Markdown.html(text)
        #expect(shown.starts(with: "<pre><code>*a* &lt;\n".utf8))
    }

    @Test func `quotes and lists in each other end`() {
        let deep = String(repeating: "> - ", count: 1_000) + "a"
        #expect(html(deep).components(of: "<blockquote>") == Markdown.Limits.depth / 2)
        #expect(isBalanced(Markdown.html(deep)))
    }

    @Test func `tags close in order, whatever the text`() {
        var random = SplitMix(seed: 7)
        let alphabet = [
            "*", "**", "_", "~~", "`", "``", "[", "]", "](https://a)", "![", "<", ">", "\n", "\n\n",
            "- ",
            "1. ", "> ", "| ", "|-|", "# ", "a", " ", "\\", "```", "  ", "é", "---", "\t",
        ]
        for _ in 0..<3_000 {
            let text = (0..<Int(random.next() % 40)).map { _ in
                alphabet[Int(random.next() % UInt64(alphabet.count))]
            }.joined()
            #expect(isBalanced(Markdown.html(text)), "\(text.debugDescription)")
        }
    }

    private static let own: Set = [
        "p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br", "blockquote", "ul", "ol", "li", "pre",
        "code",
        "table", "thead", "tbody", "tr", "th", "td", "em", "strong", "del", "a",
    ]

    /// The names of all tags.
    private func tags(in html: String) -> [String] {
        html.split(separator: "<").dropFirst(html.hasPrefix("<") ? 0 : 1).map { rest in
            String(rest.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber })
        }
    }

    private func isBalanced(_ html: [UInt8]) -> Bool {
        var open: [ArraySlice<UInt8>] = []
        var rest = html[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            guard let end = rest[start...].firstIndex(of: UInt8(ascii: ">")) else { return false }
            let tag = html[(start + 1)..<end]
            let name = tag.drop { $0 == UInt8(ascii: "/") }.prefix { $0 != 0x20 }
            if tag.first == UInt8(ascii: "/") {
                guard open.popLast()?.elementsEqual(name) == true else { return false }
            } else if !name.elementsEqual("br".utf8), !name.elementsEqual("hr".utf8) {
                open.append(name)
            }
            rest = html[(end + 1)...]
        }
        return open.isEmpty
    }
}

extension String {
    fileprivate func components(of word: String) -> Int {
        ranges(of: word).count
    }
}
