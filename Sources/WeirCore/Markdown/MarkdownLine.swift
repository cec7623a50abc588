/// What a line says about the block that it begins.
extension ArraySlice<UInt8> {
    var isBlankLine: Bool { allSatisfy(\.isBlank) }

    /// Columns before its text; a tab counts four.
    var indent: Int {
        var columns = 0
        for byte in self {
            guard byte.isBlank else { break }
            columns += byte == 0x09 ? 4 : 1
        }
        return columns
    }

    /// Without blanks at its ends.
    var trimmed: ArraySlice<UInt8> {
        guard let start = firstIndex(where: { !$0.isBlank }),
            let end = lastIndex(where: { !$0.isBlank })
        else { return [] }
        return self[start...end]
    }

    /// Without its first columns, as far as they are blank.
    func dropping(columns: Int) -> ArraySlice<UInt8> {
        var rest = self
        var columns = columns
        while columns > 0, let first = rest.first, first.isBlank {
            columns -= first == 0x09 ? 4 : 1
            rest.removeFirst()
        }
        return rest
    }

    /// `# text`, with up to six; closing ones are dropped.
    var heading: (level: Int, text: ArraySlice<UInt8>)? {
        let line = trimmed
        let level = line.prefix(7).prefix { $0 == UInt8(ascii: "#") }.count
        guard (1...6).contains(level) else { return nil }
        let rest = line.dropFirst(level)
        guard rest.first.map(\.isBlank) ?? true else { return nil }
        let text = rest.trimmed
        let closing = text.reversed().prefix { $0 == UInt8(ascii: "#") }.count
        let open = text.dropLast(closing)
        guard closing > 0, open.last.map(\.isBlank) ?? true else { return (level, text) }
        return (level, open.trimmed)
    }

    /// `===` or `---` below a line makes that a heading.
    var underlineLevel: Int? {
        let line = trimmed
        guard let first = line.first, line.allSatisfy({ $0 == first }) else { return nil }
        switch first {
        case UInt8(ascii: "="): return 1
        case UInt8(ascii: "-"): return 2
        default: return nil
        }
    }

    /// Three or more of `*`, `-` or `_`, and blanks.
    var isRule: Bool {
        guard let mark = first(where: { !$0.isBlank }), "*-_".utf8.contains(mark) else {
            return false
        }
        var count = 0
        for byte in self where !byte.isBlank {
            guard byte == mark else { return false }
            count += 1
        }
        return count >= 3
    }

    /// What stands behind `>`.
    var quoted: ArraySlice<UInt8>? {
        let line = drop(while: \.isBlank)
        guard line.first == UInt8(ascii: ">") else { return nil }
        let rest = line.dropFirst()
        return rest.first == 0x20 ? rest.dropFirst() : rest
    }
}

/// The line that begins a block of code, and what ends it.
struct CodeFence {
    let mark: UInt8
    let length: Int
    let indent: Int

    init?(_ line: ArraySlice<UInt8>) {
        let text = line.drop(while: \.isBlank)
        guard let mark = text.first, mark == UInt8(ascii: "`") || mark == UInt8(ascii: "~") else {
            return nil
        }
        length = text.prefix { $0 == mark }.count
        guard length >= 3, mark != UInt8(ascii: "`") || !text.dropFirst(length).contains(mark)
        else { return nil }
        self.mark = mark
        indent = line.indent
    }

    func isClosed(by line: ArraySlice<UInt8>) -> Bool {
        let text = line.trimmed
        return text.count >= length && text.allSatisfy { $0 == mark }
    }
}

/// The line that begins an item of a list.
struct ListMarker {
    /// `-`, `*`, `+`, `.` or `)`: another one begins another list.
    let mark: UInt8
    /// Of the first item of a numbered list.
    let number: Int?
    let indent: Int
    /// Columns before the item's text.
    let width: Int
    let text: ArraySlice<UInt8>

    init?(_ line: ArraySlice<UInt8>) {
        var rest = line.drop(while: \.isBlank)
        guard let first = rest.first else { return nil }
        var length = 1
        if "-*+".utf8.contains(first) {
            (mark, number) = (first, nil)
            rest = rest.dropFirst()
        } else {
            let digits = rest.prefix(10).prefix(while: \.isDecimal)
            rest = rest.dropFirst(digits.count)
            guard (1...9).contains(digits.count), let end = rest.first, ".)".utf8.contains(end),
                let number = Int(String(decoding: digits, as: UTF8.self))
            else { return nil }
            (mark, self.number) = (end, number)
            length = digits.count + 1
            rest = rest.dropFirst()
        }
        guard rest.first.map(\.isBlank) ?? true else { return nil }
        indent = line.indent
        let gap = rest.indent
        // Behind five blanks and more the text has blanks of its own.
        width = indent + length + ((1...4).contains(gap) && gap < rest.count ? gap : 1)
        text = rest.dropping(columns: width - indent - length)
    }
}

extension UInt8 {
    var isBlank: Bool { self == 0x20 || self == 0x09 }
    var isDecimal: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    /// Of ASCII.
    var isPunctuation: Bool {
        switch self {
        case UInt8(ascii: "!")...UInt8(ascii: "/"), UInt8(ascii: ":")...UInt8(ascii: "@"),
            UInt8(ascii: "[")...UInt8(ascii: "`"), UInt8(ascii: "{")...UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
