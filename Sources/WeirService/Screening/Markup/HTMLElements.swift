/// Tells HTML from other uses of `<`: only known elements, comments and declarations count.
enum HTMLElements {
    static func count(in text: [UInt8]) -> Int {
        var count = 0
        for position in text.indices where text[position] == UInt8(ascii: "<") {
            if opensElement(text, at: position + 1) { count += 1 }
        }
        return count
    }

    private static func opensElement(_ text: [UInt8], at start: Int) -> Bool {
        guard start < text.count else { return false }
        if text[start] == UInt8(ascii: "!") { return true }
        var position = text[start] == UInt8(ascii: "/") ? start + 1 : start
        guard position < text.count, text[position].isLetterOrDigit else { return false }
        var name: [UInt8] = []
        while position < text.count, name.count <= longest {
            guard text[position].isLetterOrDigit else { break }
            name.append(text[position].isDigit ? text[position] : text[position] | 0x20)
            position += 1
        }
        guard names.contains(name) else { return false }
        guard position < text.count else { return true }
        switch text[position] {
        case 0x20, 0x09, 0x0A, 0x0C, 0x0D, UInt8(ascii: "/"), UInt8(ascii: ">"): return true
        default: return false
        }
    }

    private static let longest = names.map(\.count).max() ?? 0
    /// The elements of the HTML standard, obsolete ones that browsers still act on, SVG, MathML.
    private static let names = Set(
        """
        a abbr address animate applet area article aside audio b base bdi bdo bgsound big \
        blockquote body br button canvas caption center cite code col colgroup data datalist dd \
        del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form \
        frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins \
        isindex kbd keygen label layer legend li link main map mark marquee math menu menuitem \
        meta meter nav nobr noembed noframes noscript object ol optgroup option output p param \
        picture plaintext portal pre progress q rp rt ruby s samp script search section select \
        slot small source span strike strong style sub summary sup svg table tbody td template \
        textarea tfoot th thead time title tr track tt u ul use var video wbr xml xmp
        """.split(separator: " ").map { Array($0.utf8) })
}
