/// Reads a template's text, once from its start to its end.
struct TemplateReader {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// Where the line begins in which the position lies.
    private var lineStart = 0
    /// Whether nothing but blanks lies between the two.
    private var isLineBlank = true
    /// Where the text begins that is not in a node yet.
    private var textStart = 0
    private var open = Delimiters.standard.open
    private var close = Delimiters.standard.close
    private var nodes: [TemplateNode] = []
    private var sections: [OpenSection] = []
    private var nodeCount = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func read() throws(TemplateDefect) -> [TemplateNode] {
        guard bytes.count <= Template.Limits.bytes else {
            throw defect("has more than \(Template.Limits.bytes) bytes")
        }
        while position < bytes.count {
            if bytes[position...].starts(with: open) {
                try readTag()
            } else {
                passText()
            }
        }
        try add(bytes[textStart...])
        if let section = sections.last {
            throw TemplateDefect(
                line: section.line, reason: "the section \(section.name) is never closed")
        }
        return nodes
    }

    private mutating func passText() {
        switch bytes[position] {
        case newline:
            line += 1
            lineStart = position + 1
            isLineBlank = true
        case 0x20, 0x09: break
        default: isLineBlank = false
        }
        position += 1
    }

    private mutating func readTag() throws(TemplateDefect) {
        let start = position
        let wasBlank = isLineBlank
        let tag = try TemplateTag(
            bytes, at: position, open: open, close: close, line: line)
        position = tag.end
        // What a tag alone on its line prints is its lines' neighbour, not a line of its own.
        let lineEnd = tag.printsNothing && wasBlank ? endOfBlankLine : nil
        try add(bytes[textStart..<(lineEnd == nil ? start : lineStart)])
        let indent = lineEnd == nil ? [] : Array(bytes[lineStart..<start])
        try apply(tag, indent: indent)
        line += bytes[start..<tag.end].count { $0 == newline }
        isLineBlank = false
        if let lineEnd {
            // The line's end belongs to the tag; the text's own end has none.
            if lineEnd > tag.end, bytes[lineEnd - 1] == newline { line += 1 }
            position = lineEnd
            lineStart = lineEnd
            isLineBlank = true
        }
        textStart = position
    }

    private mutating func apply(_ tag: TemplateTag, indent: [UInt8]) throws(TemplateDefect) {
        switch tag.kind {
        case .comment: return
        case .delimiters(let open, let close): (self.open, self.close) = (open, close)
        case .value(let name, let isEscaped): try add(.value(name, isEscaped: isEscaped))
        case .partial(let name): try add(.partial(name, indent: indent))
        case .section(let name, let isInverted):
            guard sections.count < Template.Limits.depth else {
                throw defect("sections are nested deeper than \(Template.Limits.depth)")
            }
            sections.append(
                OpenSection(name: name, isInverted: isInverted, line: line, before: nodes))
            nodes = []
        case .end(let name):
            guard let section = sections.popLast() else {
                throw defect("{{/\(name)}} closes nothing")
            }
            guard section.name == name else {
                throw defect(
                    "{{/\(name)}} closes the section \(section.name) of line \(section.line)")
            }
            let inner = nodes
            nodes = section.before
            try add(.section(name, isInverted: section.isInverted, inner))
        }
    }

    /// Behind the line's end, where only blanks lie before it; nil where anything else does.
    private var endOfBlankLine: Int? {
        var end = position
        while end < bytes.count, bytes[end] == 0x20 || bytes[end] == 0x09 { end += 1 }
        if end == bytes.count { return end }
        if bytes[end...].starts(with: [0x0D, newline]) { return end + 2 }
        return bytes[end] == newline ? end + 1 : nil
    }

    private mutating func add(_ text: ArraySlice<UInt8>) throws(TemplateDefect) {
        if !text.isEmpty { try add(.text(Array(text))) }
    }

    private mutating func add(_ node: TemplateNode) throws(TemplateDefect) {
        nodeCount += 1
        guard nodeCount <= Template.Limits.nodes else {
            throw defect("has more than \(Template.Limits.nodes) tags and texts")
        }
        nodes.append(node)
    }

    private func defect(_ reason: String) -> TemplateDefect {
        TemplateDefect(line: line, reason: reason)
    }

    private struct OpenSection {
        let name: TemplateName
        let isInverted: Bool
        let line: Int
        /// What the section stands behind.
        let before: [TemplateNode]
    }
}

private let newline = UInt8(ascii: "\n")
