/// Writes the blocks of a text, and of what lies in them.
struct MarkdownBlocks {
    private(set) var output: [UInt8] = []

    typealias Line = ArraySlice<UInt8>

    /// - Parameters:
    ///   - depth: how many quotes and lists they lie in.
    ///   - isTight: whether paragraphs stand for themselves, as in a list without blank lines.
    mutating func write(_ lines: [Line], depth: Int, isTight: Bool) {
        var index = 0
        while index < lines.count {
            let line = lines[index]
            if line.isBlankLine {
                index += 1
            } else if let fence = CodeFence(line) {
                index = writeCode(lines, at: index, fence)
            } else if let heading = line.heading {
                write(heading.text, heading: heading.level)
                index += 1
            } else if line.isRule {
                put("<hr>\n")
                index += 1
            } else if depth < Markdown.Limits.depth, line.quoted != nil {
                index = writeQuote(lines, at: index, depth)
            } else if depth < Markdown.Limits.depth, let marker = ListMarker(line) {
                index = writeList(lines, at: index, marker, depth)
            } else if let columns = MarkdownTable.columns(lines, at: index) {
                index = writeTable(lines, at: index, columns)
            } else {
                index = writeParagraph(lines, at: index, depth, isTight: isTight)
            }
        }
    }

    /// Whether a line can't go on with a paragraph.
    static func begins(_ lines: [Line], at index: Int, depth: Int) -> Bool {
        let line = lines[index]
        if line.isBlankLine || CodeFence(line) != nil || line.heading != nil || line.isRule {
            return true
        }
        if depth < Markdown.Limits.depth {
            if line.quoted != nil { return true }
            // A year that begins a line of a paragraph numbers nothing.
            if let marker = ListMarker(line), !marker.text.isEmpty, marker.number ?? 1 == 1 {
                return true
            }
        }
        return MarkdownTable.columns(lines, at: index) != nil
    }

    private mutating func writeParagraph(
        _ lines: [Line], at start: Int, _ depth: Int, isTight: Bool
    ) -> Int {
        var text: [UInt8] = Array(lines[start].drop(while: \.isBlank))
        var index = start + 1
        while index < lines.count {
            if let level = lines[index].underlineLevel {
                write(text[...].trimmed, heading: level)
                return index + 1
            }
            if MarkdownBlocks.begins(lines, at: index, depth: depth) { break }
            text.append(UInt8(ascii: "\n"))
            text += lines[index].drop(while: \.isBlank)
            index += 1
        }
        while let last = text.last, last.isBlank { text.removeLast() }
        put(isTight ? "" : "<p>")
        inline(text[...])
        put(isTight ? "\n" : "</p>\n")
        return index
    }

    private mutating func writeCode(_ lines: [Line], at start: Int, _ fence: CodeFence) -> Int {
        put("<pre><code>")
        var index = start + 1
        while index < lines.count, !fence.isClosed(by: lines[index]) {
            HTMLEscaping.append(lines[index].dropping(columns: fence.indent), to: &output)
            put("\n")
            index += 1
        }
        put("</code></pre>\n")
        return index + 1
    }

    private mutating func writeQuote(_ lines: [Line], at start: Int, _ depth: Int) -> Int {
        var inner: [Line] = []
        var index = start
        while index < lines.count, let line = lines[index].quoted {
            inner.append(line)
            index += 1
        }
        put("<blockquote>\n")
        write(inner, depth: depth + 1, isTight: false)
        put("</blockquote>\n")
        return index
    }

    private mutating func write(_ text: ArraySlice<UInt8>, heading level: Int) {
        put("<h\(level)>")
        inline(text)
        put("</h\(level)>\n")
    }

    mutating func inline(_ text: ArraySlice<UInt8>) {
        InlineWriter.write(InlineReader.tokens(of: Array(text)), to: &output)
    }

    mutating func put(_ markup: String) { output.append(contentsOf: markup.utf8) }
}
