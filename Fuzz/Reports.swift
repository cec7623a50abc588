@testable import WeirCore

/// A template, and behind a zero byte the values that it prints: whatever both are, the rendering
/// ends within its bounds.
func fuzzTemplate(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let text = String(decoding: parts.first ?? [], as: UTF8.self)
    guard let template = try? Template(text) else { return }
    let values = parts.count > 1 ? try? JSONParser.parse(Array(parts[1]), .request) : nil
    var bounds = Template.Bounds()
    bounds.bytes = 1 << 16
    bounds.steps = 100_000
    let partials = ["p": template]
    for escapes in [true, false] {
        guard
            let output = try? template.render(
                [values ?? .null], partials: partials, escapesHTML: escapes, within: bounds)
        else { continue }
        require(output.utf8.count <= bounds.bytes, "a longer output than allowed")
    }
    if !text.utf8.contains(UInt8(ascii: "{")) {
        require((try? template.render([])) == text, "a text without tags is another one")
    }
}

/// Markdown: the tags of the result are our own and close in order, its length is bounded.
func fuzzMarkdown(_ bytes: [UInt8]) {
    let html = Markdown.html(String(decoding: bytes, as: UTF8.self))
    require(html.count <= 64 * bytes.count + 64, "\(html.count) bytes of HTML")
    var open: [String] = []
    var rest = html[...]
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
        guard let end = rest[start...].firstIndex(of: UInt8(ascii: ">")) else {
            return require(false, "a tag without an end")
        }
        let tag = String(decoding: html[(start + 1)..<end], as: UTF8.self)
        rest = html[(end + 1)...]
        if ["br", "hr"].contains(tag) { continue }
        let name = String(tag.prefix { $0 != " " }.drop { $0 == "/" })
        if tag.hasPrefix("/") {
            require(open.popLast() == name, "</\(name)> closes something else")
        } else {
            require(ownTags.contains(name), "<\(name)> is not ours")
            let attributes = tag.dropFirst(name.count)
            let isKnown =
                attributes.isEmpty || attributes.hasPrefix(" class=\"")
                || attributes.hasPrefix(" start=\"")
                || attributes.lowercased().hasPrefix(
                    " rel=\"noopener noreferrer nofollow\" href=\"http")
            require(isKnown, "<\(tag)> has attributes of its own")
            open.append(name)
        }
    }
    require(open.isEmpty, "tags stay open")
}

private let ownTags: Set = [
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre", "code", "table",
    "thead", "tbody", "tr", "th", "td", "em", "strong", "del", "a",
]
