/// Shows Markdown as HTML: headings, paragraphs, lists, quotes, code, tables, rules, emphasis,
/// links. Everything else, HTML above all, is shown as the text that it is.
///
/// No text makes it do more than so much work for each byte. None makes it write a tag that isn't
/// its own, an attribute that isn't escaped, or a link to anything but http and https. Images
/// become links: a report asks nobody for anything when it is looked at.
package enum Markdown {
    package enum Limits {
        /// A longer text is shown as it is.
        package static let bytes = 4 << 20
        /// Quotes and lists in each other; deeper ones are text.
        package static let depth = 8
        /// A wider table is text.
        package static let columns = 64
    }

    /// What can stand in an HTML body.
    package static func html(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8).filter(isPrintable)
        guard bytes.count <= Limits.bytes else { return code(bytes[...]) }
        var blocks = MarkdownBlocks()
        blocks.write(lines(of: bytes), depth: 0, isTight: false)
        return blocks.output
    }

    /// A text just as it is.
    package static func code(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var output = Array("<pre><code>".utf8)
        HTMLEscaping.append(text, to: &output)
        output += Array("</code></pre>\n".utf8)
        return output
    }

    static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    /// Control characters say nothing, and carriage returns nothing that line feeds don't.
    private static func isPrintable(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || byte == 0x09 || byte == 0x0A
    }
}
