/// One tag of a template, from its opening delimiter to its closing one.
struct TemplateTag {
    let kind: Kind
    /// Behind the closing delimiter.
    let end: Int

    enum Kind {
        case value(TemplateName, isEscaped: Bool)
        case section(TemplateName, isInverted: Bool)
        case end(TemplateName)
        case partial(String)
        case comment
        case delimiters(open: [UInt8], close: [UInt8])
    }

    /// Whether a line that holds nothing else is no line of the output.
    var printsNothing: Bool { if case .value = kind { false } else { true } }

    /// - Parameters:
    ///   - start: where the opening delimiter begins.
    ///   - line: the one that it stands on.
    init(
        _ bytes: [UInt8], at start: Int, open: [UInt8], close: [UInt8], line: Int
    ) throws(TemplateDefect) {
        func defect(_ reason: String) -> TemplateDefect {
            TemplateDefect(line: line, reason: reason)
        }
        let inside = start + open.count
        let sign = inside < bytes.count ? bytes[inside] : nil
        var closing = close
        if sign == UInt8(ascii: "{"), open == Delimiters.standard.open {
            closing = Array("}}}".utf8)
        } else if sign == UInt8(ascii: "=") {
            closing = [UInt8(ascii: "=")] + close
        }
        let isSigned = sign.map(TemplateTag.signs.contains) ?? false
        let from = isSigned ? inside + 1 : inside
        guard let last = bytes.firstIndex(of: closing, from: from) else {
            throw defect("the tag that begins here has no end")
        }
        end = last + closing.count
        let content = trimmed(bytes[from..<last])
        guard isSigned, let sign else {
            kind = .value(try TemplateTag.name(content, line), isEscaped: true)
            return
        }
        switch sign {
        case UInt8(ascii: "!"): kind = .comment
        case UInt8(ascii: "="):
            guard let pair = Delimiters(content) else {
                throw defect("new delimiters are written as in {{=<% %>=}}")
            }
            kind = .delimiters(open: pair.open, close: pair.close)
        case UInt8(ascii: "#"):
            kind = .section(try TemplateTag.name(content, line), isInverted: false)
        case UInt8(ascii: "^"):
            kind = .section(try TemplateTag.name(content, line), isInverted: true)
        case UInt8(ascii: "/"): kind = .end(try TemplateTag.name(content, line))
        case UInt8(ascii: ">"):
            let name = try TemplateTag.name(content, line)
            guard !name.parts.isEmpty else { throw defect("a partial needs a name") }
            kind = .partial(name.description)
        case UInt8(ascii: "<"), UInt8(ascii: "$"):
            throw defect("template inheritance is not supported")
        default: kind = .value(try TemplateTag.name(content, line), isEscaped: false)
        }
    }

    private static let signs = Set("!=#^/><$&{".utf8)

    private static func name(
        _ content: ArraySlice<UInt8>, _ line: Int
    ) throws(TemplateDefect) -> TemplateName {
        if let name = TemplateName(content) { return name }
        guard !content.isEmpty else { throw TemplateDefect(line: line, reason: "the tag is empty") }
        let shown = String(decoding: content.prefix(40), as: UTF8.self)
        throw TemplateDefect(
            line: line,
            reason: "\"\(shown)\" is no name: letters, digits, _ and -, in parts joined by points")
    }
}

/// What tags begin and end with.
struct Delimiters {
    let open: [UInt8]
    let close: [UInt8]

    static let standard = (open: Array("{{".utf8), close: Array("}}".utf8))

    /// Two words without an equals sign, with blanks between them.
    init?(_ content: ArraySlice<UInt8>) {
        let words = content.split(whereSeparator: isSpace)
        guard words.count == 2, !content.contains(UInt8(ascii: "=")),
            words.allSatisfy({ $0.count <= 16 })
        else { return nil }
        (open, close) = (Array(words[0]), Array(words[1]))
    }
}

extension [UInt8] {
    /// Where the first of such bytes lie at this place or behind it.
    fileprivate func firstIndex(of word: [UInt8], from start: Int) -> Int? {
        var position = start
        while position + word.count <= count {
            if self[position] == word[0], self[position...].starts(with: word) { return position }
            position += 1
        }
        return nil
    }
}

private func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let start = text.firstIndex(where: { !isSpace($0) }),
        let end = text.lastIndex(where: { !isSpace($0) })
    else { return [] }
    return text[start...end]
}

private func isSpace(_ byte: UInt8) -> Bool { byte.isBlank || byte == 0x0A || byte == 0x0D }
